//! The reliable pipeline, the first step: hands tasks out to the workers that ask for them, and
//! again until the sink has acknowledged each. It may be killed and started again at any moment:
//! the sink's output is the only state.
//!
//! Binds `tcp://*:5577` (ROUTER, for the workers' REQ), `tcp://*:5579` (REP, for the sink) and
//! `tcp://*:5580` (PUB, topic `progress`). `../../PROTOCOL.md` has the messages.
//!
//! ```text
//! terminal 1                    terminal 2                terminal 3
//! $ cargo run -p dispatcher     $ cargo run -p worker     $ cargo run -p sink -- --output results.jsonl
//! tasks done: 2000              tasks done: 2000          results: 2000
//! ```

mod args;
mod job;
mod progress;

use std::collections::VecDeque;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use args::Args;
use clap::Parser;
use common::message::BadMessage;
use common::program::{Program, exit, tally::Tally};
use job::Job;
use progress::Reports;
use protocol::message::{FromSink, FromWorker, Request, Session, ToSink, ToWorker};
use protocol::ranges::ranges;
use protocol::schedule::{Batch, Policy, Schedule};
use zmq::{DONTWAIT, POLLIN, Socket};

/// How often the dispatcher checks for dead workers, in milliseconds.
const TICK: i64 = 50;
/// How long a dispatcher whose job is done waits for its workers to disconnect.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    exit::report(|| {
        let args = Args::parse();
        let program = Program::start(&args.common)?;
        let job = match &args.input {
            Some(path) => Job::read(path)?,
            None => Job::counted(args.count),
        };
        let (total, mut figures) = (job.total(), Figures::default());
        let mut tally = Tally::new("tasks", "done", 0);
        tally.expect(total);
        let ended = dispatch(&args, &program, &job, &mut tally, &mut figures);
        let Figures { failed, handed_out } = figures;
        let tally = tally.with("failed", failed, "").with("handed_out", handed_out, "");
        program.finish(ended, &tally)?;
        ensure!(failed == 0, "{failed} of {total} tasks failed; the output says why");
        Ok(())
    })
}

/// What the summary has besides the tasks that are done.
#[derive(Default)]
struct Figures {
    failed: u64,
    handed_out: u64,
}

/// The peers of a job, and what is known of it.
struct Dispatch<'a> {
    job: &'a Job,
    schedule: Schedule,
    start: Instant,
    /// The sink that has reported all that is done. Before that, nothing is handed out.
    sink: Option<Session>,
    /// Workers that wait for an answer: the envelope of each request.
    waiting: VecDeque<(Session, Vec<Vec<u8>>)>,
    /// Since when nothing remains.
    finished: Option<Instant>,
    tally: &'a mut Tally,
    figures: &'a mut Figures,
}

fn dispatch(
    args: &Args,
    program: &Program,
    job: &Job,
    tally: &mut Tally,
    figures: &mut Figures,
) -> Result<()> {
    let workers = program.socket(zmq::ROUTER)?;
    workers.bind(&args.bind)?;
    let sink = program.socket(zmq::REP)?;
    sink.bind(&args.acks_bind)?;
    let progress = program.socket(zmq::PUB)?;
    progress.bind(&args.progress_bind)?;

    let policy = Policy { attempts: args.attempts, lease: args.lease };
    let mut reports = Reports::new(program.progress("tasks", job.total())?);
    let mut dispatch = Dispatch {
        job,
        // Another dispatcher's batches have other numbers.
        schedule: Schedule::new(job.total(), policy, rand::random::<u64>() >> 1),
        start: Instant::now(),
        sink: None,
        waiting: VecDeque::new(),
        finished: None,
        tally,
        figures,
    };
    while !dispatch.is_over(workers.connections().open()) {
        let sockets = &mut [workers.as_poll_item(POLLIN), sink.as_poll_item(POLLIN)];
        zmq::poll(sockets, TICK).context("cannot wait for requests")?;
        while let Some(request) = received(&sink).context("cannot receive from the sink")? {
            let answer = dispatch.answer_sink(&request);
            sink.send(serde_json::to_vec(&answer)?, 0).context("cannot answer the sink")?;
        }
        while let Some(request) = received(&workers).context("cannot receive from a worker")? {
            dispatch.hear_worker(request, &workers)?;
        }
        dispatch.schedule.tick(dispatch.start.elapsed());
        dispatch.answer_waiting(&workers)?;

        let over = dispatch.is_over(workers.connections().open());
        if let Some(report) = reports.next(&job.id, job.total(), &dispatch.schedule, over) {
            let report = serde_json::to_vec(&report)?;
            progress.send_multipart([b"progress".to_vec(), report], 0).context("cannot publish")?;
        }
        dispatch.count();
    }
    Ok(())
}

