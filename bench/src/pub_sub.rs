//! A publisher that floods its subscribers.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::message::text::Counted;
use e2e::endpoint;
use serde::Deserialize;

use crate::args::{PubSub, Run, TOPIC_OFFSET};
use crate::contender::{Contender, choose};
use crate::process::Process;
use crate::results::{Experiment, Measured, per_second};
use crate::rounds;

/// Messages received per second, of each contender.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiment(work: &PubSub, run: &Run) -> Result<Experiment> {
    let contenders = choose(&run.peers, &Contender::ZEROMQ)?;
    let names: Vec<_> = contenders.iter().map(|one| (one.name().to_owned(), None)).collect();
    let PubSub { msgs, size, subscribers, hwm } = work;
    let series = rounds::measure(run, "publish-subscribe", &names, |index| {
        Ok(flood(contenders[index], work)?.into())
    })?;
    Ok(Experiment {
        id: format!("pub-sub-hwm-{hwm}"),
        title: format!(
            "Publish-subscribe, a flood of two frames (topic and {size} bytes), {}, {msgs} messages each, \
             high-water mark {hwm}: received",
            Counted(*subscribers, "subscriber")
        ),
        unit: "messages/s".to_owned(),
        more_is_better: true,
        reference: Contender::ZmqPatterns.name().to_owned(),
        x: None,
        series,
    })
}

fn flood(contender: Contender, work: &PubSub) -> Result<f64> {
    let (endpoint, topic, hwm) =
        (endpoint(), "t".repeat(work.size - TOPIC_OFFSET), work.hwm.to_string());
    let mut publisher = contender.program("publisher")?;
    publisher.args(["--bind", &endpoint, "--topic", &topic, "--hwm", &hwm]);
    let mut publisher = Process::start(&mut publisher)?;
    publisher.wait_until_listening(&endpoint)?;
    let msgs = contender.share(work.msgs);
    let start = Instant::now();
    let subscribers: Result<Vec<_>> = (0..work.subscribers)
        .map(|_| {
            let mut subscriber = contender.program("subscriber")?;
            subscriber.args(["--connect", &endpoint, "--hwm", &hwm]);
            Process::start(subscriber.args(["--count", &msgs.to_string(), &topic]))
        })
        .collect();
    for subscriber in subscribers? {
        subscriber.finish()?;
    }
    Ok(per_second(msgs * work.subscribers, start.elapsed()))
}

#[derive(Deserialize)]
struct Summary {
    received: u64,
}

/// The microseconds per delivered message, in a flood of `duration` that begins when all
/// `subscribers` are connected.
///
/// # Errors
///
/// A program that fails.
pub fn cost_per_delivery(subscribers: u64, duration: Duration, hwm: u32) -> Result<Measured> {
    let (endpoint, topic, hwm) = (endpoint(), "client1", hwm.to_string());
    let mut publisher = Contender::ZmqPatterns.program("publisher")?;
    publisher.args(["--bind", &endpoint, "--topic", topic, "--hwm", &hwm]);
    // This program is one more subscriber: its first message shows that the flood has begun.
    publisher.args(["--wait-for", &(subscribers + 1).to_string()]);
    let mut publisher = Process::start(&mut publisher)?;
    publisher.wait_until_listening(&endpoint)?;
    let receiving: Result<Vec<_>> = (0..subscribers)
        .map(|_| {
            let mut subscriber = Contender::ZmqPatterns.program("subscriber")?;
            subscriber.args(["--connect", &endpoint, "--hwm", &hwm, "--count", "0", topic]);
            Process::start(&mut subscriber)
        })
        .collect();
    let receiving = receiving?;
    let context = zmq::Context::new();
    let first = context.socket(zmq::SUB).context("cannot create a SUB socket")?;
    first.set_subscribe(topic.as_bytes()).context("cannot subscribe")?;
    first.connect(&endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    first.recv_bytes(0).context("cannot receive the first message")?;
    let start = Instant::now();
    drop(first);
    thread::sleep(duration);
    for subscriber in &receiving {
        subscriber.interrupt()?;
    }
    let elapsed = start.elapsed();
    let mut received = 0;
    for subscriber in receiving {
        received += subscriber.summary::<Summary>()?.received;
    }
    Ok((1e6 / per_second(received, elapsed)).into())
}
