//! The reliable pipeline, the last step: writes each result once, makes it safe, and only then tells
//! the dispatcher that the task is done. Its output is all that has to survive.
//!
//! Binds `tcp://*:5578` (PULL, for the workers), connects to `tcp://localhost:5579` (DEALER, to
//! the dispatcher's REP). `../../PROTOCOL.md` has the messages.
//!
//! ```text
//! terminal 1                    terminal 2                terminal 3
//! $ cargo run -p dispatcher     $ cargo run -p worker     $ cargo run -p sink -- --output results.jsonl
//! tasks done: 2000              tasks done: 2000          results: 2000
//! ```

mod args;
mod file;

use std::fs;
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use args::Args;
use common::message::BadMessage;
use common::program::waiting::{Wait, Waiting};
use common::program::{Program, arguments, exit, tally::Tally};
use common::socket::Socket;
use file::Place;
use protocol::VERSION;
use protocol::message::{LEAST_LIMIT, Request};
use protocol::output::{Heard, Output, Reporter};
use zmq::{DONTWAIT, POLLIN, POLLOUT};

/// Results are written and synced together, this often.
const FLUSH_DELAY: Duration = Duration::from_millis(10);
/// Or as soon as this many bytes have arrived: few, which are still in the processor's cache, and
/// many on a disk that takes longer than [`FLUSH_DELAY`] for any of them.
const FLUSH_BYTES: usize = 1 << 20;
const FLUSH_BYTES_SLOW: usize = 4 << 20;
/// Messages with results that are queued per worker.
const RESULTS_WAITING: i32 = 16;
/// Reports that are queued for a dispatcher.
const REPORTS_WAITING: i32 = 4;
/// How often the sink looks what is due, in milliseconds: at any time; when results wait to be
/// written; and when all are, and it waits for the dispatcher's last word.
const TICK: i64 = 50;
const FLUSH_TICK: i64 = 10;
const LAST_TICK: i64 = 2;

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let program = Program::start(&args.common)?;
        let limit = args.common.socket.max_message_size();
        ensure!(limit >= LEAST_LIMIT, "--max-message-size is below {LEAST_LIMIT}");
        let (place, output) = match args.file() {
            Some(path) => {
                if args.retry_failed {
                    file::forget_failed(path)?;
                }
                Place::open(path)?
            }
            None => (Place::Stdout(std::io::stdout()), Output::default()),
        };
        let mut sink = Sink::new(&args, place, output);
        let ended = sink.collect(&args, &program);
        let (total, failed) = (sink.total(), sink.output.failed());
        let left = total - sink.output.done();
        let mut tally = sink.tally.labelled("results").with("failed", failed, "");
        if args.file().is_none() {
            // stdout holds the results themselves.
            tally = tally.of_printed();
        }
        program.finish(ended, &tally.with("duplicates", sink.duplicates, ""))?;
        ensure!(
            left == 0,
            "the job ended early: {failed} of {total} tasks failed, {left} are not done"
        );
        let again = if args.file().is_some() { " (--retry-failed tries them again)" } else { "" };
        ensure!(failed == 0, "{failed} of {total} tasks failed; the output says why{again}");
        Ok(())
    })
}

/// The output, and what the dispatcher knows of it.
struct Sink {
    start: Instant,
    place: Place,
    output: Output,
    reporter: Reporter,
    /// Since when results wait to be written.
    first_unwritten: Option<Instant>,
    /// How many bytes of them are enough.
    flush_bytes: usize,
    duplicates: u64,
    tally: Tally,
    waiting: Waiting,
    /// When workers were connected last.
    had_workers: Duration,
}

impl Sink {
    fn new(args: &Args, place: Place, output: Output) -> Self {
        let session = rand::random_range(0..1 << 52);
        let limit = args.common.socket.max_message_size();
        Self {
            start: Instant::now(),
            place,
            output,
            reporter: Reporter::new(session, name(args), limit, Duration::ZERO),
            first_unwritten: None,
            flush_bytes: FLUSH_BYTES,
            duplicates: 0,
            tally: Tally::of_job("result", "written"),
            waiting: Waiting::default(),
            had_workers: Duration::ZERO,
        }
    }

    fn total(&self) -> u64 {
        self.output.header().map_or(0, |header| header.total)
    }

    fn collect(&mut self, args: &Args, program: &Program) -> Result<()> {
        let results = program.socket(zmq::PULL)?;
        results.leave_waiting_to_program();
        results.set_rcvhwm(RESULTS_WAITING).context("cannot set the high-water mark")?;
        results.bind(&args.bind)?;
        // A REQ that need not wait for its answers: on the wire they are the same.
        let dispatcher = program.socket(zmq::DEALER)?;
        dispatcher.leave_waiting_to_program();
        // A few reports wait for the next dispatcher. With `ZMQ_IMMEDIATE` none would, but the last
        // answer of one that ends would be lost with its connection.
        dispatcher.set_sndhwm(REPORTS_WAITING).context("cannot set the high-water mark")?;
        dispatcher.connect(&args.acks_connect)?;
        let progress = args.file().map(|_| program.progress("results", 0)).transpose()?;
        loop {
            self.receive(&results)?;
            let over = self.hear(&dispatcher)?;
            if over || self.reporter.is_alone(&self.output, self.start.elapsed()) {
                return self.commit(true);
            }
            self.commit(false)?;
            self.report(&dispatcher)?;
            self.say_what_it_waits_for(args, &dispatcher, results.connections().open());
            self.tally.set(self.output.done().saturating_sub(self.output.failed()));
            if let Some(header) = self.output.header() {
                self.tally.set_total(header.total);
                if let Some(progress) = &progress {
                    progress.set_total(header.total);
                    progress.set(self.output.done());
                    let failed = format!("{} failed", self.output.failed());
                    progress.say(self.waiting.said().as_deref().unwrap_or(&failed));
                }
            }
            let sockets = &mut [results.as_poll_item(POLLIN), dispatcher.as_poll_item(POLLIN)];
            zmq::poll(sockets, self.tick()).context("cannot wait for results")?;
        }
    }

