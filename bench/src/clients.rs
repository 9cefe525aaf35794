//! Concurrent clients of one server. Each sends a request of its own, which the server echoes.

use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use e2e::endpoint;
use zmq::Socket;

use crate::contender::{Contender, built};
use crate::process::{DEADLINE, Process};
use crate::results::Measured;
use crate::results::per_second;

/// The number of threads that share the clients of one program. Each sends the requests of all its
/// clients, and then receives their answers.
const THREADS: u64 = 10;

/// Requests per second of `clients` processes, which share `msgs` requests.
///
/// # Errors
///
/// An answer that is missing or another client's.
pub fn processes(clients: u64, msgs: u64) -> Result<Measured> {
    let endpoint = endpoint();
    let count = (msgs / clients).max(1);
    // They retry until the server listens: so all of them begin at the same time.
    let asking: Result<Vec<_>> = (0..clients)
        .map(|number| {
            let mut client = Command::new(built("zmq_client")?);
            client.args(["--format", "json", "--connect", &endpoint]);
            client.args(["--count", &count.to_string(), "--message", &number.to_string()]);
            Process::start(&mut client)
        })
        .collect();
    let asking = asking?;
    let start = Instant::now();
    let _server = server(&endpoint)?;
    let answers: Result<Vec<String>> = asking.into_iter().map(Process::finish).collect();
    let (elapsed, answers) = (start.elapsed(), answers?);
    for (number, lines) in answers.iter().enumerate() {
        let answer = format!(r#"{{"kind":"bytes","message":"{number}"}}"#);
        let right = lines.lines().filter(|line| *line == answer).count() as u64;
        ensure!(right == count, "client {number} has {right} of {count} correct answers");
    }
    Ok(per_second(clients * count, elapsed).into())
}

/// The same with sockets of this program, which use less of the machine than processes do, and
/// leave the rest to the server.
///
/// # Errors
///
/// An answer that is missing or another client's.
pub fn threads(clients: u64, msgs: u64) -> Result<Measured> {
    let endpoint = endpoint();
    let count = (msgs / clients).max(1);
    let mut server = server(&endpoint)?;
    server.wait_until_listening(&endpoint)?;
    let threads = clients.min(THREADS);
    let connected = Barrier::new(usize::try_from(threads)? + 1);
    let elapsed = thread::scope(|scope| -> Result<Duration> {
        let asking: Vec<_> = (0..threads)
            .map(|first| {
                let (endpoint, connected) = (&endpoint, &connected);
                let numbers = (first..clients).step_by(usize::try_from(threads)?);
                Ok(scope.spawn(move || -> Result<()> {
                    // The first answers show that all are connected.
                    let asking = Asking::connect(numbers, endpoint)
                        .and_then(|asking| asking.ask().map(|()| asking));
                    connected.wait();
                    let asking = asking?;
                    (0..count).try_for_each(|_| asking.ask())
                }))
            })
            .collect::<Result<_>>()?;
        connected.wait();
        let start = Instant::now();
        for asking in asking {
            asking.join().unwrap_or_else(|_| bail!("a thread of clients panicked"))?;
        }
        Ok(start.elapsed())
    })?;
    Ok(per_second(clients * count, elapsed).into())
}

/// The clients of a thread, each with its request.
struct Asking(Vec<(String, Socket)>);

impl Asking {
    fn connect(numbers: impl Iterator<Item = u64>, endpoint: &str) -> Result<Self> {
        let context = zmq::Context::new();
        let clients: Result<_> = numbers
            .map(|number| {
                let socket = context.socket(zmq::REQ).context("cannot create a REQ socket")?;
                let deadline = i32::try_from(DEADLINE.as_millis())?;
                socket.set_rcvtimeo(deadline).context("cannot set the time-out")?;
                socket
                    .connect(endpoint)
                    .with_context(|| format!("cannot connect to {endpoint}"))?;
                Ok((number.to_string(), socket))
            })
            .collect();
        Ok(Self(clients?))
    }

    /// Sends a request for each of them, and then receives all answers.
    fn ask(&self) -> Result<()> {
        for (message, socket) in &self.0 {
            socket.send(message, 0).context("cannot send a request")?;
        }
        for (message, socket) in &self.0 {
            let answer = socket.recv_bytes(0).context("cannot receive an answer")?;
            ensure!(answer == message.as_bytes(), "{message} was answered {answer:?}");
        }
        Ok(())
    }
}

/// A server that answers each request with itself.
fn server(endpoint: &str) -> Result<Process> {
    let mut server = Contender::ZmqPatterns.program("zmq_server")?;
    Process::start(server.args(["--echo", "--bind", endpoint]))
}
