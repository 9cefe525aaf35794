//! All that a dispatcher knows about its job: which tasks wait, who works on which, which are done.
//!
//! No sockets and no clock: time is an argument, counted from any moment. This is soft state: a new
//! dispatcher rebuilds it from the sink, and hears from the workers what they hold.

mod batch;
mod hand_out;
mod pick;
mod sink;
mod tasks;
mod worker;
mod workers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::line::GivenUp;
use crate::message::{FromWorker, Ready, Report, Rest, ToSink, ToWorker};
use batch::Batches;
pub use hand_out::HandOut;
use sink::Sink;
use tasks::Tasks;
pub use tasks::too_large;
use worker::{Run, Worker};

/// When the time between two ticks is longer, the dispatcher itself was paused.
const PAUSED: Duration = Duration::from_secs(1);
/// How long a dispatcher whose job has ended waits for its workers to hear of that.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// An answer to the sink holds this many bytes of given-up tasks at most, but always one of them.
const GIVEN_UP_BYTES: u64 = 256 << 10;

/// How long this many bytes may take over a slow line, of 1 Mbit/s.
fn wire_time(bytes: u64) -> Duration {
    Duration::from_micros(bytes.saturating_mul(8))
}

/// What the command line decides.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Give a task up after its command has failed this many times.
    pub attempts: u32,
    /// Give a task up after this many workers have died while they ran it.
    pub crash_limit: u32,
    /// How long to wait before a task is tried again; doubled each time.
    pub retry_delay: Duration,
    /// A worker that is silent for this long is dead.
    pub lease: Duration,
    /// End the job when this many tasks have failed.
    pub max_failures: Option<u64>,
    /// Give stragglers to a second worker.
    pub backup: bool,
    /// The dispatcher's `--max-message-size`.
    pub limit: u64,
}

/// A slot of a worker, which runs one task at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// The worker's run.
    pub run: u64,
    /// Its slot.
    pub slot: u32,
}

/// The state of a job.
pub struct Schedule {
    policy: Policy,
    job: String,
    tasks: Tasks,
    sink: Sink,
    workers: BTreeMap<Slot, Worker>,
    runs: BTreeMap<u64, Run>,
    /// The workers, the one that is silent for the longest first.
    silence: BTreeSet<(Duration, Slot)>,
    /// The limits of all workers.
    limits: BTreeMap<u64, u32>,
    /// Slots that ask for tasks, each once.
    waiting: VecDeque<Slot>,
    is_waiting: BTreeSet<Slot>,
    batches: Batches,
    /// Slots that were taken for dead, and the task that this is held against.
    dead: VecDeque<(Slot, u64)>,
    next_batch: u64,
    handed_out: u64,
    /// How many tasks workers say to have done.
    worked: u64,
    last_tick: Duration,
    /// Nobody is taken for dead before: the dispatcher may not have heard them.
    grace: Duration,
    /// How many connections of workers are open.
    connections: u64,
    /// Since when the job has ended, and whether the sink knows.
    ended: Option<Duration>,
    is_over: bool,
}

impl Schedule {
    /// A job, and its tasks, numbered from 0 to before `total`, of which none is known to be done.
    /// The batches of another dispatcher have other numbers than those from `first_batch` on.
    pub fn new(job: String, total: u64, policy: Policy, first_batch: u64, now: Duration) -> Self {
        Self {
            policy,
            job,
            tasks: Tasks::new(total, policy),
            sink: Sink::default(),
            workers: BTreeMap::new(),
            runs: BTreeMap::new(),
            silence: BTreeSet::new(),
            limits: BTreeMap::new(),
            waiting: VecDeque::new(),
            is_waiting: BTreeSet::new(),
            batches: Batches::new(),
            dead: VecDeque::new(),
            next_batch: first_batch,
            handed_out: 0,
            worked: 0,
            last_tick: now,
            grace: now.saturating_add(policy.lease),
            connections: 0,
            ended: None,
            is_over: false,
        }
    }

    /// How many tasks are not done yet, as far as is known.
    pub fn remaining(&self) -> u64 {
        self.tasks.remaining()
    }

    /// How many tasks the output says to have failed.
    pub fn failed(&self) -> u64 {
        self.sink.failed
    }

    /// How many times tasks were handed out.
    pub fn handed_out(&self) -> u64 {
        self.handed_out
    }

    /// How many workers are alive.
    pub fn workers(&self) -> usize {
        self.runs.len()
    }

    /// How many slots they have.
    pub fn slots(&self) -> usize {
        self.workers.len()
    }

    /// Whether a slot is known.
    pub fn knows(&self, slot: Slot) -> bool {
        self.workers.contains_key(&slot)
    }

