//! Publish-subscribe, the sending side: a PUB socket sends each message to all who subscribed to
//! its topic, which is its first frame. It waits for nobody: whoever is not there, or too slow,
//! misses messages.
//!
//! Binds `tcp://*:5555`, sends `[topic, "message for <topic>"]` for each topic in turn, for ever.
//! Twin: `../python/publisher.py`.
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
use common::exit;
use common::output::Output;
use common::shutdown::Shutdown;
use common::text::Publication;
use serde_json::json;

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut rounds = 0;
    let ended = publish(args, &context, &shutdown, &out, &mut rounds);
    match shutdown.finish(context, ended)? {
        Some(signal) if args.count > 0 => {
            Err(signal.cut_short(format!("published {rounds} of {} rounds", args.count)))
        }
        _ => out.result(format_args!("rounds published: {rounds}"), &json!({"rounds": rounds})),
    }
}

fn publish(
    args: &Args,
    context: &zmq::Context,
    shutdown: &Shutdown,
    out: &Output,
    rounds: &mut u64,
) -> Result<()> {
    // An XPUB socket is a PUB socket that can also receive: the subscriptions.
    let socket_type = if args.wait_for > 0 { zmq::XPUB } else { zmq::PUB };
    let socket = context
        .socket(socket_type)
        .with_context(|| format!("cannot create a {socket_type:?} socket"))?;
    args.common.prepare_bind(context, &socket, &args.bind)?;
    socket.set_sndhwm(args.hwm).context("cannot set the high-water mark")?;
    if args.wait_for > 0 {
        // Tell of every subscription, not only of the first to each topic.
        socket.set_xpub_verbose(true).context("cannot ask for every subscription")?;
    }
    for endpoint in &args.bind {
        socket.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        args.common.warn_if_open(endpoint);
    }

    if args.wait_for > 0 {
        wait_for_subscriptions(args.wait_for, &socket).context("cannot receive a subscription")?;
    }
    while args.count == 0 || *rounds < args.count {
        if *rounds > 0 {
            shutdown.sleep(args.interval)?;
        }
        for topic in &args.topic {
            let message = format!("message for {topic}");
            let publication = Publication { topic: topic.as_bytes(), message: message.as_bytes() };
            out.message(publication, &publication)?;
            socket.send_multipart([topic, &message], 0).context("cannot send a message")?;
        }
        *rounds += 1;
        // Subscriptions that nobody waits for would pile up. To look for them is a system call, so
        // a flood does so now and then.
        if args.wait_for > 0 && (!args.interval.is_zero() || rounds.is_multiple_of(1000)) {
            while socket.recv_bytes(zmq::DONTWAIT).is_ok() {}
        }
    }
    Ok(())
}

/// An XPUB socket receives a frame a subscription: 1 and the topic, or 0 and the topic where one
/// ends.
fn wait_for_subscriptions(count: u64, socket: &zmq::Socket) -> zmq::Result<()> {
    let mut subscriptions = 0;
    while subscriptions < count {
        match socket.recv_bytes(0)?.first() {
            Some(1) => subscriptions += 1,
            Some(0) => subscriptions = subscriptions.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
