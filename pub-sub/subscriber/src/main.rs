//! Publish-subscribe, the receiving side: a SUB socket receives the messages whose topic starts
//! with what it subscribed to, from the moment when the publisher has heard of it.
//!
//! Connects to `tcp://localhost:5555`, subscribes to `client1`, prints one message of two frames.
//! Twin: `../python/subscriber.py`.
//!
//! ```text
//! terminal 1                                     terminal 2
//! $ cargo run -p publisher                       $ cargo run -p subscriber client1
//! [b"client1", b"message for client1"]           [b"client1", b"message for client1"]
//! [b"client2", b"message for client2"]
//! ```

mod args;

use std::process::ExitCode;

use anyhow::{Context, Result};
use args::Args;
use clap::Parser;
use common::bad_message::{BadMessage, Rejected};
use common::exit;
use common::output::Output;
use common::shutdown::Shutdown;
use common::socket_ext::SocketExt;
use common::text::Publication;
use serde::Serialize;

#[derive(Default, Serialize)]
struct Tally {
    received: u64,
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
    let ended = receive(args, &context, &shutdown, &out, &mut tally);
    let signal = shutdown.finish(context, ended)?;
    let Tally { received, rejected } = &tally;
    match signal {
        Some(signal) if args.count > 0 => {
            Err(signal.cut_short(format!("received {received} of {} messages", args.count)))
        }
        Some(_) => out.result(format_args!("messages received: {received}{rejected}"), &tally),
        None => Ok(()),
    }
}

fn receive(
    args: &Args,
    context: &zmq::Context,
    shutdown: &Shutdown,
    out: &Output,
    tally: &mut Tally,
) -> Result<()> {
    let socket = context.socket(zmq::SUB).context("cannot create a SUB socket")?;
    args.common.prepare_connect(context, &socket, &args.connect)?;
    // All that it sends are subscriptions: none is worth waiting for at the end.
    socket.set_linger(0).context("cannot set the linger time")?;
    socket.set_rcvhwm(args.hwm).context("cannot set the high-water mark")?;
    for topic in &args.topics {
        socket
            .set_subscribe(topic.as_bytes())
            .with_context(|| format!("cannot subscribe to {topic}"))?;
    }
    for endpoint in &args.connect {
        socket.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    }

    let mut frames = Vec::new();
    while args.count == 0 || tally.received < args.count {
        socket.recv_frames(&mut frames, 0).context("cannot receive a message")?;
        if let [topic, message] = &frames[..] {
            let publication = Publication { topic, message };
            out.message(publication, &publication)?;
            tally.received += 1;
            shutdown.sleep(args.work)?;
        } else {
            tally.rejected.report(&BadMessage::new("not two frames, topic and message", &frames));
        }
    }
    Ok(())
}
