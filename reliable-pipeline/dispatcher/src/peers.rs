//! The messages between the dispatcher's sockets and its schedule.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Context, Result};
use common::message::BadMessage;
use common::program::tally::Tally;
use protocol::message::{FromSink, FromWorker, Ready, Request, ToSink, ToWorker};
use protocol::schedule::{Schedule, Slot};
use zmq::{DONTWAIT, Socket};

use crate::job::Job;

/// How many messages are read at a time, so that neither workers nor sink wait for the others.
const AT_A_TIME: usize = 1_000;

/// The peers of a job, and what is known of it.
pub struct Peers<'a> {
    pub job: &'a Job,
    pub schedule: Schedule,
    pub start: Instant,
    /// Where the answer to each slot's latest request goes.
    envelopes: HashMap<Slot, Vec<Vec<u8>>>,
    /// Where each run was heard last.
    runs: HashMap<u64, Vec<Vec<u8>>>,
    pub tally: &'a mut Tally,
}

impl<'a> Peers<'a> {
    pub fn new(job: &'a Job, schedule: Schedule, start: Instant, tally: &'a mut Tally) -> Self {
        Self { job, schedule, start, envelopes: HashMap::new(), runs: HashMap::new(), tally }
    }

    /// Hears what has come, and answers. Returns whether that was all.
    pub fn hear(&mut self, workers: &Socket, sink: &Socket) -> Result<bool> {
        for _ in 0..AT_A_TIME {
            let Some(frames) = received(sink).context("cannot receive from the sink")? else {
                break;
            };
            let answer = self.answer_sink(&frames);
            sink.send(serde_json::to_vec(&answer)?, 0).context("cannot answer the sink")?;
        }
        for _ in 0..AT_A_TIME {
            let Some(frames) = received(workers).context("cannot receive from a worker")? else {
                return Ok(true);
            };
            self.hear_worker(frames, workers)?;
        }
        Ok(false)
    }

    fn answer_sink(&mut self, frames: &[Vec<u8>]) -> ToSink {
        let report = match Request::parse(frames) {
            Ok(FromSink::Report(report)) => report,
            Err(why) => {
                self.tally.reject(&BadMessage::new(why.clone(), frames));
                return ToSink::Refused { why };
            }
        };
        let answer = self.schedule.hear_sink(&report, self.start.elapsed());
        if let ToSink::Refused { why } = &answer {
            tracing::warn!("refused a sink: {why}");
        }
        answer
    }

    /// Before the empty frame stands where the answer goes, after it the request.
    fn hear_worker(&mut self, mut envelope: Vec<Vec<u8>>, workers: &Socket) -> Result<()> {
        let Some(delimiter) = envelope.iter().position(Vec::is_empty) else {
            self.tally.reject(&BadMessage::new("no request", &envelope));
            return Ok(());
        };
        let frames = envelope.split_off(delimiter + 1);
        let answer = match Request::parse(&frames) {
            Ok(message) => {
                let answer = self.schedule.hear_worker(&message, self.start.elapsed());
                if let (FromWorker::Alive { run, .. }, Some(ToWorker::Alive { .. })) =
                    (&message, &answer)
                {
                    self.runs.insert(*run, envelope.clone());
                }
                if let FromWorker::Ready(Ready { run, slot, .. }) = message
                    && answer.is_none()
                {
                    self.envelopes.insert(Slot { run, slot }, envelope);
                    return Ok(());
                }
                answer
            }
            Err(why) => {
                self.tally.reject(&BadMessage::new(why.clone(), &frames));
                Some(ToWorker::Refused { why })
            }
        };
        match answer {
            Some(answer) => self.answer(&answer, &envelope, workers),
            None => Ok(()),
        }
    }

    /// Gives the workers that wait what there is for them.
    pub fn hand_out(&mut self, workers: &Socket) -> Result<()> {
        let job = self.job;
        while let Some(given) = self.schedule.hand_out(&|num| job.size(num), self.start.elapsed()) {
            let Some(envelope) = self.envelopes.remove(&given.slot) else { continue };
            self.answer(&ToWorker::Work(given.work), &envelope, workers)?;
        }
        while let Some(slot) = self.schedule.dismiss() {
            if let Some(envelope) = self.envelopes.remove(&slot) {
                self.answer(&ToWorker::End, &envelope, workers)?;
            }
        }
        for run in self.schedule.dismiss_busy() {
            if let Some(envelope) = self.runs.remove(&run) {
                self.answer(&ToWorker::End, &envelope, workers)?;
            }
        }
        // Those of workers that are gone.
        if self.runs.len() > 2 * self.schedule.workers() + 16 {
            let schedule = &self.schedule;
            self.runs.retain(|run, _| schedule.knows(Slot { run: *run, slot: 0 }));
        }
        if self.envelopes.len() > 2 * self.schedule.slots() + 16 {
            let schedule = &self.schedule;
            self.envelopes.retain(|slot, _| schedule.knows(*slot));
        }
        Ok(())
    }

    fn answer(&self, answer: &ToWorker, envelope: &[Vec<u8>], workers: &Socket) -> Result<()> {
        let tasks = match answer {
            ToWorker::Work(work) => Some(self.job.tasks(work.nums.numbers())),
            _ => None,
        };
        let frames = envelope.iter().cloned().chain([serde_json::to_vec(answer)?]).chain(tasks);
        workers.send_multipart(frames, 0).context("cannot answer a worker")
    }
}

/// The next message that is there.
fn received(socket: &Socket) -> zmq::Result<Option<Vec<Vec<u8>>>> {
    match socket.recv_multipart(DONTWAIT) {
        Ok(frames) => Ok(Some(frames)),
        Err(zmq::Error::EAGAIN) => Ok(None),
        Err(error) => Err(error),
    }
}
