//! The loop between the sockets, the session and the threads.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use common::program::Program;
use common::program::waiting::{Wait, Waiting};
use common::socket::Socket;
use protocol::VERSION;
use protocol::message::{Request, ToWorker};
use protocol::session::{Heard, Session, WaitsFor};
use zmq::{DONTWAIT, POLLIN, POLLOUT};

use crate::args::Args;
use crate::pool::{Batch, Event, Pool};

/// How often the worker looks what is due, in milliseconds.
const TICK: i64 = 50;
/// Requests that are queued for a dispatcher.
const REQUESTS_WAITING: i32 = 16;
/// Messages with results that wait for the sink.
const RESULTS_WAITING: i32 = 4;

/// What the summary has.
#[derive(Default)]
pub struct Figures {
    pub done: u64,
    pub failed: u64,
}

/// A worker's sockets, and what its slots do.
pub struct Worker<'a> {
    args: &'a Args,
    start: Instant,
    session: Session,
    pool: &'a Pool<'a>,
    events: Receiver<Event>,
    threads: Vec<Sender<Batch>>,
    /// Which slots have a batch.
    busy: Vec<bool>,
    dispatcher: Socket,
    results: Socket,
    /// What the threads have said. A batch is finished when the sink has taken what is before.
    said: VecDeque<Event>,
    waiting: Waiting,
    figures: &'a mut Figures,
}

impl<'a> Worker<'a> {
    pub fn new(
        args: &'a Args,
        program: &Program,
        session: Session,
        (pool, events): (&'a Pool<'a>, Receiver<Event>),
        threads: Vec<Sender<Batch>>,
        figures: &'a mut Figures,
    ) -> Result<Self> {
        // A REQ that need not wait for its answers: on the wire they are the same.
        let dispatcher = program.socket(zmq::DEALER)?;
        dispatcher.leave_waiting_to_program();
        // A few requests wait for the next dispatcher. With `ZMQ_IMMEDIATE` none would, but the last
        // answer of one that ends would be lost with its connection.
        dispatcher.set_sndhwm(REQUESTS_WAITING).context("cannot set the high-water mark")?;
        dispatcher.connect(&args.connect)?;
        // Results are kept until they are on their way.
        let results = program.socket(zmq::PUSH)?;
        results.leave_waiting_to_program();
        results.set_immediate(true).context("cannot have messages wait for a connection")?;
        results.set_sndhwm(RESULTS_WAITING).context("cannot set the high-water mark")?;
        results.connect(&args.results_connect)?;
        Ok(Self {
            args,
            start: Instant::now(),
            session,
            pool,
            events,
            busy: vec![false; threads.len()],
            threads,
            dispatcher,
            results,
            said: VecDeque::new(),
            waiting: Waiting::default(),
            figures,
        })
    }

    /// Works until the job ends. `bell` rings when a thread has something to say.
    pub fn serve(mut self, bell: &Socket) -> Result<()> {
        loop {
            self.request()?;
            let asks = if self.can_ask()? { POLLIN } else { POLLIN | POLLOUT };
            let sockets = &mut [
                self.dispatcher.as_poll_item(asks),
                bell.as_poll_item(POLLIN),
                self.results.as_poll_item(if self.said.is_empty() { POLLIN } else { POLLOUT }),
            ];
            zmq::poll(sockets, TICK).context("cannot wait for tasks")?;
            while bell.recv_bytes(DONTWAIT).is_ok() {}
            self.said.extend(self.events.try_iter());
            self.deliver()?;
            if self.hear()? || self.is_idle_for_too_long()? {
                return Ok(());
            }
            self.say_what_it_waits_for();
        }
    }

    /// Whether a request would be taken.
    fn can_ask(&self) -> Result<bool> {
        let events = self.dispatcher.get_events().context("cannot look at the dispatcher")?;
        Ok(events.contains(POLLOUT))
    }

    /// Sends the requests that are due.
    fn request(&mut self) -> Result<()> {
        if !self.can_ask()? {
            return Ok(());
        }
        let now = self.start.elapsed();
        for slot in (0..).zip(&self.busy).filter(|(_, busy)| **busy).map(|(slot, _)| slot) {
            if let Some(num) = self.pool.running(slot) {
                self.session.running(slot, Some(num), now);
            }
        }
        while let Some(body) = self.session.next_request(now) {
            let request = serde_json::to_vec(&Request { version: VERSION, body })?;
            match self.dispatcher.send_multipart([Vec::new(), request], DONTWAIT) {
                Ok(()) | Err(zmq::Error::EAGAIN) => {}
                Err(error) => return Err(error).context("cannot ask for tasks"),
            }
        }
        Ok(())
    }

