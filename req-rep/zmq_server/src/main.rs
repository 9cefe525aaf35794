//! Request-reply, the replying side: a REP socket receives and sends in turn, and each reply goes
//! to the client whose request came last, however many clients there are.
//!
//! Binds `tcp://*:5555`, expects any message, answers `new message`. Twin:
//! `../python/zmq_server.py`.
//!
//! ```text
//! terminal 1                               terminal 2
//! $ cargo run -p zmq_server                $ cargo run -p zmq_client
//! received bytes: b"a message"             b"new message"
//! ```

mod args;

use std::process::ExitCode;
use std::slice;

use anyhow::{Context, Result, bail};
use args::Args;
use clap::Parser;
use common::bad_message::Rejected;
use common::exit;
use common::output::Output;
use common::payload::Payload;
use common::shutdown::Shutdown;
use common::socket_ext::SocketExt;
use serde::Serialize;

#[derive(Default, Serialize)]
struct Tally {
    answered: u64,
    rejected: Rejected,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut tally = Tally::default();
    let ended = serve(args, &context, &out, &mut tally);
    let signal = shutdown.finish(context, ended)?;
    let Tally { answered, rejected } = &tally;
    out.result(format_args!("requests answered: {answered}{rejected}"), &tally)?;
    match signal {
        Some(signal) if args.count > 0 => {
            Err(signal.cut_short(format!("answered {answered} of {} requests", args.count)))
        }
        _ => Ok(()),
    }
}

fn serve(args: &Args, context: &zmq::Context, out: &Output, tally: &mut Tally) -> Result<()> {
    let socket = context.socket(zmq::REP).context("cannot create a REP socket")?;
    args.common.prepare_bind(context, &socket, &args.bind)?;
    for endpoint in &args.bind {
        socket.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        args.common.warn_if_open(endpoint);
    }

    let reply = Payload::from_texts(args.kind, slice::from_ref(&args.reply))?;
    let mut frames = Vec::new();
    while args.count == 0 || tally.answered < args.count {
        socket.recv_frames(&mut frames, 0).context("cannot receive a request")?;
        match Payload::decode(args.kind, &frames) {
            Ok(request) => {
                out.message(
                    format_args!("received {}: {request}", request.kind().name()),
                    &request,
                )?;
                if args.exit_before_reply == Some(tally.answered + 1) {
                    bail!("ended before reply {}, as --exit-before-reply says", tally.answered + 1);
                } else if args.echo {
                    socket.send_multipart(frames.drain(..), 0).context("cannot send a reply")?;
                } else {
                    socket.send_payload(&reply, 0).context("cannot send a reply")?;
                }
                tally.answered += 1;
            }
            // REP must answer this one, too, before it can receive the next.
            Err(bad) => {
                tally.rejected.report(&bad);
                let error = format!("error: {bad}");
                let error = Payload::plain_text(args.kind, &error);
                socket.send_payload(&error, 0).context("cannot send a reply")?;
            }
        }
    }
    Ok(())
}
