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

use anyhow::{Context, Result, bail};
use args::Args;
use clap::Parser;
use common::bad_message::{BadMessage, Rejected};
use common::exit;
use common::shutdown::Shutdown;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use output::Output;
use protocol::VERSION;
use protocol::message::{FromSink, Request, Results, Session, ToSink};
use protocol::ranges::Range;
use serde::Serialize;
use zmq::{DONTWAIT, POLLIN, Socket};

/// How long results are gathered before they are made safe together, in milliseconds.
const GATHER: u64 = 10;
/// How much is gathered at most, in bytes.
const GATHER_BYTES: usize = 4 << 20;
/// Batches of results that wait to be taken, for each worker.
const RESULTS_WAITING: i32 = 16;
/// How often the dispatcher is told at least, so that it can say what is given up.
const TELL: Duration = Duration::from_millis(200);
/// After so long without a dispatcher a sink whose output is complete ends by itself.
const ALONE: Duration = Duration::from_secs(2);
/// After so long without an answer the dispatcher is another one, perhaps.
const TELL_AGAIN: Duration = Duration::from_secs(1);

#[derive(Default, Serialize)]
struct Tally {
    results: u64,
    failed: u64,
    duplicates: u64,
    rejected: Rejected,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    let mut output = match &args.output {
        Some(path) => Output::open(path)?,
        None => Output::stdout(),
    };
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut tally = Tally::default();
    let ended = collect(args, &context, &mut output, &mut tally);
    let signal = shutdown.finish(context, ended)?;
    let total = output.header().map_or(0, |header| header.total);
    (tally.results, tally.failed) = (output.done() - output.failed(), output.failed());
    let Tally { results, failed, duplicates: _, rejected } = &tally;
    if let Some(signal) = signal {
        return Err(signal.cut_short(format!("{} of {total} tasks are done", output.done())));
    }
    if args.output.is_some() {
        out.result(format_args!("results: {results}{rejected}"), &tally)?;
    }
    if *failed > 0 {
        bail!("{failed} of {total} tasks failed; the output says why");
    }
    Ok(())
}

/// What the sink has told the dispatcher.
struct Acknowledging {
    session: Session,
    /// Tasks that are safe, but not told yet.
    safe: Vec<Range>,
    /// Whether the dispatcher is to be told all that is done.
    all: bool,
    asked: Option<Instant>,
    told: Instant,
    heard: Instant,
}

fn collect(
    args: &Args,
    context: &zmq::Context,
    output: &mut Output,
    tally: &mut Tally,
) -> Result<()> {
    let results = context.socket(zmq::PULL).context("cannot create a PULL socket")?;
    args.common.prepare_bind(context, &results, [&args.bind])?;
    results.set_rcvhwm(RESULTS_WAITING).context("cannot set the high-water mark")?;
    results.bind(&args.bind).with_context(|| format!("cannot bind {}", args.bind))?;
    args.common.warn_if_open(&args.bind);

    let dispatcher = context.socket(zmq::REQ).context("cannot create a REQ socket")?;
    let endpoint = &args.acks_connect;
    args.common.prepare_connect(context, &dispatcher, [endpoint])?;
    dispatcher.set_req_relaxed(true).context("cannot relax the turns of sending and receiving")?;
    dispatcher.set_req_correlate(true).context("cannot number the requests")?;
    dispatcher.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;

    let bar = progress_bar(args)?;
    let mut acknowledging = Acknowledging {
        session: rand::random(),
        safe: Vec::new(),
        all: true,
        asked: None,
        told: Instant::now(),
        heard: Instant::now(),
    };
    let mut gathering: Option<Instant> = None;
    loop {
        acknowledging.tell(&dispatcher, output)?;
        let sockets = &mut [results.as_poll_item(POLLIN), dispatcher.as_poll_item(POLLIN)];
        zmq::poll(sockets, 10).context("cannot wait for results")?;
        take(&results, output, tally)?;
        if output.waiting() > 0 {
            let since = *gathering.get_or_insert_with(Instant::now);
            if output.waiting() >= GATHER_BYTES || since.elapsed() >= Duration::from_millis(GATHER)
            {
                acknowledging.safe.extend(output.save()?);
                gathering = None;
            }
        }
        if let Some(header) = output.header() {
            bar.set_length(header.total);
            bar.set_position(output.done());
        }
        let finished = match dispatcher.recv_bytes(DONTWAIT) {
            Ok(answer) => acknowledging.hear(&answer, output)?,
            Err(zmq::Error::EAGAIN | zmq::Error::EFSM) => {
                // The dispatcher of a finished job may have ended before this sink was started.
                output.waiting() == 0
                    && output.is_complete()
                    && acknowledging.heard.elapsed() > ALONE
            }
            Err(error) => return Err(error).context("cannot receive from the dispatcher"),
        };
        if finished {
            return Ok(());
        }
    }
}