    /// Hears what the dispatcher answers. Returns whether the job has ended.
    fn hear(&mut self) -> Result<bool> {
        loop {
            let mut frames = Vec::new();
            match self.dispatcher.recv_frames(&mut frames, DONTWAIT) {
                Ok(()) => {}
                Err(zmq::Error::EAGAIN) => return Ok(false),
                Err(error) => return Err(error).context("cannot receive tasks"),
            }
            let mut frames = frames.into_iter().skip(1);
            let answer = frames.next().context("the dispatcher answered nothing")?;
            let answer: ToWorker =
                serde_json::from_slice(&answer).context("cannot read the dispatcher's answer")?;
            match self.session.hear(answer, self.start.elapsed()) {
                Heard::Nothing => {}
                Heard::End | Heard::Bye => return Ok(true),
                Heard::Refused(why) => bail!("the dispatcher refused this worker: {why}"),
                Heard::Work(work) => {
                    let (Some(tasks), None) = (frames.next(), frames.next()) else {
                        bail!("the dispatcher sent no tasks");
                    };
                    // A dispatcher that watches these tasks has to know first that they are here.
                    self.request()?;
                    let slot = work.slot as usize;
                    self.busy[slot] = true;
                    let sent = self.threads[slot].send((work, tasks));
                    sent.context("a thread has ended")?;
                }
            }
        }
    }

    /// Sends on what the threads have done, as far as the sink takes it.
    fn deliver(&mut self) -> Result<()> {
        while let Some(event) = self.said.pop_front() {
            let now = self.start.elapsed();
            match event {
                Event::Broken(error) => return Err(error),
                Event::Finished { slot, finished, done } => {
                    self.figures.done += done;
                    self.figures.failed += finished.failed.len() as u64;
                    self.busy[slot as usize] = false;
                    self.session.finished(slot, finished, now);
                }
                Event::Results(message) => match self.results.send_multipart(&message, DONTWAIT) {
                    Ok(()) => {}
                    Err(zmq::Error::EAGAIN) => {
                        self.said.push_front(Event::Results(message));
                        break;
                    }
                    Err(error) => return Err(error).context("cannot send results"),
                },
            }
        }
        // These have run all their tasks, and wait for the sink.
        let now = self.start.elapsed();
        for event in &self.said {
            if let Event::Finished { slot, .. } = event {
                self.session.running(*slot, None, now);
            }
        }
        self.request()
    }

    /// Whether there is neither work nor, perhaps, a dispatcher.
    fn is_idle_for_too_long(&self) -> Result<bool> {
        let now = self.start.elapsed();
        let idle = self.session.idle_since().map(|since| now.saturating_sub(since));
        if let (Some(idle), Some(timeout)) = (idle, self.args.idle_timeout)
            && idle > timeout
        {
            // The dispatcher is not to hand it anything now.
            bye(self)?;
            return Ok(true);
        }
        let sink = self.results.get_events().context("cannot look at the sink")?.contains(POLLOUT);
        if self.session.is_left_behind(sink, now) {
            tracing::warn!("dispatcher and sink are gone: the job has ended, it seems");
            return Ok(true);
        }
        Ok(false)
    }

    fn say_what_it_waits_for(&mut self) {
        let now = self.start.elapsed();
        let Args { connect, results_connect, .. } = self.args;
        let wait = self.session.waits_for(now).map(|waits| match waits {
            WaitsFor::Dispatcher(since) => {
                Wait::new(format!("no dispatcher answers at {connect}"), since).at(&self.dispatcher)
            }
            WaitsFor::Sink(since) => {
                let what = format!("no sink takes results at {results_connect}");
                Wait::new(what, since).at(&self.results)
            }
            WaitsFor::Tasks(since) => {
                Wait::new(format!("the dispatcher at {connect} has no task to hand out"), since)
            }
        });
        self.waiting.look(wait, now);
    }
}

fn bye(worker: &Worker) -> Result<()> {
    let request = Request { version: VERSION, body: worker.session.bye() };
    match worker.dispatcher.send_multipart([Vec::new(), serde_json::to_vec(&request)?], DONTWAIT) {
        Ok(()) | Err(zmq::Error::EAGAIN) => Ok(()),
        Err(error) => Err(error).context("cannot say good-bye"),
    }
}
