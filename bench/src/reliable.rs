//! The reliable pipeline's programs: where they meet, and how they are started.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::endpoint;
use protocol::task_set::TaskSet;
use serde::Deserialize;
use tempfile::TempDir;

use crate::contender::Contender;
use crate::process::Process;

/// The reliable pipeline's name in tables and plots.
pub const RELIABLE: &str = "reliable pipeline";

/// The endpoints and the output of a reliable pipeline.
pub struct Reliable {
    /// Where the dispatcher listens for workers.
    pub tasks: String,
    /// Where the sink listens for results.
    pub results: String,
    /// Where the dispatcher publishes its progress.
    pub progress: String,
    acks: String,
    folder: TempDir,
}

impl Reliable {
    /// Chooses endpoints that nobody uses, and a new folder.
    ///
    /// # Errors
    ///
    /// A folder that cannot be made.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let [tasks, results, progress, acks] = [(); 4].map(|()| endpoint());
        Ok(Self { tasks, results, progress, acks, folder })
    }

    /// The path of the output.
    pub fn output(&self) -> PathBuf {
        self.folder.path().join("results.jsonl")
    }

    /// Starts a dispatcher, whose tasks `job` says, as on its command line. It listens.
    ///
    /// # Errors
    ///
    /// A program that is not built, or ends.
    pub fn dispatcher(&self, job: &[&str]) -> Result<Process> {
        let mut dispatcher = Contender::ZmqPatterns.program("dispatcher")?;
        dispatcher.args(["--bind", &self.tasks, "--acks-bind", &self.acks]);
        let dispatcher = dispatcher.args(["--progress-bind", &self.progress]).args(job);
        let mut dispatcher = Process::start(dispatcher)?;
        dispatcher.wait_until_listening(&self.progress)?;
        Ok(dispatcher)
    }

    /// Starts a sink. It listens.
    ///
    /// # Errors
    ///
    /// A program that is not built, or ends.
    pub fn sink(&self) -> Result<Process> {
        self.sink_by(Contender::ZmqPatterns.program("sink")?)
    }

    /// Starts a sink with a command that lacks the sink's arguments still.
    ///
    /// # Errors
    ///
    /// A program that cannot be started, or ends.
    pub fn sink_by(&self, mut sink: Command) -> Result<Process> {
        sink.args(["--bind", &self.results, "--acks-connect", &self.acks]);
        let mut sink = Process::start(sink.arg("--output").arg(self.output()))?;
        sink.wait_until_listening(&self.results)?;
        Ok(sink)
    }

    /// The command of a worker, which may be given more arguments.
    ///
    /// # Errors
    ///
    /// A program that is not built.
    pub fn worker(&self) -> Result<Command> {
        let mut worker = Contender::ZmqPatterns.program("worker")?;
        worker.args(["--connect", &self.tasks, "--results-connect", &self.results]);
        Ok(worker)
    }

    /// Checks that each of `msgs` tasks is in the output exactly once, after the header.
    ///
    /// # Errors
    ///
    /// A line that is none; a task that is missing or there twice.
    pub fn verify(&self, msgs: u64) -> Result<()> {
        #[derive(Deserialize)]
        struct Line {
            num: u64,
        }
        let output = File::open(self.output()).context("cannot read the output")?;
        let (mut found, mut lines) = (TaskSet::new(msgs), 0);
        for line in BufReader::new(output).split(b'\n').skip(1) {
            let line = line.context("cannot read the output")?;
            let line: Line =
                serde_json::from_slice(&line).context("cannot read a line of the output")?;
            found.insert(line.num);
            lines += 1;
        }
        let different = found.count();
        ensure!(
            lines == msgs && different == msgs,
            "{lines} lines of {different} tasks, not of {msgs}"
        );
        Ok(())
    }

    /// Removes the last line of the output, so that one task is to be done again.
    ///
    /// # Errors
    ///
    /// An output that cannot be read or written; one without two lines.
    pub fn forget_last(&self) -> Result<()> {
        let open = OpenOptions::new().read(true).write(true).open(self.output());
        let mut output = open.context("cannot open the output")?;
        let length = output.metadata()?.len();
        // More than a line of these jobs.
        let from = length.saturating_sub(256);
        output.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        output.read_to_end(&mut end)?;
        let mut lines = end.split_inclusive(|byte| *byte == b'\n');
        let last = lines.next_back().context("the output is empty")?.len() as u64;
        output.set_len(length - last).context("cannot shorten the output")
    }
}

/// The time of a reliable pipeline of `msgs` tasks, from the start of the workers to the end of the
/// sink. Each entry of `work` is a worker, and the time it spends on a task. It runs `jobs` at a
/// time.
///
/// # Errors
///
/// A program that fails; a task that is not in the output exactly once.
pub fn time(msgs: u64, work: &[Duration], jobs: u16) -> Result<Duration> {
    let pipeline = Reliable::new()?;
    let dispatcher = pipeline.dispatcher(&["--count", &msgs.to_string()])?;
    let sink = pipeline.sink()?;
    let start = Instant::now();
    let workers: Result<Vec<_>> = work
        .iter()
        .map(|work| {
            let mut worker = pipeline.worker()?;
            worker.arg("--work").arg(format!("{}ns", work.as_nanos()));
            Process::start(worker.args(["--jobs", &jobs.to_string()]))
        })
        .collect();
    let _workers = workers?;
    sink.finish()?;
    let taken = start.elapsed();
    dispatcher.finish()?;
    pipeline.verify(msgs)?;
    Ok(taken)
}
