//! Concurrent clients of one server. Each sends a request of its own, and each answer is checked.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use common::message::text::Counted;
use e2e::endpoint;
use rlimit::Resource;

use crate::args::Run;
use crate::asking::{Answer, Steps};
use crate::contender::{Contender, built, choose};
use crate::process::Process;
use crate::results::{Experiment, Measured, per_second};
use crate::rounds;
use crate::usage::resident;

/// The number of programs that share clients which are sockets. Each sends the requests of all its
/// clients, and then receives their answers.
const PROGRAMS: u64 = 10;
/// At most this many, below libzmq's default of 1023 sockets in a context (`ZMQ_MAX_SOCKETS`).
const CLIENTS_PER_PROGRAM: u64 = 1000;

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
    let _server = server(Contender::ZmqPatterns, Answer::Echo, &endpoint)?;
    let answers: Result<Vec<String>> = asking.into_iter().map(Process::finish).collect();
    let (elapsed, answers) = (start.elapsed(), answers?);
    for (number, lines) in answers.iter().enumerate() {
        let answer = format!(r#"{{"kind":"bytes","message":"{number}"}}"#);
        let right = lines.lines().filter(|line| *line == answer).count() as u64;
        ensure!(right == count, "client {number} has {right} of {count} correct answers");
    }
    Ok(per_second(clients * count, elapsed).into())
}

/// The contenders whose servers are measured with many clients.
const SERVERS: [Contender; 5] =
    [Contender::ZmqPatterns, Contender::Bare, Contender::Omq, Contender::Rzmq, Contender::Zeromq];

/// Two experiments with many clients of one server: requests answered per second, and the memory
/// that a connection costs the server. A contender's failure is a note, and no error.
///
/// # Errors
///
/// A measurement of this workspace's server that fails; too low a limit of open files.
pub fn experiments(clients: u64, msgs: u64, run: &Run) -> Result<Vec<Experiment>> {
    let contenders = choose(&run.peers, &SERVERS)?;
    let names: Vec<_> = contenders.iter().map(|one| (one.name().to_owned(), None)).collect();
    let mut failures: Vec<Option<String>> = vec![None; contenders.len()];
    let measured = rounds::measure_each(run, "many clients", &names, |index| {
        if failures[index].is_some() {
            return Ok([f64::NAN; 2]);
        }
        match sockets(contenders[index], Answer::Text, clients, msgs) {
            Err(error) if contenders[index] != Contender::ZmqPatterns => {
                let why = format!("{error:#}");
                failures[index] = why.lines().next().map(|why| format!("failed: {why}"));
                Ok([f64::NAN; 2])
            }
            measured => measured,
        }
    })?;
    let of = format!(
        "{clients} clients of one server, REQ sockets of {} with up to {} open files each",
        Counted(programs(clients), "program"),
        open_files(clients)
    );
    let kinds = [
        ("many-clients", format!("{msgs} requests of {of}: answered"), "requests/s", true),
        (
            "many-clients-memory",
            format!("{of}: the server's memory per connection"),
            "kB/connection",
            false,
        ),
    ];
    let experiments = kinds.into_iter().zip(measured).map(|((id, title, unit, better), series)| {
        let mut series = series;
        for (one, failure) in series.iter_mut().zip(&failures) {
            one.values.retain(|value| !value.is_nan());
            one.note.clone_from(failure);
        }
        Experiment {
            id: id.to_owned(),
            title,
            unit: unit.to_owned(),
            more_is_better: better,
            reference: Contender::ZmqPatterns.name().to_owned(),
            x: None,
            series,
        }
    });
    Ok(experiments.collect())
}

/// Lets this program and those that it starts open this many files each.
///
/// # Errors
///
/// A limit that only root may raise.
pub fn allow_open_files(files: u64) -> Result<()> {
    let (soft, hard) = Resource::NOFILE.get().context("cannot ask for the limit of open files")?;
    if soft >= files {
        return Ok(());
    }
    Resource::NOFILE.set(files, hard.max(files)).with_context(|| {
        format!("{files} files have to be open, but the limit is {hard} (ulimit -Hn)")
    })
}

/// Requests per second of clients that are sockets of some programs, which use less of the machine
/// than a process for each does, and leave the rest to the server; and the server's memory per
/// connection, in kilobytes: how much it rises until all requests are answered.
///
/// # Errors
///
/// An answer that is missing or not the right one; a server that ends.
pub fn sockets(contender: Contender, answer: Answer, clients: u64, msgs: u64) -> Result<[f64; 2]> {
    allow_open_files(open_files(clients))?;
    let [endpoint, steps_endpoint] = [(); 2].map(|()| endpoint());
    let mut server = server(contender, answer, &endpoint)?;
    server.wait_until_listening(&endpoint)?;
    let before = resident(server.id())?;
    let steps = Steps::bind(&steps_endpoint)?;
    let (programs, count) = (programs(clients), (msgs / clients).max(1));
    let asking: Result<Vec<_>> = (0..programs)
        .map(|first| {
            let mut program = Command::new(built("zmq_bench")?);
            program.args(["asking", "--connect", &endpoint, "--steps", &steps_endpoint]);
            program.arg("--answer").arg(if answer == Answer::Echo { "echo" } else { "text" });
            for (name, value) in [
                ("--first", first),
                ("--step", programs),
                ("--clients", clients),
                ("--count", count),
            ] {
                program.arg(name).arg(value.to_string());
            }
            Process::start(&mut program)
        })
        .collect();
    let mut asking = asking?;
    steps.go_on(steps.wait(&mut asking, &mut server)?)?;
    let start = Instant::now();
    let _answered = steps.wait(&mut asking, &mut server)?;
    let elapsed = start.elapsed();
    // All are connected still.
    let memory = resident(server.id())?.saturating_sub(before);
    Ok([per_second(clients * count, elapsed), kilobytes(memory, clients)])
}

/// How many programs share the clients.
fn programs(clients: u64) -> u64 {
    clients.min(PROGRAMS).max(clients.div_ceil(CLIENTS_PER_PROGRAM))
}

/// How many files one of these programs or the server opens at most: a client needs two, one for the
/// connection and one to be woken; the server needs one for each.
fn open_files(clients: u64) -> u64 {
    clients.max(2 * clients.div_ceil(programs(clients))) + 100
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn kilobytes(bytes: u64, clients: u64) -> f64 {
    bytes as f64 / 1e3 / clients as f64
}

/// A server that answers each request.
fn server(contender: Contender, answer: Answer, endpoint: &str) -> Result<Process> {
    let mut server = contender.program("zmq_server")?;
    if answer == Answer::Echo {
        server.arg("--echo");
    }
    Process::start(server.args(["--bind", endpoint]))
}
