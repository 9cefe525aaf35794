//! Pipeline, the middle step: a PULL socket receives tasks from all producers, a PUSH socket sends
//! the results on.
//!
//! Connects to `tcp://localhost:5577`, binds `tcp://*:5578`, expects `{"num": n}`, sends
//! `{"consumer_id": id, "num": n}`, until interrupted. Bare:
//! `../examples/consumer.rs`; in Python: `../python/consumer.py`.
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
use common::message::{WorkMessage, WorkResult};
use common::program::exit::{self, HintExt};
use common::program::{Program, arguments, scheduling, tally::Tally};

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        scheduling::prefer_throughput();
        let program = Program::start(&args.common)?;
        let label = format!("results of consumer {}", args.id);
        let mut tally = Tally::new("result", "passed on", 0).labelled(label);
        let ended = consume(&args, &program, &mut tally);
        program.finish(ended, &tally.with("consumer_id", args.id, ""))
    })
}

fn consume(args: &Args, program: &Program, tally: &mut Tally) -> Result<()> {
    let tasks = program.socket(zmq::PULL)?;
    match &args.tasks_bind {
        Some(endpoint) => tasks.bind(endpoint)?,
        None => tasks.connect(&args.tasks_connect)?,
    }
    let results = program.socket(zmq::PUSH)?;
    if let Some(collector) = &args.results_connect {
        results.connect(collector)?;
    } else {
        let bound = results.bind(&args.results_bind);
        bound.hint_if(zmq::Error::EADDRINUSE, ONE_PER_HOST)?;
    }

    loop {
        match tasks.recv_json::<WorkMessage>(0).context("cannot receive a task")? {
            Ok(WorkMessage { num }) => {
                program.sleep(args.work)?;
                let result = WorkResult { consumer_id: args.id, num };
                results.send_json(&result, 0).context("cannot send a result")?;
                tally.count();
            }
            Err(bad) => tally.reject(&bad),
        }
    }
}

/// What to do about a results port that is taken.
const ONE_PER_HOST: &str =
    "a second consumer on a host needs --results-connect, and a collector with --bind";
