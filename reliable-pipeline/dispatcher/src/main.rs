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
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use args::Args;
use clap::Parser;
use common::bad_message::{BadMessage, Rejected};
use common::exit;
use common::shutdown::Shutdown;
use job::Job;
use progress::Progress;
use protocol::message::{FromSink, FromWorker, Request, Session, ToSink, ToWorker};
use protocol::ranges::ranges;
use protocol::schedule::{Batch, Policy, Schedule};
use serde::Serialize;
use zmq::{DONTWAIT, POLLIN, Socket, SocketEvent};

/// How often the dispatcher looks whether a worker has died, in milliseconds.
const TICK: i64 = 50;
/// How long a dispatcher whose job is done waits for workers to hear of it.
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Default, Serialize)]
struct Tally {
    done: u64,
    failed: u64,
    handed_out: u64,
    rejected: Rejected,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    let job = match &args.input {
        Some(path) => Job::read(path)?,
        None => Job::counted(args.count),
    };
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut tally = Tally::default();
    let ended = dispatch(args, &context, &job, &mut tally);
    let signal = shutdown.finish(context, ended)?;
    let Tally { done, failed, handed_out: _, rejected } = &tally;
    if let Some(signal) = signal.filter(|_| *done < job.total()) {
        return Err(signal.cut_short(format!("{done} of {} tasks are done", job.total())));
    }
    out.result(format_args!("tasks done: {}{rejected}", done - failed), &tally)?;
    if *failed > 0 {
        bail!("{failed} of {} tasks failed; the output says why", job.total());
    }
    Ok(())
}

/// The peers of a job, and what is known of it.
struct Dispatch<'a> {
    job: &'a Job,
    schedule: Schedule,
    start: Instant,
    /// The sink that has told all that is done. Before, nothing is handed out.
    sink: Option<Session>,
    /// Workers that wait for an answer: the envelope of each request.
    waiting: VecDeque<(Session, Vec<Vec<u8>>)>,
    /// How many connections of workers are open.
    connections: u64,
    /// When the sink was told that nothing remains.
    finished: Option<Instant>,
    tally: &'a mut Tally,
}

fn dispatch(args: &Args, context: &zmq::Context, job: &Job, tally: &mut Tally) -> Result<()> {
    let workers = context.socket(zmq::ROUTER).context("cannot create a ROUTER socket")?;
    let sink = context.socket(zmq::REP).context("cannot create a REP socket")?;
    let news = context.socket(zmq::PUB).context("cannot create a PUB socket")?;
    let events = args.common.prepare_bind(context, &workers, [&args.bind])?;
    args.common.prepare_bind(context, &sink, [&args.acks_bind])?;
    args.common.prepare_bind(context, &news, [&args.progress_bind])?;
    for (socket, endpoint) in
        [(&workers, &args.bind), (&sink, &args.acks_bind), (&news, &args.progress_bind)]
    {
        socket.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        args.common.warn_if_open(endpoint);
    }

    let policy = Policy { attempts: args.attempts, lease: args.lease };
    let mut progress = Progress::new(job.total(), args.common.shows_progress())?;
    let mut dispatch = Dispatch {
        job,
        // Another dispatcher's batches have other numbers.
        schedule: Schedule::new(job.total(), policy, rand::random::<u64>() >> 1),
        start: Instant::now(),
        sink: None,
        waiting: VecDeque::new(),
        connections: 0,
        finished: None,
        tally,
    };
    while !dispatch.is_over() {
        let sockets = &mut [workers.as_poll_item(POLLIN), sink.as_poll_item(POLLIN)];
        zmq::poll(sockets, TICK).context("cannot wait for requests")?;
        while let Some(request) = received(&sink).context("cannot receive from the sink")? {
            let answer = dispatch.answer_sink(&request);
            sink.send(serde_json::to_vec(&answer)?, 0).context("cannot answer the sink")?;
        }
        while let Some(request) = received(&workers).context("cannot receive from a worker")? {
            dispatch.hear_worker(request, &workers)?;
        }
        dispatch.count_connections(&events);
        dispatch.schedule.pass(dispatch.start.elapsed());
        dispatch.answer_waiting(&workers)?;

        let (schedule, over) = (&dispatch.schedule, dispatch.is_over());
        if let Some(report) = progress.report(&job.id, job.total(), schedule, over) {
            let report = serde_json::to_vec(&report)?;
            news.send_multipart([b"progress".to_vec(), report], 0).context("cannot publish")?;
        }
        dispatch.tally.done = job.total() - dispatch.schedule.remaining();
        dispatch.tally.handed_out = dispatch.schedule.handed_out();
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
    fn is_over(&self) -> bool {
        self.finished.is_some_and(|since| self.connections == 0 || since.elapsed() > FAREWELL)
    }

    fn count_connections(&mut self, events: &Receiver<SocketEvent>) {
        for event in events.try_iter() {
            match event {
                SocketEvent::ACCEPTED => self.connections += 1,
                SocketEvent::DISCONNECTED => self.connections = self.connections.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn answer_sink(&mut self, frames: &[Vec<u8>]) -> ToSink {
        let (session, its_job, all, nums, failed) = match Request::parse(frames) {
            Ok(FromSink::Done { session, job, all, nums, failed }) => {
                (session, job, all, nums, failed)
            }
            Err(why) => {
                self.tally.rejected.report(&BadMessage::new(why.clone(), frames));
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
            // It is not known yet, or has to write first what its output is of.
            _ => return ToSink::TellAll { job, total },
        }
        self.sink = Some(session);
        self.tally.failed = failed;
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
            self.tally.rejected.report(&BadMessage::new("no request", &envelope));
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
                self.tally.rejected.report(&BadMessage::new(why.clone(), &request));
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
                // Not heard of for too long: a worker that waits asks again all the time.
            } else if let Some(batch) =
                self.sink.and_then(|_synchronised| self.schedule.take(session, now))
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