/// The next message that is there.
fn received(socket: &Socket) -> zmq::Result<Option<Vec<Vec<u8>>>> {
    match socket.recv_multipart(DONTWAIT) {
        Ok(frames) => Ok(Some(frames)),
        Err(zmq::Error::EAGAIN) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Dispatch<'_> {
    /// Whether the job is done, and the workers' `connections` are closed, or stay open too long.
    fn is_over(&self, connections: u64) -> bool {
        self.finished.is_some_and(|since| connections == 0 || since.elapsed() > DRAIN_TIMEOUT)
    }

    /// Counts the tasks that are done for the summary. Those that failed are not.
    fn count(&mut self) {
        let finished = self.job.total() - self.schedule.remaining();
        self.tally.set(finished.saturating_sub(self.figures.failed));
        self.figures.handed_out = self.schedule.handed_out();
    }

    fn answer_sink(&mut self, frames: &[Vec<u8>]) -> ToSink {
        let (session, its_job, all, nums, failed) = match Request::parse(frames) {
            Ok(FromSink::Done { session, job, all, nums, failed }) => {
                (session, job, all, nums, failed)
            }
            Err(why) => {
                self.tally.reject(&BadMessage::new(why.clone(), frames));
                return ToSink::Refused { why };
            }
        };
        let (job, total) = (self.job.id.clone(), self.job.total());
        match its_job {
            Some(its_job) if its_job != job => {
                let why = format!("its output is of the job {its_job}, not of {job}");
                tracing::warn!("refused a sink: {why}");
                return ToSink::Refused { why };
            }
            Some(_) if all => self.schedule.acknowledge_only(&nums),
            Some(_) if self.sink == Some(session) => self.schedule.acknowledge(&nums),
            // It is not known yet, or its output has no job yet.
            _ => return ToSink::Resync { job, total },
        }
        self.sink = Some(session);
        self.figures.failed = failed;
        let remaining = self.schedule.remaining();
        if remaining == 0 {
            self.finished.get_or_insert_with(Instant::now);
        } else {
            self.finished = None;
        }
        ToSink::Rest { job, total, remaining, given_up: self.schedule.given_up() }
    }

    /// Before the empty frame stands where the answer goes, after it the request.
    fn hear_worker(&mut self, mut envelope: Vec<Vec<u8>>, workers: &Socket) -> Result<()> {
        let Some(delimiter) = envelope.iter().position(Vec::is_empty) else {
            self.tally.reject(&BadMessage::new("no request", &envelope));
            return Ok(());
        };
        let request = envelope.split_off(delimiter + 1);
        let now = self.start.elapsed();
        let answer = match Request::parse(&request) {
            Ok(FromWorker::Ready { session, worker_id, batch, failed }) => {
                self.waiting.retain(|(waiting, _)| *waiting != session);
                match self.schedule.ready(session, worker_id, batch, &failed, now) {
                    Some(batch) => return self.hand_out(&batch, &envelope, workers),
                    None => self.waiting.push_back((session, envelope)),
                }
                return Ok(());
            }
            Ok(FromWorker::Alive { sessions }) => {
                for session in sessions {
                    self.schedule.alive(session, now);
                    if self.finished.is_some() {
                        self.schedule.bye(session);
                    }
                }
                if self.finished.is_some() { ToWorker::End } else { ToWorker::Ok }
            }
            Ok(FromWorker::Bye { sessions }) => {
                for session in sessions {
                    self.waiting.retain(|(waiting, _)| *waiting != session);
                    self.schedule.bye(session);
                }
                ToWorker::Ok
            }
            Err(why) => {
                self.tally.reject(&BadMessage::new(why.clone(), &request));
                ToWorker::Refused { why }
            }
        };
        send(workers, &envelope, [serde_json::to_vec(&answer)?])
    }

    /// Gives each worker that waits what there is for it.
    fn answer_waiting(&mut self, workers: &Socket) -> Result<()> {
        for _ in 0..self.waiting.len() {
            let Some((session, envelope)) = self.waiting.pop_front() else { break };
            let now = self.start.elapsed();
            if self.finished.is_some() {
                self.schedule.bye(session);
                send(workers, &envelope, [serde_json::to_vec(&ToWorker::End)?])?;
            } else if !self.schedule.knows(session) {
                // Silent for too long: a waiting worker keeps asking.
            } else if let Some(batch) =
                self.sink.and_then(|_synchronised| self.schedule.next_batch(session, now))
            {
                self.hand_out(&batch, &envelope, workers)?;
            } else {
                self.waiting.push_back((session, envelope));
            }
        }
        Ok(())
    }

    fn hand_out(&self, batch: &Batch, envelope: &[Vec<u8>], workers: &Socket) -> Result<()> {
        let nums = ranges(batch.nums.iter().copied());
        let work = ToWorker::Work { job: self.job.id.clone(), batch: batch.id, nums };
        send(workers, envelope, [serde_json::to_vec(&work)?, self.job.tasks(&batch.nums)])
    }
}

fn send<const N: usize>(
    workers: &Socket,
    envelope: &[Vec<u8>],
    answer: [Vec<u8>; N],
) -> Result<()> {
    let frames = envelope.iter().cloned().chain(answer);
    workers.send_multipart(frames, 0).context("cannot answer a worker")
}
