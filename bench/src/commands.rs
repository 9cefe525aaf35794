//! Commands over two slots: the reliable pipeline beside programs that run commands.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use crate::args::Run;
use crate::contender::{root, set_up};
use crate::process::Process;
use crate::reliable::Reliable;
use crate::results::{Experiment, per_second};
use crate::rounds;

/// The commands that run at the same time.
const SLOTS: usize = 2;

/// What runs the commands.
#[derive(Clone, Copy)]
enum Runner {
    Reliable,
    SpawnLoop,
    Xargs,
    GnuParallel,
    MoreutilsParallel,
    HyperQueue,
    JetStream,
}

impl Runner {
    const ALL: [Self; 7] = [
        Self::Reliable,
        Self::SpawnLoop,
        Self::Xargs,
        Self::GnuParallel,
        Self::MoreutilsParallel,
        Self::HyperQueue,
        Self::JetStream,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Reliable => "reliable pipeline",
            Self::SpawnLoop => "bare spawn loop",
            Self::Xargs => "xargs -P2",
            Self::GnuParallel => "GNU parallel",
            Self::MoreutilsParallel => "moreutils parallel",
            Self::HyperQueue => "HyperQueue (Python package)",
            Self::JetStream => "NATS JetStream, Python workers",
        }
    }

    /// What it promises, as it is run here.
    fn promise(self) -> &'static str {
        match self {
            Self::Reliable => {
                "each output kept once, on disk; survives kill -9 of any part; 5 attempts"
            }
            Self::SpawnLoop => "nothing; each output is read and dropped",
            Self::Xargs => "outputs mixed on stdout; nothing survives; 1 attempt",
            Self::GnuParallel => {
                "outputs apart on stdout; a log to resume from on request; 1 attempt on default"
            }
            Self::MoreutilsParallel => "outputs apart on stdout; nothing survives; 1 attempt",
            Self::HyperQueue => {
                "outputs kept on request, here dropped; workers may die; server's journal on request"
            }
            Self::JetStream => "no output kept; tasks on disk, given again until acknowledged",
        }
    }
}

/// Commands per second over two slots: `count` times `true`, and a sixth as many of 10 ms.
///
/// # Errors
///
/// A measurement that fails; a task that is not in the pipeline's output exactly once.
pub fn experiments(count: u64, run: &Run) -> Result<Vec<Experiment>> {
    let sleeps = count.div_ceil(6);
    Ok(vec![
        experiment("true", count, "commands", &format!("{count} times true"), run)?,
        experiment("sleep", sleeps, "commands-10-ms", &format!("{sleeps} times sleep 0.01"), run)?,
    ])
}

fn experiment(command: &str, count: u64, id: &str, what: &str, run: &Run) -> Result<Experiment> {
    ensure!(run.peers.is_empty(), "this benchmark has contenders of its own");
    let python = set_up("scripts/runners.sh")?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let tasks = folder.path().join("tasks");
    let lines = usize::try_from(count).context("too many commands")?;
    fs::write(&tasks, "0.01\n".repeat(lines)).context("cannot write the tasks")?;
    let names: Vec<_> = Runner::ALL.iter().map(|one| (one.name().to_owned(), None)).collect();
    let mut series = rounds::measure(run, what, &names, |index| {
        let taken = match Runner::ALL[index] {
            Runner::Reliable => reliable(command, count, &tasks)?,
            Runner::SpawnLoop => spawn_loop(command, count)?,
            Runner::Xargs => whole(Command::new("xargs").args(["-P2", "-n1", command]), &tasks)?,
            Runner::GnuParallel => whole(Command::new("parallel").args(["-j2", command]), &tasks)?,
            Runner::MoreutilsParallel => {
                let mut parallel = Command::new("parallel.moreutils");
                parallel.args(["-j", "2", command, "--"]).args(vec!["0.01"; lines]);
                whole(&mut parallel, &tasks)?
            }
            Runner::HyperQueue => scripted(&python, "with_hyperqueue.py", command, &tasks)?,
            Runner::JetStream => scripted(&python, "with_jetstream.py", command, &tasks)?,
        };
        Ok(per_second(count, taken).into())
    })?;
    for (one, runner) in series.iter_mut().zip(Runner::ALL) {
        one.note = Some(runner.promise().to_owned());
    }
    Ok(Experiment {
        id: id.to_owned(),
        title: format!("Commands, {what}, {SLOTS} at a time: ended"),
        unit: "commands/s".to_owned(),
        more_is_better: true,
        reference: Runner::Reliable.name().to_owned(),
        x: None,
        series,
    })
}

/// The time from the worker's start to the sink's end.
fn reliable(command: &str, count: u64, tasks: &Path) -> Result<Duration> {
    let pipeline = Reliable::new()?;
    let tasks = tasks.to_str().context("a path that is not UTF-8")?;
    let dispatcher = pipeline.dispatcher(&["--input", tasks])?;
    let sink = pipeline.sink()?;
    let start = Instant::now();
    let mut worker = pipeline.worker()?;
    worker.args(["--jobs", &SLOTS.to_string(), "--", command, "{}"]);
    let _worker = Process::start(&mut worker)?;
    sink.finish()?;
    let taken = start.elapsed();
    dispatcher.finish()?;
    pipeline.verify(count)?;
    Ok(taken)
}

/// The least that runs commands and reads their output: a thread per slot that starts one after the other.
fn spawn_loop(command: &str, count: u64) -> Result<Duration> {
    let next = AtomicU64::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        let slot = || -> Result<()> {
            while next.fetch_add(1, Ordering::Relaxed) < count {
                let ended = Command::new(command).arg("0.01").stdin(Stdio::null()).output();
                let ended = ended.with_context(|| format!("cannot start {command}"))?;
                ensure!(ended.status.success(), "{command}: {}", ended.status);
            }
            Ok(())
        };
        let slots: Vec<_> = (0..SLOTS).map(|_| scope.spawn(slot)).collect();
        slots.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow!("a slot panicked"))?)
    })?;
    Ok(start.elapsed())
}

/// The time from the start of a program that reads the tasks from stdin to its end.
fn whole(runner: &mut Command, tasks: &Path) -> Result<Duration> {
    let name = runner.get_program().to_string_lossy().into_owned();
    runner.stdin(File::open(tasks)?).stdout(Stdio::null());
    let start = Instant::now();
    let status = runner.status().with_context(|| format!("cannot start {name}"))?;
    ensure!(status.success(), "{name}: {status}");
    Ok(start.elapsed())
}

/// The time that a script in `bench/runners` prints as its last line.
fn scripted(python: &PathBuf, script: &str, command: &str, tasks: &Path) -> Result<Duration> {
    let mut runner = Command::new(python);
    runner.arg(root().join("bench/runners").join(script));
    runner.args([&SLOTS.to_string(), command]).arg(tasks);
    let printed = Process::start(&mut runner)?.finish()?;
    let seconds = printed.lines().next_back().unwrap_or_default();
    let seconds = seconds.parse().with_context(|| format!("{script} printed {seconds:?}"))?;
    Ok(Duration::try_from_secs_f64(seconds)?)
}
