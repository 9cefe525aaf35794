//! What a tap costs: pushing messages and asking for replies, without a tap and through one, in
//! turn. Prints the best of some rounds of each: what else runs on the machine disturbs it least.
//!
//! ```text
//! cargo run --release -p tap --example cost
//! ```
//!
//! With a number of seconds, floods a tap for so long instead, and prints ten times how much
//! memory this process has, in which the tap and both sockets are:
//!
//! ```text
//! cargo run --release -p tap --example cost -- 600
//! ```

use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context as _, Result, anyhow};
use tap::Tap;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use zmq::{Context, Socket, SocketType};

const ROUNDS: usize = 15;
const MESSAGES: u32 = 300_000;
const LARGE_MESSAGES: u32 = 5_000;
const REQUESTS: u32 = 2_000;

fn main() -> Result<()> {
    if let Some(seconds) = env::args().nth(1) {
        return flood(seconds.parse().context("the argument is a number of seconds")?);
    }
    println!("{:<36}{:>12}{:>12}{:>9}", "", "direct", "through tap", "ratio");
    row("pushed, 20 bytes (messages/s)", f64::max, |tapped| push(20, MESSAGES, tapped))?;
    row("pushed, 64 KiB (messages/s)", f64::max, |tapped| push(65536, LARGE_MESSAGES, tapped))?;
    row("round trip, 20 bytes (microseconds)", f64::min, ask)
}

/// Prints the best of two measurements that are made in turn.
fn row(name: &str, best: fn(f64, f64) -> f64, measure: impl Fn(bool) -> Result<f64>) -> Result<()> {
    let (mut direct, mut tapped) = (measure(false)?, measure(true)?);
    for _ in 1..ROUNDS {
        direct = best(direct, measure(false)?);
        tapped = best(tapped, measure(true)?);
    }
    println!("{name:<36}{direct:>12.0}{tapped:>12.0}{:>9.2}", tapped / direct);
    Ok(())
}

/// Floods a tap, and prints the memory of this process.
fn flood(seconds: u32) -> Result<()> {
    let (producer, consumer) = pair([zmq::PUSH, zmq::PULL], true)?;
    // It ends with this process.
    thread::spawn(move || while producer.send([b'x'; 100].as_slice(), 0).is_ok() {});
    println!("{:>7}{:>15}{:>13}", "seconds", "messages", "memory (KiB)");
    let (start, mut messages, mut message) = (Instant::now(), 0_u64, zmq::Message::new());
    for line in 1..=10 {
        let until = Duration::from_secs(seconds.into()) * line / 10;
        while start.elapsed() < until {
            (0..1000).try_for_each(|_| consumer.recv(&mut message, 0))?;
            messages += 1000;
        }
        let status = fs::read_to_string("/proc/self/status").context("cannot read the memory")?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.context("no memory")?.trim().trim_end_matches(" kB");
        println!("{:>7.0}{messages:>15}{memory:>13}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Messages per second from a PUSH socket to a PULL socket.
fn push(size: usize, count: u32, tapped: bool) -> Result<f64> {
    let (producer, consumer) = pair([zmq::PUSH, zmq::PULL], tapped)?;
    producer.send("first", 0)?;
    consumer.recv_bytes(0)?;
    let start = Instant::now();
    let sender = thread::spawn(move || -> zmq::Result<Socket> {
        let body = vec![b'x'; size];
        (0..count).try_for_each(|_| producer.send(&body, 0))?;
        Ok(producer)
    });
    let mut message = zmq::Message::new();
    (0..count).try_for_each(|_| consumer.recv(&mut message, 0))?;
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    sender.join().map_err(|_| anyhow!("the sender panicked"))??;
    Ok(rate)
}

/// Microseconds between a request and its reply.
fn ask(tapped: bool) -> Result<f64> {
    let (server, client) = pair([zmq::REP, zmq::REQ], tapped)?;
    let answers = thread::spawn(move || -> zmq::Result<()> {
        (0..=REQUESTS).try_for_each(|_| server.send(server.recv_bytes(0)?, 0))
    });
    let round_trip = || client.send([b'x'; 20].as_slice(), 0).and_then(|()| client.recv_bytes(0));
    round_trip()?;
    let start = Instant::now();
    (0..REQUESTS).try_for_each(|_| round_trip().map(drop))?;
    let elapsed = start.elapsed();
    answers.join().map_err(|_| anyhow!("the server panicked"))??;
    Ok(elapsed.as_secs_f64() * 1e6 / f64::from(REQUESTS))
}

/// A bound socket and a connected one, with their own contexts, as in programs of their own.
fn pair([binds, connects]: [SocketType; 2], tapped: bool) -> Result<(Socket, Socket)> {
    let bound = Context::new().socket(binds)?;
    bound.bind("tcp://127.0.0.1:*")?;
    let endpoint = bound.get_last_endpoint()?.map_err(|_| anyhow!("no endpoint"))?;
    let address = endpoint.strip_prefix("tcp://").context("no TCP endpoint")?;
    let connected = Context::new().socket(connects)?;
    if tapped {
        connected.connect(&format!("tcp://127.0.0.1:{}", tap(address.to_owned())?))?;
    } else {
        connected.connect(&endpoint)?;
    }
    Ok((bound, connected))
}

/// Opens a tap in a thread of its own, with somebody who reads its events. Returns its port.
fn tap(to: String) -> Result<u16> {
    let (ready, opened) = oneshot::channel();
    thread::spawn(move || -> Result<()> {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let (sender, mut events) = mpsc::channel(1024);
            let tap = Tap::open(&to, sender)?;
            ready.send(tap.port()).map_err(|_| anyhow!("nobody waits for the tap"))?;
            // Its only connection is this program's.
            while let Some(event) = events.recv().await {
                if matches!(event, tap::Event::Disconnected { .. }) {
                    break;
                }
            }
            Ok(())
        })
    });
    opened.blocking_recv().context("cannot open the tap")
}
