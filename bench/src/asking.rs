//! Clients that are the sockets of one program, which works in step with others of its kind.

use anyhow::{Context, Result, bail, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use zmq::{Message, Socket};

use crate::process::{DEADLINE, Process};

/// What such a program is told: of the clients from 0 to before `clients`, it is each `step`th from
/// `first` on.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct Asking {
    /// Endpoint of the server
    #[arg(long)]
    pub connect: String,
    /// Endpoint of the program that keeps all in step
    #[arg(long)]
    pub steps: String,
    /// Number of the first client
    #[arg(long)]
    pub first: usize,
    /// Number of programs
    #[arg(long)]
    pub step: usize,
    /// Number of clients of all programs
    #[arg(long)]
    pub clients: usize,
    /// Number of requests of each client
    #[arg(long)]
    pub count: u64,
    /// What the server answers
    #[arg(long)]
    pub answer: Answer,
}

/// What a request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Answer {
    /// Itself
    Echo,
    /// The article's text, as every contender's server does
    Text,
}

impl Answer {
    fn to(self, request: &str) -> &str {
        if self == Self::Echo { request } else { "new message" }
    }
}

/// Connects, asks once, which shows that all are connected, and then `count` times. Before and after
/// these it waits for the others.
///
/// # Errors
///
/// An answer that is missing or not the right one.
pub fn ask(asking: &Asking) -> Result<()> {
    let context = zmq::Context::new();
    let connect = |kind, endpoint: &str| -> Result<Socket> {
        let socket = context.socket(kind).context("cannot create a socket")?;
        let deadline = i32::try_from(DEADLINE.as_millis())?;
        socket.set_rcvtimeo(deadline).context("cannot set the time-out")?;
        socket.set_linger(0).context("cannot set the linger time")?;
        socket.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
        Ok(socket)
    };
    let numbers = (asking.first..asking.clients).step_by(asking.step);
    let clients: Result<Vec<_>> = numbers
        .map(|number| Ok((number.to_string(), connect(zmq::REQ, &asking.connect)?)))
        .collect();
    let (clients, steps) = (clients?, connect(zmq::REQ, &asking.steps)?);
    let once = || ask_all(&clients, asking.answer);
    let in_step = || {
        steps.send("", 0)?;
        steps.recv_bytes(0)
    };
    once()?;
    in_step().context("the others are not connected")?;
    (0..asking.count).try_for_each(|_| once())?;
    in_step().context("the others are not answered").map(drop)
}

/// Sends a request for each client, and then receives all answers.
fn ask_all(clients: &[(String, Socket)], answer: Answer) -> Result<()> {
    let mut received = Message::new();
    for (request, socket) in clients {
        socket.send(request, 0).context("cannot send a request")?;
    }
    for (request, socket) in clients {
        match socket.recv(&mut received, 0) {
            Err(zmq::Error::EAGAIN) => bail!("no answer within {DEADLINE:?}"),
            received => received.context("cannot receive an answer")?,
        }
        let right = answer.to(request);
        ensure!(&received[..] == right.as_bytes(), "{request} was answered {:?}", &received[..]);
    }
    Ok(())
}

/// Keeps programs in step.
pub struct Steps(Socket);

impl Steps {
    /// Waits for programs on this endpoint.
    ///
    /// # Errors
    ///
    /// libzmq's.
    pub fn bind(endpoint: &str) -> Result<Self> {
        let steps = zmq::Context::new().socket(zmq::ROUTER).context("cannot create a socket")?;
        steps.set_rcvtimeo(100).context("cannot set the time-out")?;
        steps.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        Ok(Self(steps))
    }

    /// Waits until all programs have come to the next step. They wait for [`Steps::go_on`].
    ///
    /// # Errors
    ///
    /// A program that ends; a `server` that does.
    pub fn wait(
        &self,
        programs: &mut [Process],
        server: &mut Process,
    ) -> Result<Vec<Vec<Vec<u8>>>> {
        let mut there = Vec::new();
        while there.len() < programs.len() {
            match self.0.recv_multipart(0) {
                Ok(frames) => there.push(frames),
                // Interrupted by the end of one of them, it may be.
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {
                    server.check_that_it_runs()?;
                    programs.iter_mut().try_for_each(Process::check_that_it_runs)?;
                }
                Err(error) => return Err(error).context("cannot receive a step"),
            }
        }
        Ok(there)
    }

    /// Lets the programs go on that [`Steps::wait`] has waited for.
    ///
    /// # Errors
    ///
    /// libzmq's.
    pub fn go_on(&self, there: Vec<Vec<Vec<u8>>>) -> Result<()> {
        there
            .into_iter()
            .try_for_each(|frames| self.0.send_multipart(frames, 0))
            .context("cannot let a program go on")
    }
}
