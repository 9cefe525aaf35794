//! Pipelines: producer, consumers, collector, and the reliable one.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::message::text::Counted;
use e2e::endpoint;
use serde::Deserialize;

use crate::args::{Pipeline, Run};
use crate::contender::{Contender, choose};
use crate::curve::{Keys, Subject, names, subjects};
use crate::process::Process;
use crate::reliable::{self, RELIABLE};
use crate::results::{Experiment, per_second};
use crate::rounds;

/// The slots of a worker whose tasks take no time: it asks for a batch while it works on the other.
const SLOTS: u16 = 2;

/// Tasks per second of each contender; with `keys` under CURVE, beside the programs without it.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiment(work: &Pipeline, keys: Option<&Keys>, run: &Run) -> Result<Experiment> {
    let subjects = subjects(run, &Contender::ZEROMQ, keys)?;
    let (id, under) = match keys {
        Some(_) => ("pipeline-curve", " under CURVE"),
        None => ("pipeline", ""),
    };
    let series = rounds::measure(run, id, &names(&subjects), |index| {
        let Subject { contender, keys, .. } = subjects[index];
        let msgs = contender.share(work.msgs);
        let idle = vec![Duration::ZERO; count(work)?];
        Ok(per_second(msgs, plain(contender, msgs, SURPLUS, &idle, keys)?).into())
    })?;
    let Pipeline { msgs, consumers } = work;
    Ok(Experiment {
        id: id.to_owned(),
        title: format!(
            "Pipeline{under}, {msgs} JSON tasks, {}: collected",
            Counted(*consumers, "consumer")
        ),
        unit: "tasks/s".to_owned(),
        more_is_better: true,
        reference: Contender::ZmqPatterns.name().to_owned(),
        x: None,
        series,
    })
}

/// Tasks per second of the reliable pipeline, beside plain ones.
///
/// # Errors
///
/// A measurement that fails; a task that is not in the output exactly once.
pub fn reliable_experiment(work: &Pipeline, run: &Run) -> Result<Experiment> {
    let contenders = choose(&run.peers, &Contender::ZEROMQ)?;
    let plain_names = contenders.iter().map(|one| (format!("{}, plain", one.name()), None));
    let names: Vec<_> = [(RELIABLE.to_owned(), None)].into_iter().chain(plain_names).collect();
    let series = rounds::measure(run, RELIABLE, &names, |index| {
        let idle = vec![Duration::ZERO; count(work)?];
        let Some(plain_index) = index.checked_sub(1) else {
            let taken = reliable::time(work.msgs, &idle, SLOTS)?;
            return Ok(per_second(work.msgs, taken).into());
        };
        let contender = contenders[plain_index];
        let msgs = contender.share(work.msgs);
        Ok(per_second(msgs, plain(contender, msgs, SURPLUS, &idle, None)?).into())
    })?;
    let Pipeline { msgs, consumers } = work;
    Ok(Experiment {
        id: "reliable".to_owned(),
        title: format!(
            "Reliable pipeline, {msgs} JSON tasks, {} of {SLOTS} slots: each safe in a file, once",
            Counted(*consumers, "worker")
        ),
        unit: "tasks/s".to_owned(),
        more_is_better: true,
        reference: RELIABLE.to_owned(),
        x: None,
        series,
    })
}

/// The time of three consumers, one of them ten times slower, divided by the ideal time.
///
/// # Errors
///
/// A measurement that fails.
pub fn straggler(msgs: u64, run: &Run) -> Result<Experiment> {
    let work = [1, 1, 10].map(Duration::from_millis);
    let rates: f64 = work.iter().map(|work| 1.0 / work.as_secs_f64()).sum();
    let names =
        [(RELIABLE.to_owned(), None), (Contender::ZmqPatterns.name().to_owned() + ", plain", None)];
    let series = rounds::measure(run, "straggler", &names, |index| {
        let taken = match index {
            0 => reliable::time(msgs, &work, 1)?,
            _ => plain(Contender::ZmqPatterns, msgs, 0, &work, None)?,
        };
        Ok((1.0 / (per_second(msgs, taken) / rates)).into())
    })?;
    Ok(Experiment {
        id: "straggler".to_owned(),
        title: format!("Straggler, {msgs} tasks, consumers of 1, 1 and 10 ms per task: time taken"),
        unit: "times the ideal".to_owned(),
        more_is_better: false,
        reference: RELIABLE.to_owned(),
        x: None,
        series,
    })
}

fn count(work: &Pipeline) -> Result<usize> {
    usize::try_from(work.consumers).context("too many consumers")
}

#[derive(Deserialize)]
struct Summary {
    collected: u64,
}

/// The number of tasks that a producer sends beyond those that are collected. pyzmq's libzmq may
/// drop a program's last messages when it ends (libzmq issue 4763); this way none of them is
/// missed.
pub const SURPLUS: u64 = 10_000;

/// The time that `contender` needs for `msgs` tasks, from the start of the consumers to the end of
/// the collector. Each entry of `work` is a consumer, and the time it spends on a task. The
/// producer sends `surplus` more tasks. With `keys` all of it is encrypted.
///
/// # Errors
///
/// A program that fails; missing results.
pub fn plain(
    contender: Contender,
    msgs: u64,
    surplus: u64,
    work: &[Duration],
    keys: Option<&Keys>,
) -> Result<Duration> {
    let (tasks, results) = (endpoint(), endpoint());
    let mut producer = contender.program("producer")?;
    producer.args(["--bind", &tasks, "--count", &(msgs + surplus).to_string()]);
    if work.len() > 1 && contender == Contender::ZmqPatterns {
        // So that each consumer gets its share.
        producer.args(["--wait-for", &work.len().to_string()]);
    }
    let mut collector = contender.program("resultcollector")?;
    collector.args(["--bind", &results, "--count", &msgs.to_string()]);
    if let Some(keys) = keys {
        keys.binding(contender, &mut producer);
        keys.binding(contender, &mut collector);
    }
    let mut producer = Process::start(&mut producer)?;
    let mut collector = Process::start(&mut collector)?;
    producer.wait_until_listening(&tasks)?;
    collector.wait_until_listening(&results)?;
    let start = Instant::now();
    let consumers: Result<Vec<_>> = work
        .iter()
        .map(|work| {
            let mut consumer = contender.program("consumer")?;
            consumer.args(["--tasks-connect", &tasks, "--results-connect", &results]);
            if contender == Contender::ZmqPatterns {
                // The peers' id: so all results have the same length.
                consumer.args(["--id", "1"]);
                consumer.arg("--work").arg(format!("{}ns", work.as_nanos()));
            }
            if let Some(keys) = keys {
                keys.connecting(contender, &mut consumer);
            }
            Process::start(&mut consumer)
        })
        .collect();
    let _consumers = consumers?;
    if contender == Contender::ZmqPatterns {
        let Summary { collected } = collector.summary()?;
        ensure!(collected == msgs, "collected {collected} of {msgs} results");
    } else {
        collector.finish()?;
    }
    Ok(start.elapsed())
}