    /// Since when the sink is silent, if it is. `Some(None)`: since ever.
    pub fn silent_sink(&self, now: Duration) -> Option<Option<Duration>> {
        (!self.sink.is_heard(now)).then(|| self.sink.last_seen())
    }

    /// Whether the job has ended early, after too many failures.
    pub fn gave_up_early(&self) -> bool {
        self.policy.max_failures.is_some_and(|limit| self.tasks.gave_up() >= limit)
    }

    /// Whether the job has ended.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether workers and sink know that the job has ended: so may the dispatcher.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Workers have this many connections: even one that was not heard yet is to hear of the end.
    pub fn connected(&mut self, connections: u64) {
        self.connections = connections;
    }

    /// A worker says something. Returns the answer, if it is to have one at once.
    pub fn hear_worker(&mut self, message: &FromWorker, now: Duration) -> Option<ToWorker> {
        match message {
            FromWorker::Bye { run } => {
                self.bye(*run);
                Some(ToWorker::Bye)
            }
            FromWorker::Ready(Ready { run, .. }) | FromWorker::Alive { run, .. }
                if self.ended.is_some() =>
            {
                self.bye(*run);
                Some(ToWorker::End)
            }
            FromWorker::Ready(ready) => self.ready(ready, now),
            FromWorker::Alive { run, seq, slots } => {
                let mut room = workers::ADOPTED_AT_A_TIME;
                let unknown = slots.iter().filter(|state| !self.alive(*run, state, &mut room, now));
                let unknown = unknown.map(|state| state.slot).collect();
                Some(ToWorker::Alive { seq: *seq, unknown })
            }
        }
    }

    /// The sink reports. Returns the answer.
    pub fn hear_sink(&mut self, report: &Report, now: Duration) -> ToSink {
        self.notice_pause(now);
        match self.sink.hear(report, &self.job, &mut self.tasks, now) {
            Ok(true) => self.batches.restart_timeouts(now),
            Ok(false) => {}
            Err(why) => return ToSink::Refused { why },
        }
        let tasks = &self.tasks;
        self.batches.acknowledge(|num| tasks.is_open(num), now);
        self.judge(now);
        let total = self.tasks.done.total();
        ToSink::Rest(Rest {
            seq: report.seq,
            job: self.job.clone(),
            total,
            remaining: self.remaining(),
            limit: self.policy.limit,
            resync: self.sink.unknown_from(total),
            given_up: self.given_up(GIVEN_UP_BYTES.min(report.limit / 2)),
            over: self.is_over,
        })
    }

    /// Some of the tasks that are given up, at least one, in at most this many bytes.
    fn given_up(&self, most: u64) -> Vec<GivenUp> {
        let (mut bytes, mut some) = (0, Vec::new());
        for task in self.tasks.given_up() {
            let task = task.within(most);
            bytes += task.size();
            if !some.is_empty() && bytes > most {
                break;
            }
            some.push(task);
        }
        some
    }

    /// Whether the job has ended, and whether everybody knows.
    fn judge(&mut self, now: Duration) {
        let is_known = self.sink.unknown_from(self.tasks.done.total()).is_none();
        let gave_up = self.gave_up_early() && self.tasks.given_up().next().is_none();
        if !is_known || !(self.remaining() == 0 || gave_up) {
            self.ended = None;
            return;
        }
        let since = *self.ended.get_or_insert(now);
        let nobody = self.workers.is_empty() && self.connections == 0;
        let drained = nobody || now.saturating_sub(since) > DRAIN_TIMEOUT;
        self.is_over |= drained;
    }

    /// Time has passed, and what has come until now was heard: workers that are silent are dead, and
    /// results that are overdue are lost.
    pub fn tick(&mut self, now: Duration) {
        self.notice_pause(now);
        self.last_tick = now;
        while now >= self.grace
            && let Some((last_seen, slot)) = self.silence.first().copied()
            && now.saturating_sub(last_seen) > self.policy.lease
        {
            self.expire(slot, now);
        }
        if !self.sink.is_heard(now) {
            return;
        }
        let tasks = &mut self.tasks;
        for batch in self.batches.lost(|num| tasks.is_open(num), now) {
            batch.nums.iter().for_each(|num| tasks.hand_back(*num));
        }
    }

    /// Everybody has time to be heard after the dispatcher itself was paused.
    fn notice_pause(&mut self, now: Duration) {
        if now.saturating_sub(self.last_tick) > PAUSED {
            self.grace = now.saturating_add(self.policy.lease);
            self.sink.excuse(now);
        }
    }
}
