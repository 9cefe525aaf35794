//! The reliable pipeline, the last step: writes each result once, makes it safe, and only then tells
//! the dispatcher that the task is done. Its output is all that has to survive.
//!
//! Binds `tcp://*:5578` (PULL, for the workers), connects to `tcp://localhost:5579` (REQ, to the
//! dispatcher). `../../PROTOCOL.md` has the messages.
//!
//! ```text
//! terminal 1                    terminal 2                terminal 3
//! $ cargo run -p dispatcher     $ cargo run -p worker     $ cargo run -p sink -- --output results.jsonl
//! tasks done: 2000              tasks done: 2000          results: 2000
//! ```

mod args;
mod output;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use args::Args;
use clap::Parser;
use common::message::BadMessage;
use common::program::{Program, exit, tally::Tally};
use output::Output;
use protocol::VERSION;
use protocol::message::{FromSink, Request, Results, Session, ToSink};
use protocol::ranges::Range;
use zmq::{DONTWAIT, POLLIN, Socket};

/// Results are written and synced together, this often, in milliseconds.
const FLUSH_DELAY: u64 = 10;
/// Or as soon as this many bytes have arrived.
const FLUSH_BYTES: usize = 4 << 20;
/// Batches of results that are queued per worker.
const RESULTS_WAITING: i32 = 16;
/// The dispatcher hears from the sink at least this often, so that it can report what is given up.
const ACK_INTERVAL: Duration = Duration::from_millis(200);
/// A sink whose output is complete ends by itself after this long without a dispatcher.
const ALONE_TIMEOUT: Duration = Duration::from_secs(2);
/// After this long without an answer the sink reports all again: the dispatcher may be another one.
const ACK_RETRY: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    exit::report(|| {
        let args = Args::parse();
        let program = Program::start(&args.common)?;
        let mut output = match &args.output {
            Some(path) => Output::open(path)?,
            None => Output::stdout(),
        };
        let (mut tally, mut duplicates) = (Tally::of_job("results", "written"), 0);
        let ended = collect(&args, &program, &mut output, &mut tally, &mut duplicates);
        let (total, failed) = (output.header().map_or(0, |header| header.total), output.failed());
        tally.set(output.done().saturating_sub(failed));
        let mut tally = tally.labelled("results").with("failed", failed, "");
        if args.output.is_none() {
            // stdout holds the results themselves.
            tally = tally.silent_when_complete();
        }
        program.finish(ended, &tally.with("duplicates", duplicates, ""))?;
        ensure!(failed == 0, "{failed} of {total} tasks failed; the output says why");
        Ok(())
    })
}

/// What the sink has reported to the dispatcher.
struct Acknowledging {
    session: Session,
    /// Tasks that are safe, but not reported yet.
    safe: Vec<Range>,
    /// Whether the next report is of all that is done.
    resync: bool,
    asked: Option<Instant>,
    reported: Instant,
    last_seen: Instant,
}

fn collect(
    args: &Args,
    program: &Program,
    output: &mut Output,
    tally: &mut Tally,
    duplicates: &mut u64,
) -> Result<()> {
    let results = program.socket(zmq::PULL)?;
    results.set_rcvhwm(RESULTS_WAITING).context("cannot set the high-water mark")?;
    results.bind(&args.bind)?;

    let dispatcher = program.socket(zmq::REQ)?;
    dispatcher.set_req_relaxed(true).context("cannot relax the turns of sending and receiving")?;
    dispatcher.set_req_correlate(true).context("cannot number the requests")?;
    dispatcher.connect(&args.acks_connect)?;

    let progress = args.output.as_ref().map(|_| program.progress("results", 0)).transpose()?;
    let mut acknowledging = Acknowledging {
        session: rand::random(),
        safe: Vec::new(),
        resync: true,
        asked: None,
        reported: Instant::now(),
        last_seen: Instant::now(),
    };
    let mut first_unwritten: Option<Instant> = None;
    loop {
        acknowledging.report(&dispatcher, output)?;
        let sockets = &mut [results.as_poll_item(POLLIN), dispatcher.as_poll_item(POLLIN)];
        zmq::poll(sockets, 10).context("cannot wait for results")?;
        *duplicates += receive(&results, output, tally)?;
        if output.waiting() > 0 {
            let since = *first_unwritten.get_or_insert_with(Instant::now);
            if output.waiting() >= FLUSH_BYTES
                || since.elapsed() >= Duration::from_millis(FLUSH_DELAY)
            {
                acknowledging.safe.extend(output.commit()?);
                first_unwritten = None;
            }
        }
        if let Some(header) = output.header() {
            tally.expect(header.total);
            if let Some(progress) = &progress {
                progress.expect(header.total);
                progress.set(output.done());
            }
        }
        let finished = match dispatcher.recv_bytes(DONTWAIT) {
            Ok(answer) => acknowledging.hear(&answer, output)?,
            Err(zmq::Error::EAGAIN | zmq::Error::EFSM) => {
                // The dispatcher of a finished job may have ended before this sink was started.
                output.waiting() == 0
                    && output.is_complete()
                    && acknowledging.last_seen.elapsed() > ALONE_TIMEOUT
            }
            Err(error) => return Err(error).context("cannot receive from the dispatcher"),
        };
        if finished {
            return Ok(());
        }
    }
}

