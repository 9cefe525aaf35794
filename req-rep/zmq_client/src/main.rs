//! Request-reply, the asking side: a REQ socket sends and receives in turn, and cannot ask again
//! before it has its answer. Without `--timeout` it waits for that for ever, as the article's
//! client does.
//!
//! Connects to `tcp://localhost:5555`, sends `a message`, prints the answer. Twin:
//! `../python/zmq_client.py`.
//!
//! ```text
//! terminal 1                               terminal 2
//! $ cargo run -p zmq_server                $ cargo run -p zmq_client
//! received bytes: b"a message"             b"new message"
//! ```

mod args;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use args::Args;
use clap::{CommandFactory, Parser, error::ErrorKind};
use common::bad_message::Rejected;
use common::cli::milliseconds;
use common::exit;
use common::latency::Latency;
use common::output::Output;
use common::payload::Payload;
use common::shutdown::Shutdown;
use common::socket_ext::SocketExt;
use serde::Serialize;

#[derive(Default, Serialize)]
struct Tally {
    answered: u64,
    rejected: Rejected,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip: Option<Latency>,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let round_trip = args.latency.then(Latency::new).transpose()?;
    let mut tally = Tally { round_trip, ..Tally::default() };
    let ended = ask_all(args, &context, &shutdown, &out, &mut tally);
    let signal = shutdown.finish(context, ended)?;
    if let Some(round_trip) = &tally.round_trip {
        out.result(round_trip, &tally)?;
    }
    let (answered, rejected) = (tally.answered, &tally.rejected);
    match signal {
        Some(signal) if args.count > 0 => {
            Err(signal.cut_short(format!("{answered} of {} requests answered", args.count)))
        }
        Some(_) => out.result(format_args!("requests answered: {answered}{rejected}"), &tally),
        None if rejected.count() > 0 => {
            Err(anyhow!("{} of {} answers were bad", rejected.count(), args.count))
        }
        None => Ok(()),
    }
}

fn ask_all(
    args: &Args,
    context: &zmq::Context,
    shutdown: &Shutdown,
    out: &Output,
    tally: &mut Tally,
) -> Result<()> {
    let socket = context.socket(zmq::REQ).context("cannot create a REQ socket")?;
    args.common.prepare_connect(context, &socket, &args.connect)?;
    if let Some(timeout) = args.timeout {
        socket.set_rcvtimeo(milliseconds(timeout)).context("cannot set the time-out")?;
        // Ask again without an answer, and take no late answer for the next request's.
        socket.set_req_relaxed(true).context("cannot relax the turns of sending and receiving")?;
        socket.set_req_correlate(true).context("cannot number the requests")?;
    }
    for endpoint in &args.connect {
        socket.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    }

    let request = Payload::from_texts(args.kind, &args.message)
        .map_err(|error| Args::command().error(ErrorKind::TooManyValues, error))?;
    let (mut asked, mut frames) = (0, Vec::new());
    while args.count == 0 || asked < args.count {
        if asked > 0 {
            shutdown.sleep(args.interval)?;
        }
        asked += 1;
        let start = Instant::now();
        ask(args, &socket, &request, &mut frames)?;
        if let Some(round_trip) = &mut tally.round_trip {
            round_trip.record(start.elapsed(), args.interval)?;
        }
        match Payload::decode(args.kind, &frames) {
            Ok(answer) => {
                tally.answered += 1;
                out.message(&answer, &answer)?;
            }
            Err(bad) => tally.rejected.report(&bad),
        }
    }
    Ok(())
}

/// Sends the request, and again after every time-out, until an answer comes.
fn ask(
    args: &Args,
    socket: &zmq::Socket,
    request: &Payload,
    answer: &mut Vec<zmq::Message>,
) -> Result<()> {
    for _attempt in 0..=args.retries {
        socket.send_payload(request, 0).context("cannot send a request")?;
        match socket.recv_frames(answer, 0) {
            Err(zmq::Error::EAGAIN) => tracing::warn!("no answer in time"),
            received => return received.context("cannot receive an answer"),
        }
    }
    let timeout = humantime::format_duration(args.timeout.unwrap_or_default());
    bail!("no answer within {timeout}, asked {} times", u64::from(args.retries) + 1)
}
