//! Pipeline, the first step: a PUSH socket hands its messages out round-robin to the PULL sockets
//! at its other end, and waits while there is none.
//!
//! Binds `tcp://*:5577`, sends 2000 tasks `{"num": n}`, ends when they are delivered. The same in
//! ten lines: `../examples/producer.rs`; in Python: `../python/producer.py`.
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
use common::message::WorkMessage;
use common::program::{Program, arguments, exit, scheduling, tally::Tally};

/// `ZMQ_LINGER` without an end.
const UNTIL_DELIVERED: i32 = -1;

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        scheduling::prefer_throughput();
        let program = Program::start(&args.common)?;
        let mut tally = Tally::new("task", "sent", args.count);
        let ended = produce(&args, &program, &mut tally);
        program.finish(ended, &tally)
    })
}

fn produce(args: &Args, program: &Program, tally: &mut Tally) -> Result<()> {
    let socket = program.socket(zmq::PUSH)?;
    // A task counts as sent when it is delivered: until then the socket outlives its closing.
    socket.set_linger(UNTIL_DELIVERED).context("cannot set the linger time")?;
    match &args.connect {
        Some(consumer) => socket.connect(consumer)?,
        None => socket.bind(&args.bind)?,
    }
    // PUSH sends to any consumer that is connected: the first one would be handed all tasks before
    // the next one comes.
    socket.connections().wait_for(args.wait_for)?;

    while tally.is_unfinished() {
        let task = WorkMessage { num: tally.done() };
        socket.send_json(&task, 0).context("cannot send a task")?;
        tally.count();
    }
    Ok(())
}
