//! Request-reply, the asking side: a REQ socket sends and receives in turn, and cannot ask again
//! before it has its answer. Without `--timeout` it waits for that indefinitely, as the article's
//! client does; with `--timeout` and `--retries` it is the zguide's lazy pirate.
//!
//! Connects to `tcp://localhost:5555`, sends `a message`, prints the answer. Bare:
//! `../examples/zmq_client.rs`; in Python: `../python/zmq_client.py`.
//!
//! ```text
//! terminal 1                               terminal 2
//! $ cargo run -p zmq_server                $ cargo run -p zmq_client
//! received bytes: b"a message"             b"new message"
//! ```

mod args;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use args::Args;
use clap::{CommandFactory, error::ErrorKind};
use common::message::payload::Payload;
use common::message::text::Counted;
use common::program::{Program, arguments, exit, tally::Tally};
use common::socket::{Socket, options::milliseconds};
use humantime::format_duration;
use zmq::Message;

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let program = Program::start(&args.common)?;
        let mut tally = Tally::new("request", "answered", args.count).of_printed();
        let ended = ask_all(&args, &program, &mut tally);
        program.finish(ended, &tally)?;
        ensure!(tally.rejected() == 0, "{} of {} answers were bad", tally.rejected(), args.count);
        Ok(())
    })
}

fn ask_all(args: &Args, program: &Program, tally: &mut Tally) -> Result<()> {
    let socket = program.socket(zmq::REQ)?;
    if let Some(timeout) = args.timeout {
        socket.set_rcvtimeo(milliseconds(timeout)).context("cannot set the timeout")?;
        socket.set_sndtimeo(milliseconds(timeout)).context("cannot set the timeout")?;
        // Ask again without an answer, and never take a late answer for the next request's.
        socket.set_req_relaxed(true).context("cannot relax the turns of sending and receiving")?;
        socket.set_req_correlate(true).context("cannot number the requests")?;
    }
    socket.connect(&args.connect)?;

    tally.time_round_trips(args.latency)?;
    let request = Payload::from_texts(args.kind, &args.message)
        .map_err(|error| Args::command().error(ErrorKind::TooManyValues, error))?;
    let (mut asked, mut answer) = (0, Vec::new());
    while args.count == 0 || asked < args.count {
        if asked > 0 {
            program.sleep(args.interval)?;
        }
        asked += 1;
        let start = Instant::now();
        ask(args, &socket, &request, &mut answer)?;
        tally.record(start.elapsed(), args.interval)?;
        match Payload::decode(args.kind, &answer) {
            Ok(answer) => {
                tally.count();
                program.stdout.message(&answer, &answer)?;
            }
            Err(bad) => tally.reject(&bad),
        }
    }
    Ok(())
}

/// Sends the request, and again after every timeout, until an answer comes.
fn ask(args: &Args, socket: &Socket, request: &Payload, answer: &mut Vec<Message>) -> Result<()> {
    for _attempt in 0..=args.retries {
        match exchange(socket, request, answer) {
            Err(error) if error.downcast_ref() == Some(&zmq::Error::EAGAIN) => {
                tracing::warn!("no answer in time");
            }
            exchanged => return exchanged,
        }
    }
    let timeout = format_duration(args.timeout.unwrap_or_default());
    let asked = Counted(u64::from(args.retries) + 1, "time");
    bail!("no answer within {timeout}, asked {asked}")
}

fn exchange(socket: &Socket, request: &Payload, answer: &mut Vec<Message>) -> Result<()> {
    socket.send_payload(request, 0).context("cannot send a request")?;
    socket.recv_frames(answer, 0).context("cannot receive an answer")
}