    fn tick(&self) -> i64 {
        match self.output.waiting() {
            0 if self.output.is_complete() => LAST_TICK,
            0 => TICK,
            _ => FLUSH_TICK,
        }
    }

    /// Receives the results that are there, as many as are to be made safe together.
    fn receive(&mut self, results: &Socket) -> Result<()> {
        let mut frames = Vec::new();
        while self.output.waiting() < self.flush_bytes {
            match results.recv_frames(&mut frames, DONTWAIT) {
                Ok(()) => {}
                Err(zmq::Error::EAGAIN) => break,
                Err(error) => return Err(error).context("cannot receive results"),
            }
            let added = match &frames[..] {
                [first, lines] => self.output.add(first, lines),
                _ => Err("not two frames".to_owned()),
            };
            match added {
                Ok(known) => self.duplicates += known,
                Err(why) => self.tally.reject(&BadMessage::new(why, &frames)),
            }
        }
        Ok(())
    }

    /// Makes safe what has arrived, if it has waited long enough, nothing is to follow, or `now`.
    fn commit(&mut self, now: bool) -> Result<()> {
        if self.output.waiting() == 0 {
            return Ok(());
        }
        let since = *self.first_unwritten.get_or_insert_with(Instant::now);
        // Nothing is handed out until the header is safe, and nothing follows the last result.
        let nothing_follows = self.output.done() == 0 || self.output.has_all();
        let is_enough = nothing_follows || self.output.waiting() >= self.flush_bytes;
        if now || is_enough || since.elapsed() >= FLUSH_DELAY {
            let began = Instant::now();
            self.place.write(self.output.lines())?;
            let is_slow = began.elapsed() > FLUSH_DELAY;
            self.flush_bytes = if is_slow { FLUSH_BYTES_SLOW } else { FLUSH_BYTES };
            self.reporter.safe(self.output.committed());
            self.first_unwritten = None;
        }
        Ok(())
    }

    fn report(&mut self, dispatcher: &Socket) -> Result<()> {
        let events = dispatcher.get_events().context("cannot look at the dispatcher")?;
        if !events.contains(POLLOUT) {
            // Nobody takes them.
            return Ok(());
        }
        while let Some(body) = self.reporter.next_report(&self.output, self.start.elapsed()) {
            let request = serde_json::to_vec(&Request { version: VERSION, body })?;
            match dispatcher.send_multipart([Vec::new(), request], DONTWAIT) {
                // Without a dispatcher it is lost, and sent again.
                Ok(()) | Err(zmq::Error::EAGAIN) => {}
                Err(error) => return Err(error).context("cannot report to the dispatcher"),
            }
        }
        Ok(())
    }

    /// Hears what remains. Returns whether the job has ended.
    fn hear(&mut self, dispatcher: &Socket) -> Result<bool> {
        loop {
            let frames = match dispatcher.recv_multipart(DONTWAIT) {
                Ok(frames) => frames,
                Err(zmq::Error::EAGAIN) => return Ok(false),
                Err(error) => return Err(error).context("cannot receive from the dispatcher"),
            };
            let answer = frames.last().map_or(&[][..], Vec::as_slice);
            let answer =
                serde_json::from_slice(answer).context("cannot read the dispatcher's answer")?;
            match self.reporter.hear(&answer, &mut self.output, self.start.elapsed()) {
                Heard::Nothing => {}
                Heard::Over => return Ok(true),
                Heard::Refused(why) => bail!("the dispatcher refused this sink: {why}"),
            }
        }
    }

    fn say_what_it_waits_for(&mut self, args: &Args, dispatcher: &Socket, workers: u64) {
        let now = self.start.elapsed();
        if workers > 0 || self.output.is_complete() {
            self.had_workers = now;
        }
        let wait = match self.reporter.silent_dispatcher(now) {
            Some(since) => {
                let is_complete = self.output.is_complete();
                let more = if is_complete { "; the output is complete" } else { "" };
                let what = format!("no dispatcher answers at {}{more}", args.acks_connect);
                Some(Wait::new(what, since).at(dispatcher))
            }
            None if now > self.had_workers => {
                let what = format!("no worker is connected to {}", args.bind);
                Some(Wait::new(what, self.had_workers))
            }
            None => None,
        };
        self.waiting.look(wait, now);
    }
}

/// What the output is called: the same for the next sink that writes to it, and for no other.
fn name(args: &Args) -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let host = host.to_string_lossy();
    match args.file() {
        Some(path) => {
            let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            format!("{host}:{}", path.display())
        }
        None => format!("stdout of process {} on {host}", process::id()),
    }
}
