//! Pipeline, the last step: a PULL socket receives the results of all consumers, fair-queued.
//!
//! Connects to `tcp://localhost:5578`, receives 1000 results `{"consumer_id": id, "num": n}`,
//! prints how many came from each consumer. Bare:
//! `../examples/resultcollector.rs`; in Python: `../python/resultcollector.py`.
//!
//! ```text
//! terminal 1                  terminal 2                   terminal 3
//! $ cargo run -p producer     $ cargo run -p consumer      $ cargo run -p resultcollector
//! tasks sent: 2000                                         consumer 517  1000 ████████████
//! ```

mod args;
mod chart;

use std::process::ExitCode;

use anyhow::{Context, Result};
use args::Args;
use chart::Chart;
use common::message::WorkResult;
use common::program::{Program, arguments, exit, scheduling, tally::Tally};

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        scheduling::prefer_throughput();
        let program = Program::start(&args.common)?;
        let (mut tally, mut consumers) =
            (Tally::new("result", "collected", args.count), Chart::default());
        let ended = collect(&args, &program, &mut tally, &mut consumers);
        program.finish(ended, &tally.with("consumers", &consumers, &consumers))
    })
}

fn collect(args: &Args, program: &Program, tally: &mut Tally, consumers: &mut Chart) -> Result<()> {
    let socket = program.socket(zmq::PULL)?;
    match &args.bind {
        Some(endpoint) => socket.bind(endpoint)?,
        None => socket.connect(&args.connect)?,
    }

    let progress = program.progress("results", args.count)?;
    while tally.is_unfinished() {
        match socket.recv_json::<WorkResult>(0).context("cannot receive a result")? {
            Ok(result) => {
                consumers.count(result.consumer_id);
                tally.count();
                progress.set(tally.done());
            }
            Err(bad) => tally.reject(&bad),
        }
    }
    Ok(())
}