/// Receives the results that are there, as many as are to be made safe together. Returns how many
/// were there already.
fn receive(results: &Socket, output: &mut Output, tally: &mut Tally) -> Result<u64> {
    let mut duplicates = 0;
    while output.waiting() < FLUSH_BYTES {
        let frames = match results.recv_multipart(DONTWAIT) {
            Ok(frames) => frames,
            Err(zmq::Error::EAGAIN) => break,
            Err(error) => return Err(error).context("cannot receive results"),
        };
        let taken = match &frames[..] {
            [header, lines] => match serde_json::from_slice::<Results>(header) {
                Ok(Results { version, .. }) if version != VERSION => {
                    Err(format!("of version {version} of the protocol, not {VERSION}"))
                }
                Ok(Results { job, .. }) => match output.header() {
                    Some(header) if header.job == job => output.add(lines),
                    _ => Err(format!("of another job, {job}")),
                },
                Err(error) => Err(format!("not results: {error}")),
            },
            _ => Err("not two frames".to_owned()),
        };
        match taken {
            Ok(known) => duplicates += known,
            Err(why) => tally.reject(&BadMessage::new(why, &frames)),
        }
    }
    Ok(duplicates)
}

impl Acknowledging {
    /// Reports to the dispatcher what is safe, unless it still owes an answer.
    fn report(&mut self, dispatcher: &Socket, output: &mut Output) -> Result<()> {
        if self.asked.is_some_and(|asked| asked.elapsed() < ACK_RETRY) {
            return Ok(());
        }
        if self.asked.take().is_some() {
            // The last report may be lost.
            self.resync = true;
        }
        if !self.resync && self.safe.is_empty() && self.reported.elapsed() < ACK_INTERVAL {
            return Ok(());
        }
        let nums = if self.resync {
            // Only what is safe may be reported.
            output.commit()?;
            self.safe.clear();
            output.all()
        } else {
            std::mem::take(&mut self.safe)
        };
        let body = FromSink::Done {
            session: self.session,
            job: output.header().map(|header| header.job.clone()),
            all: self.resync,
            nums,
            failed: output.failed(),
        };
        let request = serde_json::to_vec(&Request { version: VERSION, body })?;
        match dispatcher.send(request, DONTWAIT) {
            Ok(()) => (self.asked, self.reported) = (Some(Instant::now()), Instant::now()),
            // No dispatcher yet.
            Err(zmq::Error::EAGAIN) => self.resync = true,
            Err(error) => return Err(error).context("cannot tell the dispatcher"),
        }
        Ok(())
    }

    /// Hears what remains. Returns whether that is nothing.
    fn hear(&mut self, answer: &[u8], output: &mut Output) -> Result<bool> {
        (self.asked, self.last_seen) = (None, Instant::now());
        let answer: ToSink =
            serde_json::from_slice(answer).context("cannot read the dispatcher's answer")?;
        match answer {
            ToSink::Rest { remaining, given_up, .. } => {
                self.resync = false;
                for task in &given_up {
                    output.give_up(task)?;
                }
                Ok(remaining == 0)
            }
            ToSink::Resync { job, total } => {
                if output.header().is_none() {
                    output.begin(job, total)?;
                }
                self.resync = true;
                Ok(false)
            }
            ToSink::Refused { why } => bail!("the dispatcher refused this sink: {why}"),
        }
    }
}
