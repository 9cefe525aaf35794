//! A sink on a slow disk.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::args::Run;
use crate::contender::Contender;
use crate::process::{Process, finish_with_usage};
use crate::reliable::Reliable;
use crate::results::{Experiment, per_second};
use crate::rounds;
use crate::usage::megabytes;

/// Three experiments with `msgs` tasks, on the disk as it is and on some on which each sync takes
/// longer by one of these `delays`: tasks per second, and the most memory of sink and of dispatcher.
///
/// # Errors
///
/// A measurement that fails; a result that is lost; no strace.
pub fn experiments(msgs: u64, delays: &[Duration], run: &Run) -> Result<Vec<Experiment>> {
    const AS_IT_IS: &str = "disk as it is";
    let slow = delays.iter().map(|delay| format!("{delay:?} more per sync"));
    let names = [AS_IT_IS.to_owned()].into_iter().chain(slow).map(|name| (name, None));
    let names: Vec<_> = names.collect();
    let measured = rounds::measure_each(run, "slow disk", &names, |index| {
        measure(msgs, index.checked_sub(1).map(|index| delays[index]))
    })?;
    let of = format!("{msgs} results through a sink on a slow disk");
    let kinds = [
        ("slow-disk", "each safe in a file, once", "tasks/s", true),
        ("slow-disk-sink", "peak memory of the sink", "MB", false),
        ("slow-disk-dispatcher", "peak memory of the dispatcher", "MB", false),
    ];
    let experiments =
        kinds.into_iter().zip(measured).map(|((id, what, unit, better), series)| Experiment {
            id: id.to_owned(),
            title: format!("{of} (strace delays fdatasync): {what}"),
            unit: unit.to_owned(),
            more_is_better: better,
            reference: AS_IT_IS.to_owned(),
            x: None,
            series,
        });
    Ok(experiments.collect())
}

/// Tasks per second, the sink's and the dispatcher's peak memory in megabytes.
fn measure(msgs: u64, delay: Option<Duration>) -> Result<[f64; 3]> {
    let pipeline = Reliable::new()?;
    let dispatcher = pipeline.dispatcher(&["--count", &msgs.to_string()])?;
    let sink = match delay {
        None => pipeline.sink()?,
        Some(delay) => {
            pipeline.sink_by(with_slow_syncs(&Contender::ZmqPatterns.program("sink")?, delay)?)?
        }
    };
    let start = Instant::now();
    let _worker = Process::start(&mut pipeline.worker()?)?;
    let [sink, dispatcher] = finish_with_usage([sink, dispatcher])?;
    let taken = start.elapsed();
    pipeline.verify(msgs)?;
    Ok([per_second(msgs, taken), megabytes(sink.peak), megabytes(dispatcher.peak)])
}

/// `program`, each sync of which takes `delay` longer. strace needs no root for that. It runs beside
/// the program (`-D`), which so has the process id, and stops it at no other call (`--seccomp-bpf`).
fn with_slow_syncs(program: &Command, delay: Duration) -> Result<Command> {
    let found = Command::new("strace").arg("--version").output();
    let found = found.context("strace is missing, which makes the disk slow")?;
    ensure!(found.status.success(), "strace, which makes the disk slow: {}", found.status);
    let inject = format!("inject=fdatasync:delay_enter={}us", delay.as_micros());
    let mut strace = Command::new("strace");
    strace.args(["-D", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null"]);
    strace.args(["-e", "trace=fdatasync", "-e", &inject]);
    strace.arg(program.get_program()).args(program.get_args());
    Ok(strace)
}
