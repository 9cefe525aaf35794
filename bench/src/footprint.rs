//! The footprint of a program that has done nothing yet: time to start, memory, and disk.

use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e::{PROGRAMS, endpoint};

use crate::args::Run;
use crate::contender::{Contender, built, choose};
use crate::process::Process;
use crate::results::Experiment;
use crate::rounds;
use crate::usage::{megabytes, resident};

/// How long a program is idle before its memory is read.
const IDLE: Duration = Duration::from_millis(100);

/// Three experiments, each of all seven programs: start, memory, size.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiments(run: &Run) -> Result<Vec<Experiment>> {
    choose(&run.peers, &[Contender::ZmqPatterns])?;
    let names = PROGRAMS.map(|name| (name.to_owned(), None));
    let [start, resident] = rounds::measure_each(run, "start", &names, |index| {
        let (started, resident) = start(PROGRAMS[index])?;
        Ok([started.as_secs_f64() * 1e3, megabytes(resident)])
    })?;
    let mut size = start.clone();
    for size in &mut size {
        let bytes = fs::metadata(built(&size.name)?).context("cannot ask for a program's size")?;
        size.values = vec![megabytes(bytes.len())];
    }
    let experiment = |id: &str, title: &str, unit: &str, series| Experiment {
        id: id.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        more_is_better: false,
        // The programs are not compared with each other.
        reference: String::new(),
        x: None,
        series,
    };
    Ok(vec![
        experiment("start", "From start to listening, or connected", "ms", start),
        experiment("memory", "Resident memory, idle", "MB", resident),
        experiment("size", "Size of the program, stripped", "MB", size),
    ])
}

/// The time until a program listens, or connects where it does not bind, and then its resident
/// memory in bytes.
fn start(name: &str) -> Result<(Duration, u64)> {
    let endpoint = endpoint();
    let mut command = Contender::ZmqPatterns.program(name)?;
    match name {
        "consumer" => command.args(["--results-bind", &endpoint]),
        "zmq_server" | "publisher" | "producer" => command.args(["--bind", &endpoint]),
        _ => command.args(["--connect", &endpoint]),
    };
    let binds = !matches!(name, "zmq_client" | "subscriber" | "resultcollector");
    let address = endpoint.trim_start_matches("tcp://");
    let listener = if binds { None } else { Some(TcpListener::bind(address)?) };
    let start = Instant::now();
    let mut process = Process::start(&mut command)?;
    // Kept open until the memory is read.
    let _connection = match &listener {
        None => process.wait_until_listening(&endpoint).map(|()| None)?,
        Some(listener) => Some(listener.accept().context("cannot accept a connection")?),
    };
    let started = start.elapsed();
    thread::sleep(IDLE);
    Ok((started, resident(process.id())?))
}
