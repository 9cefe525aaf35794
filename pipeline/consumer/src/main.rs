//! Pipeline, the middle step: a PULL socket takes tasks from the producers, fairly, and a PUSH
//! socket passes the results on. What a consumer has taken is lost with it.
//!
//! Connects to `tcp://localhost:5577`, binds `tcp://*:5578`, answers each task `{"num": n}` with
//! `{"consumer_id": id, "num": n}`, for ever. Twin: `../python/consumer.py`.
//!
//! ```text
//! terminal 1                  terminal 2                   terminal 3
//! $ cargo run -p producer     $ cargo run -p consumer      $ cargo run -p resultcollector
//! tasks sent: 2000                                         consumer 517  1000 ████████████
//! ```

mod args;

use std::process::ExitCode;

use anyhow::{Context, Result};
use args::Args;
use clap::Parser;
use common::bad_message::Rejected;
use common::exit::{self, HintExt};
use common::message::{WorkMessage, WorkResult};
use common::scheduling;
use common::shutdown::Shutdown;
use common::socket_ext::SocketExt;
use serde::Serialize;

/// What to do about a results port that is taken.
const ONE_PER_HOST: &str =
    "a second consumer on a host needs --results-connect, and a collector with --bind";

#[derive(Serialize)]
struct Tally {
    consumer_id: u64,
    passed_on: u64,
    rejected: Rejected,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    let consumer_id = args.id.unwrap_or_else(|| rand::random_range(1..=1000));
    scheduling::prefer_throughput();
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut tally = Tally { consumer_id, passed_on: 0, rejected: Rejected::default() };
    let ended = consume(args, &context, &shutdown, &mut tally);
    // There is no end but a signal.
    shutdown.finish(context, ended)?;
    let Tally { consumer_id, passed_on, rejected } = &tally;
    out.result(format_args!("results of consumer {consumer_id}: {passed_on}{rejected}"), &tally)
}

fn consume(
    args: &Args,
    context: &zmq::Context,
    shutdown: &Shutdown,
    tally: &mut Tally,
) -> Result<()> {
    let tasks = context.socket(zmq::PULL).context("cannot create a PULL socket")?;
    if let Some(endpoint) = &args.tasks_bind {
        args.common.prepare_bind(context, &tasks, [endpoint])?;
        tasks.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        args.common.warn_if_open(endpoint);
    } else {
        args.common.prepare_connect(context, &tasks, &args.tasks_connect)?;
        for endpoint in &args.tasks_connect {
            tasks.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
        }
    }

    let results = context.socket(zmq::PUSH).context("cannot create a PUSH socket")?;
    if let Some(endpoint) = &args.results_connect {
        args.common.prepare_connect(context, &results, [endpoint])?;
        results.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    } else {
        let endpoint = &args.results_bind;
        args.common.prepare_bind(context, &results, [endpoint])?;
        results
            .bind(endpoint)
            .with_context(|| format!("cannot bind {endpoint}"))
            .hint_if(zmq::Error::EADDRINUSE, ONE_PER_HOST)?;
        args.common.warn_if_open(endpoint);
    }

    loop {
        let received = tally.rejected.sift(tasks.recv_json::<WorkMessage>(0));
        let Some(task) = received.context("cannot receive a task")? else { continue };
        shutdown.sleep(args.work)?;
        let result = WorkResult { consumer_id: tally.consumer_id, num: task.num };
        results.send_json(&result, 0).context("cannot send a result")?;
        tally.passed_on += 1;
    }
}
