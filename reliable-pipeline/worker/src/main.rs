//! The reliable pipeline, the middle step: asks for tasks, does them, and sends the results on. What
//! it holds when it dies is handed out again.
//!
//! Connects to `tcp://localhost:5577` (REQ) and `tcp://localhost:5578` (PUSH). `worker -- CMD ARGS…`
//! runs a command a task. `../../PROTOCOL.md` has the messages.
//!
//! ```text
//! terminal 1                    terminal 2                terminal 3
//! $ cargo run -p dispatcher     $ cargo run -p worker     $ cargo run -p sink -- --output results.jsonl
//! tasks done: 2000              tasks done: 2000          results: 2000
//! ```

mod args;
mod task;

use std::borrow::Cow;
use std::io::Write;
use std::mem;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use args::Args;
use clap::Parser;
use common::program::signals::Sleeper;
use common::program::{Program, exit, tally::Tally};
use common::socket::Socket;
use protocol::VERSION;
use protocol::message::{Failure, FromWorker, Request, Results, Session, ToWorker};
use protocol::ranges::numbers;
use serde_json::value::RawValue;
use task::Running;

/// How long to wait for an answer before asking again, in milliseconds.
const ASK_TIMEOUT: i32 = 1000;
/// How often the worker reports that it is alive.
const ALIVE_INTERVAL: Duration = Duration::from_millis(500);
/// How long an ending worker tries to hand its tasks back, in milliseconds.
const BYE_TIMEOUT: i32 = 200;
/// Batches of results that wait for the sink.
const RESULTS_WAITING: i32 = 4;

fn main() -> ExitCode {
    exit::report(|| {
        let args = Args::parse();
        let program = Program::start(&args.common)?;
        let worker = Worker::new(&args, &program);
        let ended = worker.work();
        if ended.is_err() {
            worker.say_bye();
        }
        let (id, failed) = (worker.args.id, worker.failed.load(Ordering::Relaxed));
        let mut tally = Tally::of_job("tasks", "done").with("worker_id", id, "");
        tally.set(worker.done.load(Ordering::Relaxed));
        let failures = if failed > 0 { format!("tasks failed: {failed}") } else { String::new() };
        program.finish(ended, &tally.with("failed", failed, failures))
    })
}

/// What the threads of a worker share.
struct Worker<'a> {
    args: &'a Args,
    program: &'a Program,
    sleeper: Sleeper,
    sessions: Vec<Session>,
    running: Running,
    job_ended: AtomicBool,
    done: AtomicU64,
    failed: AtomicU64,
}

