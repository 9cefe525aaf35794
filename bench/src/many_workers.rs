//! What many workers cost the dispatcher.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::args::{ManyWorkers, Run};
use crate::clients::allow_open_files;
use crate::crowd::{Crowd, LARGEST};
use crate::process::{DEADLINE, finish_with_usage};
use crate::reliable::{RELIABLE, Reliable};
use crate::results::{Experiment, per_second};
use crate::rounds;
use crate::usage::processor_time;

/// How long a busy worker takes for a task: so long that each is asked for on its own.
const BUSY: Duration = Duration::from_millis(100);
/// How long the only task takes while all other workers are idle.
const ENDLESS: Duration = Duration::from_secs(3600);

/// Two experiments, against the number of workers: the dispatcher's processor time while they are
/// idle, and per task while they are busy.
///
/// # Errors
///
/// A measurement that fails; too low a limit of open files.
pub fn experiments(work: &ManyWorkers, run: &Run) -> Result<Vec<Experiment>> {
    // Two for each connection of this program.
    allow_open_files(2 * LARGEST + 100)?;
    let ManyWorkers { workers, duration, tasks } = work;
    let whose = "workers, sessions of one program, each with a connection of its own";
    let idle = format!(
        "Idle {whose}, for {duration:?}, while one task runs: processor time of the dispatcher"
    );
    let busy = format!(
        "Busy {whose}, {tasks} tasks of {BUSY:?} for each: processor time of the dispatcher"
    );
    Ok(vec![
        series(run, "idle", &idle, "% of a processor", workers, |count| {
            idle_cost(count, *duration)
        })?,
        series(run, "busy", &busy, "µs/task", workers, |count| busy_cost(count, *tasks))?,
    ])
}

fn series(
    run: &Run,
    id: &str,
    title: &str,
    unit: &str,
    counts: &[u64],
    measure: impl Fn(u64) -> Result<f64>,
) -> Result<Experiment> {
    let names: Vec<_> = counts.iter().map(|count| (RELIABLE.to_owned(), Some(*count))).collect();
    let what = format!("{id} workers");
    let series = rounds::measure(run, &what, &names, |index| Ok(measure(counts[index])?.into()))?;
    Ok(Experiment {
        id: format!("many-workers-{id}"),
        title: title.to_owned(),
        unit: unit.to_owned(),
        more_is_better: false,
        reference: RELIABLE.to_owned(),
        x: Some("workers".to_owned()),
        series,
    })
}

/// The processor time that the dispatcher uses while `count` workers wait, as a percentage.
fn idle_cost(count: u64, duration: Duration) -> Result<f64> {
    let pipeline = Reliable::new()?;
    let dispatcher = pipeline.dispatcher(&["--count", "1"])?;
    let _sink = pipeline.sink()?;
    with_crowd(&pipeline, count, ENDLESS, || {
        wait_until_known(&pipeline, count)?;
        let (start, before) = (Instant::now(), processor_time(dispatcher.id())?);
        thread::sleep(duration);
        let used = processor_time(dispatcher.id())?.saturating_sub(before);
        Ok(100.0 * used.as_secs_f64() / start.elapsed().as_secs_f64())
    })
}

/// The processor time that the dispatcher uses per task of `count` workers, in microseconds.
fn busy_cost(count: u64, tasks: u64) -> Result<f64> {
    let pipeline = Reliable::new()?;
    let total = count * tasks;
    let dispatcher = pipeline.dispatcher(&["--count", &total.to_string()])?;
    let sink = pipeline.sink()?;
    let before = processor_time(dispatcher.id())?;
    let [usage, _sink] =
        with_crowd(&pipeline, count, BUSY, || finish_with_usage([dispatcher, sink]))?;
    pipeline.verify(total)?;
    Ok(1e6 / per_second(total, usage.processor.saturating_sub(before)))
}

/// Does something while `count` workers are there.
fn with_crowd<T>(
    pipeline: &Reliable,
    count: u64,
    time_per_task: Duration,
    meanwhile: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let crowd = scope.spawn(|| Crowd::connect(pipeline, count, time_per_task)?.work(&is_over));
        let done = meanwhile();
        is_over.store(true, Ordering::Relaxed);
        crowd.join().map_err(|_| anyhow!("a thread of workers panicked"))??;
        done
    })
}

/// Waits until the dispatcher says that it knows `count` workers.
fn wait_until_known(pipeline: &Reliable, count: u64) -> Result<()> {
    #[derive(Deserialize)]
    struct Report {
        workers: u64,
    }
    let progress = zmq::Context::new().socket(zmq::SUB).context("cannot create a SUB socket")?;
    progress.set_subscribe(b"progress")?;
    progress.set_rcvtimeo(i32::try_from(DEADLINE.as_millis())?)?;
    progress.connect(&pipeline.progress).context("cannot connect to the dispatcher")?;
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        let frames = progress.recv_multipart(0).context("cannot receive the progress")?;
        let report = frames.get(1).context("a report without its second frame")?;
        if serde_json::from_slice::<Report>(report)?.workers >= count {
            return Ok(());
        }
    }
    bail!("the dispatcher does not know {count} workers within {DEADLINE:?}")
}
