//! The cost of a message, against the number of peers that share the work.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::args::{Run, Scale};
use crate::asking::Answer;
use crate::contender::{Contender, choose};
use crate::pipeline::SURPLUS;
use crate::results::{Experiment, Measured, per_second};
use crate::{clients, pipeline, pub_sub, rounds};

/// The high-water mark of the floods: libzmq's default.
const HWM: u32 = 1000;

/// Three experiments: clients, subscribers, consumers.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiments(work: &Scale, run: &Run) -> Result<Vec<Experiment>> {
    choose(&run.peers, &[Contender::ZmqPatterns])?;
    Ok(vec![clients(work, run)?, subscribers(work, run)?, consumers(work, run)?])
}

/// Requests answered per second, against the number of clients.
///
/// # Errors
///
/// A measurement that fails; a wrong answer.
pub fn clients(work: &Scale, run: &Run) -> Result<Experiment> {
    let Scale { msgs, sockets, .. } = *work;
    let ours = Contender::ZmqPatterns;
    let kind = if sockets { "clients, sockets of ten programs" } else { "client processes" };
    series(
        run,
        "clients",
        &format!("{msgs} requests, shared by concurrent {kind}: all answered correctly"),
        ("requests/s", true),
        &work.clients,
        |count| {
            if sockets {
                let [rate, _memory] = clients::sockets(ours, Answer::Echo, count, msgs)?;
                Ok(rate.into())
            } else {
                clients::processes(count, msgs)
            }
        },
    )
}

/// The time per delivered message, against the number of subscribers.
///
/// # Errors
///
/// A measurement that fails.
pub fn subscribers(work: &Scale, run: &Run) -> Result<Experiment> {
    let duration = work.duration;
    series(
        run,
        "subscribers",
        &format!("A flood of {duration:?}, high-water mark {HWM}: time per delivered message"),
        ("µs/message", false),
        &work.subscribers,
        |subscribers| pub_sub::cost_per_delivery(subscribers, duration, HWM),
    )
}

/// The time per task, against the number of consumers.
///
/// # Errors
///
/// A measurement that fails.
pub fn consumers(work: &Scale, run: &Run) -> Result<Experiment> {
    let msgs = work.msgs;
    series(
        run,
        "consumers",
        &format!("{msgs} JSON tasks, shared by consumers: time per task"),
        ("µs/task", false),
        &work.consumers,
        |consumers| {
            let consumers = usize::try_from(consumers).context("too many consumers")?;
            let work = vec![Duration::ZERO; consumers];
            let taken = pipeline::plain(Contender::ZmqPatterns, msgs, SURPLUS, &work, None)?;
            Ok((1e6 / per_second(msgs, taken)).into())
        },
    )
}

fn series(
    run: &Run,
    of: &str,
    title: &str,
    (unit, more_is_better): (&str, bool),
    counts: &[u64],
    measure: impl Fn(u64) -> Result<Measured>,
) -> Result<Experiment> {
    let name = Contender::ZmqPatterns.name();
    let names: Vec<_> = counts.iter().map(|count| (name.to_owned(), Some(*count))).collect();
    let series = rounds::measure(run, of, &names, |index| measure(counts[index]))?;
    Ok(Experiment {
        id: format!("scale-{of}"),
        title: title.to_owned(),
        unit: unit.to_owned(),
        more_is_better,
        reference: name.to_owned(),
        x: Some(of.to_owned()),
        series,
    })
}
