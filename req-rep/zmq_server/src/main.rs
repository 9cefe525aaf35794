//! Request-reply, the replying side: a REP socket receives and sends in turn, and each reply goes
//! to the client whose request came last, however many clients there are.
//!
//! Binds `tcp://*:5555`, expects any message, answers `new message`. Bare:
//! `../examples/zmq_server.rs`; in Python: `../python/zmq_server.py`.
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
use clap::{CommandFactory, error::ErrorKind};
use common::message::payload::Payload;
use common::program::{Program, arguments, exit, tally::Tally};

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let program = Program::start(&args.common)?;
        let mut tally = Tally::new("request", "answered", args.count);
        let ended = serve(&args, &program, &mut tally);
        program.finish(ended, &tally)
    })
}

fn serve(args: &Args, program: &Program, tally: &mut Tally) -> Result<()> {
    let socket = program.socket(zmq::REP)?;
    socket.bind(&args.bind)?;

    let reply = Payload::from_texts(args.kind, slice::from_ref(&args.reply))
        .map_err(|error| Args::command().error(ErrorKind::ValueValidation, error))?;
    let mut frames = Vec::new();
    while tally.is_unfinished() {
        socket.recv_frames(&mut frames, 0).context("cannot receive a request")?;
        let answered = match Payload::decode(args.kind, &frames) {
            Ok(request) => {
                let line = format_args!("received {}: {request}", request.kind().name());
                program.stdout.message(line, &request)?;
                tally.count();
                if args.exit_before_reply == Some(tally.done()) {
                    bail!("ended before reply {}, as --exit-before-reply says", tally.done());
                } else if args.echo {
                    socket.send_multipart(frames.drain(..), 0).map_err(Into::into)
                } else {
                    socket.send_payload(&reply, 0)
                }
            }
            // REP must answer this one, too, before it can receive the next.
            Err(bad) => {
                tally.reject(&bad);
                let error = format!("error: {bad}");
                socket.send_payload(&Payload::plain_text(args.kind, &error), 0)
            }
        };
        answered.context("cannot send a reply")?;
    }
    Ok(())
}