impl<'a> Worker<'a> {
    fn new(args: &'a Args, program: &'a Program) -> Self {
        Self {
            args,
            program,
            sleeper: program.sleeper(),
            sessions: (0..args.jobs.get()).map(|_| rand::random()).collect(),
            running: Running::default(),
            job_ended: AtomicBool::new(false),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Works in as many threads as there are tasks at a time, until the job ends.
    fn work(&self) -> Result<()> {
        thread::scope(|scope| {
            let alive = scope.spawn(|| self.tell_alive().inspect_err(|_| self.running.stop()));
            let sessions: Vec<_> =
                self.sessions.iter().map(|session| scope.spawn(|| self.serve(*session))).collect();
            for session in sessions {
                let served = session.join().unwrap_or_else(|_| bail!("a thread panicked"));
                if let Err(error) = served {
                    self.running.stop();
                    self.end_job();
                    return Err(error);
                }
            }
            self.end_job();
            alive.join().unwrap_or_else(|_| bail!("a thread panicked"))
        })
    }

    /// No more is to be done: wakes the thread that tells that this worker is alive.
    fn end_job(&self) {
        self.job_ended.store(true, Ordering::Relaxed);
        self.sleeper.wake();
    }

    /// Connects a socket for asking the dispatcher. An answer may be lost with its dispatcher: after
    /// `timeout` milliseconds without one it may be asked again, and takes no answer for another
    /// request's.
    fn connect(&self, socket: Socket, timeout: i32) -> Result<Socket> {
        socket.set_rcvtimeo(timeout).context("cannot set the timeout")?;
        socket.set_sndtimeo(timeout).context("cannot set the timeout")?;
        socket.set_req_relaxed(true).context("cannot relax the turns of sending and receiving")?;
        socket.set_req_correlate(true).context("cannot number the requests")?;
        socket.connect(&self.args.connect)?;
        Ok(socket)
    }

    /// Asks for a batch, runs its tasks, sends the results, and so on.
    fn serve(&self, session: Session) -> Result<()> {
        let dispatcher = self.connect(self.program.socket(zmq::REQ)?, ASK_TIMEOUT)?;
        let results = self.program.socket(zmq::PUSH)?;
        // Results wait here, where they count as being worked on, until the sink is there.
        results.set_immediate(true).context("cannot have messages wait for a connection")?;
        results.set_sndhwm(RESULTS_WAITING).context("cannot set the high-water mark")?;
        results.connect(&self.args.results_connect)?;

        let (mut batch, mut failed) = (None, Vec::new());
        loop {
            let failed_before = mem::take(&mut failed);
            let ready = FromWorker::Ready {
                session,
                worker_id: self.args.id,
                batch,
                failed: failed_before,
            };
            let ready = serde_json::to_vec(&Request { version: VERSION, body: ready })?;
            let frames = loop {
                match ask(&dispatcher, &ready) {
                    Err(zmq::Error::EAGAIN) if self.job_ended.load(Ordering::Relaxed) => {
                        return Ok(());
                    }
                    Err(zmq::Error::EAGAIN) => {}
                    frames => break frames.context("cannot ask for tasks")?,
                }
            };
            let (job, nums, tasks) = match parse(&frames)? {
                (ToWorker::Work { job, batch: given, nums }, [tasks]) => {
                    batch = Some(given);
                    (job, nums, tasks)
                }
                (ToWorker::End, _) => return Ok(()),
                (ToWorker::Refused { why }, _) => {
                    bail!("the dispatcher refused this worker: {why}")
                }
                _ => bail!("the dispatcher does not speak this protocol"),
            };
            let tasks: Vec<&RawValue> =
                serde_json::from_slice(tasks).context("cannot read the tasks")?;
            let (mut lines, mut done) = (Vec::new(), 0);
            for (num, task) in numbers(&nums, u64::MAX).zip(tasks) {
                self.sleeper.sleep(self.args.work)?;
                match self.result(task) {
                    Ok(result) => {
                        let (worker_id, result) = (self.args.id, result.get());
                        write!(
                            lines,
                            r#"{{"num":{num},"worker_id":{worker_id},"result":{result}}}"#
                        )?;
                        lines.push(b'\n');
                        done += 1;
                    }
                    Err(_) if self.job_ended.load(Ordering::Relaxed) => return Ok(()),
                    Err(why) => failed.push(Failure { num, why }),
                }
            }
            self.done.fetch_add(done, Ordering::Relaxed);
            self.failed.fetch_add(failed.len() as u64, Ordering::Relaxed);
            if !lines.is_empty() {
                let header = serde_json::to_vec(&Results { version: VERSION, job })?;
                results.send_multipart([header, lines], 0).context("cannot send results")?;
            }
        }
    }

    fn result<'task>(&self, task: &'task RawValue) -> Result<Cow<'task, RawValue>, String> {
        if self.args.command.is_empty() {
            return Ok(Cow::Borrowed(task));
        }
        let result = self.running.run(&self.args.command, task.get());
        result.map(Cow::Owned).inspect_err(|why| tracing::warn!("a task failed: {why}"))
    }

    /// Reports that the sessions are alive, however long their tasks take, and learns from the
    /// answers when the job has ended.
    fn tell_alive(&self) -> Result<()> {
        let dispatcher = self.connect(self.program.socket(zmq::REQ)?, ASK_TIMEOUT)?;
        let alive = FromWorker::Alive { sessions: self.sessions.clone() };
        let alive = serde_json::to_vec(&Request { version: VERSION, body: alive })?;
        let job_ended = || self.job_ended.load(Ordering::Relaxed);
        loop {
            self.sleeper.sleep_unless(ALIVE_INTERVAL, job_ended)?;
            if job_ended() {
                return Ok(());
            }
            match ask(&dispatcher, &alive) {
                Err(zmq::Error::EAGAIN) => {}
                frames => {
                    let frames = frames.context("cannot tell that this worker is alive")?;
                    if matches!(parse(&frames)?, (ToWorker::End, _)) {
                        self.end_job();
                        self.running.stop();
                    }
                }
            }
        }
    }

    /// Hands back what this worker holds. A signal has terminated the context, so over another one.
    fn say_bye(&self) {
        let say = || -> Result<()> {
            let options = &self.args.common.socket;
            let socket = Socket::new(&zmq::Context::new(), zmq::REQ, options)?;
            let dispatcher = self.connect(socket, BYE_TIMEOUT)?;
            dispatcher.set_linger(0).context("cannot set the linger time")?;
            let bye = FromWorker::Bye { sessions: self.sessions.clone() };
            let bye = serde_json::to_vec(&Request { version: VERSION, body: bye })?;
            ask(&dispatcher, &bye).context("cannot say good-bye")?;
            Ok(())
        };
        if let Err(error) = say() {
            tracing::info!("could not hand the tasks back: {error:#}");
        }
    }
}

fn ask(dispatcher: &Socket, request: &[u8]) -> zmq::Result<Vec<Vec<u8>>> {
    dispatcher.send(request, 0)?;
    dispatcher.recv_multipart(0)
}

fn parse(frames: &[Vec<u8>]) -> Result<(ToWorker, &[Vec<u8>])> {
    let [answer, rest @ ..] = frames else { bail!("the dispatcher answered nothing") };
    Ok((serde_json::from_slice(answer).context("cannot read the dispatcher's answer")?, rest))
}
