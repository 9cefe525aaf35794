//! What a job of many tasks costs, and how long its dispatcher and its sink take to start again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::args::Run;
use crate::crowd::Crowd;
use crate::process::{Process, finish_with_usage};
use crate::reliable::Reliable;
use crate::results::{Experiment, per_second};
use crate::rounds;

/// Where a job comes from.
#[derive(Clone, Copy)]
struct Job {
    tasks: u64,
    is_read: bool,
}

/// Four experiments with jobs of `sizes` tasks each, counted and read from a file: the dispatcher's
/// peak memory and its processor time per task, and how long sink and dispatcher take to start again
/// when all results but one are in the output.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiments(sizes: &[u64], run: &Run) -> Result<Vec<Experiment>> {
    let jobs: Vec<Job> = [false, true]
        .into_iter()
        .flat_map(|is_read| sizes.iter().map(move |&tasks| Job { tasks, is_read }))
        .collect();
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let input = folder.path().join("tasks.jsonl");
    let names: Vec<_> = jobs.iter().map(|job| (job.name(), None)).collect();
    let measured = rounds::measure_each(run, "large job", &names, |index| {
        let job = jobs[index];
        if job.is_read {
            write(job.tasks, &input)?;
        }
        job.measure(&input)
    })?;
    let kinds = [
        ("memory", "peak memory of the dispatcher", "bytes/task"),
        ("processor", "processor time of the dispatcher", "µs/task"),
        ("sink", "restart of the sink, all results but one in the output, until it listens", "s"),
        ("dispatcher", "restart of the dispatcher then, until it hands out the last task", "s"),
    ];
    let experiments = kinds.into_iter().zip(measured).map(|((id, what, unit), series)| {
        let mut series = series;
        if id == "memory" {
            for (one, job) in series.iter_mut().zip(&jobs) {
                one.note = Some(job.in_all(one.median()));
            }
        }
        Experiment {
            id: format!("large-job-{id}"),
            title: format!("A large job, one worker: {what}"),
            unit: unit.to_owned(),
            more_is_better: false,
            reference: String::new(),
            x: None,
            series,
        }
    });
    Ok(experiments.collect())
}

/// Writes a job to a file, a task per line, as `--count` would make them.
fn write(tasks: u64, path: &Path) -> Result<()> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        (0..tasks).try_for_each(|num| writeln!(file, "{{\"num\":{num}}}"))?;
        file.flush()
    };
    write().context("cannot write the tasks")
}

impl Job {
    fn name(self) -> String {
        format!("{} tasks, {}", self.tasks, if self.is_read { "--input" } else { "--count" })
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of tasks")]
    fn in_all(self, bytes_per_task: f64) -> String {
        format!("{:.0} MB in all", bytes_per_task * self.tasks as f64 / 1e6)
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
    fn measure(self, input: &Path) -> Result<[f64; 4]> {
        let (count, input) = (self.tasks.to_string(), input.to_str().context("not UTF-8")?);
        let job = if self.is_read { ["--input", input] } else { ["--count", &count] };
        let pipeline = Reliable::new()?;
        let dispatcher = pipeline.dispatcher(&job)?;
        let sink = pipeline.sink()?;
        let _worker = Process::start(&mut pipeline.worker()?)?;
        let [usage, _sink] = finish_with_usage([dispatcher, sink])?;
        pipeline.verify(self.tasks)?;
        let [sink, dispatcher] = restart(&pipeline, &job)?.map(|time| time.as_secs_f64());
        let memory = usage.peak as f64 / self.tasks as f64;
        Ok([memory, 1e6 / per_second(self.tasks, usage.processor), sink, dispatcher])
    }
}

/// How long a sink takes to read the output, from which the last line is missing, and how long a
/// dispatcher takes then to learn from it what is done.
fn restart(pipeline: &Reliable, job: &[&str]) -> Result<[Duration; 2]> {
    pipeline.forget_last()?;
    let start = Instant::now();
    let _sink = pipeline.sink()?;
    let listens = start.elapsed();
    let start = Instant::now();
    let mut worker = Crowd::connect(pipeline, 1, Duration::ZERO)?;
    let _dispatcher = pipeline.dispatcher(job)?;
    worker.work_until_first_task()?;
    Ok([listens, start.elapsed()])
}
