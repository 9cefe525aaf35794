//! Pipeline, the first step: a PUSH socket deals its messages out in turn to the PULL sockets at
//! its other end, and waits while there is none.
//!
//! Binds `tcp://*:5577`, sends 2000 tasks `{"num": n}`, ends when they are delivered.
//! Twin: `../python/producer.py`.
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
use common::exit;
use common::message::WorkMessage;
use common::scheduling;
use common::shutdown::Shutdown;
use common::socket_ext::SocketExt;
use serde_json::json;
use zmq::SocketEvent;

/// `ZMQ_LINGER` without an end.
const FOR_EVER: i32 = -1;

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    scheduling::prefer_throughput();
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut sent = 0;
    let ended = produce(args, &context, &mut sent);
    if ended.is_ok() {
        tracing::info!("sent {sent} tasks; waiting until they are delivered");
    }
    match shutdown.finish(context, ended)? {
        Some(signal) if args.count > 0 && sent == args.count => {
            Err(signal.cut_short(format!("sent {sent} tasks, but not all of them are delivered")))
        }
        Some(signal) if args.count > 0 => {
            Err(signal.cut_short(format!("sent {sent} of {} tasks", args.count)))
        }
        _ => out.result(format_args!("tasks sent: {sent}"), &json!({"sent": sent})),
    }
}

fn produce(args: &Args, context: &zmq::Context, sent: &mut u64) -> Result<()> {
    let socket = context.socket(zmq::PUSH).context("cannot create a PUSH socket")?;
    let events = match &args.connect {
        Some(endpoint) => args.common.prepare_connect(context, &socket, [endpoint])?,
        None => args.common.prepare_bind(context, &socket, [&args.bind])?,
    };
    // Tasks are sent when they are delivered: until then the socket outlives its closing.
    socket.set_linger(FOR_EVER).context("cannot set the linger time")?;
    if let Some(endpoint) = &args.connect {
        socket.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    } else {
        let endpoint = &args.bind;
        socket.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        args.common.warn_if_open(endpoint);
    }

    // PUSH sends to whoever is there: the first consumer would be dealt all tasks before the next
    // one comes.
    let mut consumers = 0;
    while consumers < args.wait_for {
        if events.recv().map_err(|_closed| zmq::Error::ETERM)? == SocketEvent::HANDSHAKE_SUCCEEDED {
            consumers += 1;
        }
    }
    drop(events);
    while args.count == 0 || *sent < args.count {
        socket.send_json(&WorkMessage { num: *sent }, 0).context("cannot send a task")?;
        *sent += 1;
    }
    Ok(())
}
