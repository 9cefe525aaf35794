//! Request and reply on a TCP stream: the OS's own cost of a round trip.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use common::program::latency::Latency;
use roles::{Parser, REPLY, Role, print_latency};

fn main() -> Result<()> {
    match Role::parse() {
        Role::ZmqServer { bind } => serve(&TcpListener::bind(address(&bind)?)?),
        Role::ZmqClient { connect, count, message, .. } => {
            ask(TcpStream::connect(address(&connect)?)?, count, &message)
        }
        _ => bail!("a TCP stream has no such role"),
    }
}

fn address(endpoint: &str) -> Result<&str> {
    endpoint.strip_prefix("tcp://").context("not a tcp:// endpoint")
}

/// Each client has a thread.
fn serve(listener: &TcpListener) -> Result<()> {
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        thread::spawn(move || -> Result<()> {
            let mut request = vec![0; 128 << 10];
            while stream.read(&mut request)? > 0 {
                stream.write_all(REPLY.as_bytes())?;
            }
            Ok(())
        });
    }
}

fn ask(mut stream: TcpStream, count: u64, message: &str) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut reply, mut latency) = (vec![0; REPLY.len()], Latency::new()?);
    for _ in 0..count {
        let asked = Instant::now();
        stream.write_all(message.as_bytes())?;
        stream.read_exact(&mut reply)?;
        latency.record(asked.elapsed(), Duration::ZERO)?;
    }
    print_latency(&latency)
}
