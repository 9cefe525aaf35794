//! Publish-subscribe, the receiving side: a SUB socket receives the messages whose topic begins
//! with what it subscribed to, from the moment when the publisher has received the subscription.
//!
//! Connects to `tcp://localhost:5555`, subscribes to `client1`, prints one message of two frames.
//! Bare: `../examples/subscriber.rs`; in Python: `../python/subscriber.py`.
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

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let program = Program::start(&args.common)?;
        let mut tally = Tally::new("message", "received", args.count).of_printed();
        let ended = receive(&args, &program, &mut tally);
        program.finish(ended, &tally)
    })
}

fn receive(args: &Args, program: &Program, tally: &mut Tally) -> Result<()> {
    let socket = program.socket(zmq::SUB)?;
    // All that it sends are subscriptions: none is worth waiting for at the end.
    socket.set_linger(0).context("cannot set the linger time")?;
    socket.set_rcvhwm(args.hwm).context("cannot set the high-water mark")?;
    for topic in &args.topics {
        let what = || format!("cannot subscribe to {topic}");
        socket.set_subscribe(topic.as_bytes()).with_context(what)?;
    }
    socket.connect(&args.connect)?;

    let mut frames = Vec::new();
    while tally.is_unfinished() {
        socket.recv_frames(&mut frames, 0).context("cannot receive a message")?;
        match Publication::decode(args.form, &frames) {
            Ok(publication) => {
                program.stdout.message(&publication, &publication)?;
                tally.count();
                program.sleep(args.work)?;
            }
            Err(bad) => tally.reject(&bad),
        }
    }
    Ok(())
}