/// Takes the results that are there, as many as are to be made safe together.
fn take(results: &Socket, output: &mut Output, tally: &mut Tally) -> Result<()> {
    while output.waiting() < GATHER_BYTES {
        let frames = match results.recv_multipart(DONTWAIT) {
            Ok(frames) => frames,
            Err(zmq::Error::EAGAIN) => return Ok(()),
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
            Ok(duplicates) => tally.duplicates += duplicates,
            Err(why) => tally.rejected.report(&BadMessage::new(why, &frames)),
        }
    }
    Ok(())
}

impl Acknowledging {
    /// Tells the dispatcher what is safe, unless it still owes an answer.
    fn tell(&mut self, dispatcher: &Socket, output: &mut Output) -> Result<()> {
        if self.asked.is_some_and(|asked| asked.elapsed() < TELL_AGAIN) {
            return Ok(());
        }
        if self.asked.take().is_some() {
            // What was told may be lost.
            self.all = true;
        }
        if !self.all && self.safe.is_empty() && self.told.elapsed() < TELL {
            return Ok(());
        }
        let nums = if self.all {
            // Only what is safe may be told.
            output.save()?;
            self.safe.clear();
            output.all()
        } else {
            std::mem::take(&mut self.safe)
        };
        let body = FromSink::Done {
            session: self.session,
            job: output.header().map(|header| header.job.clone()),
            all: self.all,
            nums,
            failed: output.failed(),
        };
        let request = serde_json::to_vec(&Request { version: VERSION, body })?;
        match dispatcher.send(request, DONTWAIT) {
            Ok(()) => (self.asked, self.told) = (Some(Instant::now()), Instant::now()),
            // No dispatcher yet.
            Err(zmq::Error::EAGAIN) => self.all = true,
            Err(error) => return Err(error).context("cannot tell the dispatcher"),
        }
        Ok(())
    }

    /// Hears what remains. Returns whether that is nothing.
    fn hear(&mut self, answer: &[u8], output: &mut Output) -> Result<bool> {
        (self.asked, self.heard) = (None, Instant::now());
        let answer: ToSink =
            serde_json::from_slice(answer).context("cannot read the dispatcher's answer")?;
        match answer {
            ToSink::Rest { remaining, given_up, .. } => {
                self.all = false;
                for task in &given_up {
                    output.give_up(task)?;
                }
                Ok(remaining == 0)
            }
            ToSink::TellAll { job, total } => {
                if output.header().is_none() {
                    output.begin(job, total)?;
                }
                self.all = true;
                Ok(false)
            }
            ToSink::Refused { why } => bail!("the dispatcher refused this sink: {why}"),
        }
    }
}

fn progress_bar(args: &Args) -> Result<ProgressBar> {
    if !args.common.shows_progress() || args.output.is_none() {
        return Ok(ProgressBar::hidden());
    }
    let style = "{bar:40} {pos}/{len} results, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style).context("cannot draw a progress bar")?;
    // However the job ends.
    Ok(ProgressBar::new(0).with_style(style).with_finish(ProgressFinish::AndClear))
}
