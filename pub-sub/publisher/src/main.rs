//! Publish-subscribe, the sending side: a PUB socket sends each message to all who subscribed to
//! its topic, which is its first frame. It waits for nobody: a subscriber that is not connected, or
//! too slow, misses messages.
//!
//! Binds `tcp://*:5555`, sends `[topic, "message for <topic>"]` for each topic in turn, until
//! interrupted. Bare: `../examples/publisher.rs`; in Python:
//! `../python/publisher.py`.
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
use common::message::publication::Publication;
use common::program::{Program, arguments, exit, tally::Tally};
use common::socket::Socket;

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let program = Program::start(&args.common)?;
        let mut tally = Tally::new("round", "published", args.count);
        let ended = publish(&args, &program, &mut tally);
        program.finish(ended, &tally)
    })
}

fn publish(args: &Args, program: &Program, tally: &mut Tally) -> Result<()> {
    // An XPUB socket is a PUB socket that can also receive: the subscriptions.
    let socket = program.socket(if args.wait_for > 0 { zmq::XPUB } else { zmq::PUB })?;
    socket.set_sndhwm(args.hwm).context("cannot set the high-water mark")?;
    // Every subscription, not only the first to each topic.
    socket.set_xpub_verbose(true).context("cannot ask for every subscription")?;
    socket.bind(&args.bind)?;

    wait_for_subscriptions(args.wait_for, &socket)?;
    while tally.is_unfinished() {
        if tally.done() > 0 {
            program.sleep(args.interval)?;
        }
        for topic in &args.topic {
            let message = format!("message for {topic}");
            let frames = [topic.as_bytes(), message.as_bytes()];
            let publication = Publication::decode(args.form, &frames)?;
            program.stdout.message(&publication, &publication)?;
            socket.send_multipart(frames, 0).context("cannot send a message")?;
        }
        tally.count();
        // Subscriptions that nobody receives would pile up. To look for them is a system call, so a
        // flood does it only now and then.
        if args.wait_for > 0 && (!args.interval.is_zero() || tally.done().is_multiple_of(1000)) {
            while socket.recv_bytes(zmq::DONTWAIT).is_ok() {}
        }
    }
    Ok(())
}

/// An XPUB socket receives one frame per subscription: 1 and the topic, or 0 and the topic where a
/// subscription ends.
fn wait_for_subscriptions(count: u64, socket: &Socket) -> Result<()> {
    let mut subscriptions = 0;
    while subscriptions < count {
        match socket.recv_bytes(0).context("cannot receive a subscription")?.first() {
            Some(1) => subscriptions += 1,
            Some(0) => subscriptions = subscriptions.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
