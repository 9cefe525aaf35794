//! What a worker knows: which of its slots ask for tasks, and which work on some.
//!
//! No sockets and no clock: time is an argument, counted from any moment.

mod slot;
mod waiting;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::message::{Failure, FromWorker, LEAST_LIMIT, MESSAGE_BYTES, Ready, ToWorker, Work};
use crate::ranges::Ranges;
use slot::{ENTRY_BYTES, Slot, State};
pub use waiting::WaitsFor;

/// How long to wait for an answer before asking again; doubled each time.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_ASK_TIMEOUT: Duration = Duration::from_secs(16);
/// How often a worker says that it is alive: one that has tasks, and one that has none.
const BUSY_INTERVAL: Duration = Duration::from_millis(500);
const IDLE_INTERVAL: Duration = Duration::from_secs(2);
/// What is in a message besides slots.
const FRAME_BYTES: u64 = 256;

/// One run of a worker.
pub struct Session {
    run: u64,
    worker_id: u64,
    /// The worker's `--max-message-size`, and the dispatcher's.
    limit: u64,
    request_limit: u64,
    seq: u64,
    slots: Vec<Slot>,
    /// When slots ask next.
    due: BTreeSet<(Duration, u32)>,
    busy: usize,
    /// When the worker says next that it is alive, and from which slot on it has to say so now.
    alive_at: Duration,
    alive_from: u32,
    alive_sent: (u64, Duration),
    round_trip: Duration,
    last_heard: Option<Duration>,
    started: Duration,
    /// Since when no slot has tasks.
    idle_since: Duration,
}

/// How a batch went. See [`crate::failures`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished {
    /// The tasks that failed.
    pub failed: Vec<Failure>,
    /// The tasks that were not run.
    pub returned: Ranges,
    /// How long it took to run the others.
    pub busy: Duration,
    /// How many bytes of results are on their way.
    pub bytes: u64,
}

/// What a worker hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing to do.
    Nothing,
    /// Tasks for a slot.
    Work(Work),
    /// The dispatcher has taken all tasks back.
    Bye,
    /// The job has ended.
    End,
    /// The worker is refused.
    Refused(String),
}

impl Session {
    /// A worker that has just started. Its `run` is a random number below 2^53.
    pub fn new(run: u64, worker_id: u64, limit: u64, slots: u32, now: Duration) -> Self {
        let asking = || State::Asking { first: None, last: 0, due: now, timeout: ASK_TIMEOUT };
        let slot =
            || Slot { state: asking(), last: Finished::default(), batch: None, is_unknown: false };
        Self {
            run,
            worker_id,
            limit,
            request_limit: LEAST_LIMIT,
            seq: 0,
            slots: (0..slots).map(|_| slot()).collect(),
            due: (0..slots).map(|slot| (now, slot)).collect(),
            busy: 0,
            alive_at: now.saturating_add(IDLE_INTERVAL),
            alive_from: slots,
            alive_sent: (0, now),
            round_trip: Duration::ZERO,
            last_heard: None,
            started: now,
            idle_since: now,
        }
    }

    /// The next request that is due, if any.
    pub fn next_request(&mut self, now: Duration) -> Option<FromWorker> {
        if now >= self.alive_at && self.alive_from >= self.slot_count() {
            self.alive_from = 0;
            let interval = if self.busy > 0 { BUSY_INTERVAL } else { IDLE_INTERVAL };
            self.alive_at = now.saturating_add(interval);
        }
        if self.alive_from < self.slot_count() {
            return Some(self.alive(now));
        }
        let (_, slot) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.ask(slot, now)
    }

    /// When the next request is due.
    pub fn next_due(&self) -> Duration {
        self.due.first().map_or(self.alive_at, |(at, _)| self.alive_at.min(*at))
    }

    /// How many slots there are.
    pub fn slot_count(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn slot(&mut self, slot: u32) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }

    fn ask(&mut self, number: u32, now: Duration) -> Option<FromWorker> {
        let seq = self.next_seq();
        let shortest = ASK_TIMEOUT.max(self.round_trip.saturating_mul(2));
        let slot = self.slot(number)?;
        let State::Asking { first, last, due, timeout } = &mut slot.state else { return None };
        let before = (*due, number);
        first.get_or_insert(seq);
        *last = seq;
        *due = now.saturating_add((*timeout).max(shortest));
        *timeout = timeout.saturating_mul(2).min(LONGEST_ASK_TIMEOUT);
        let (due, batch, finished) = (*due, slot.batch, slot.last.clone());
        self.due.remove(&before);
        self.due.insert((due, number));
        Some(FromWorker::Ready(Ready {
            run: self.run,
            slot: number,
            seq,
            worker_id: self.worker_id,
            limit: self.limit,
            batch,
            failed: finished.failed,
            returned: finished.returned,
            busy: u64::try_from(finished.busy.as_micros()).unwrap_or(u64::MAX),
            bytes: finished.bytes,
        }))
    }

    /// Says what as many slots do as the dispatcher receives in a message.
    fn alive(&mut self, now: Duration) -> FromWorker {
        let seq = self.next_seq();
        self.alive_sent = (seq, now);
        let mut room = self.request_limit.min(MESSAGE_BYTES).saturating_sub(FRAME_BYTES);
        let mut states = Vec::new();
        while let Some(slot) = self.slots.get_mut(self.alive_from as usize) {
            let state = slot.describe(self.alive_from, &mut room);
            if !states.is_empty() && room < ENTRY_BYTES {
                break;
            }
            room = room.saturating_sub(ENTRY_BYTES);
            states.push(state);
            self.alive_from += 1;
        }
        FromWorker::Alive { run: self.run, seq, slots: states }
    }

    /// The worker ends, and returns its tasks.
    pub fn bye(&self) -> FromWorker {
        FromWorker::Bye { run: self.run }
    }

    /// Hears an answer. Tasks are to be run, and [`Session::running`] and [`Session::finished`]
    /// called.
    pub fn hear(&mut self, answer: ToWorker, now: Duration) -> Heard {
        self.last_heard = Some(now);
        match answer {
            ToWorker::Work(work) => self.hear_work(work, now),
            ToWorker::Alive { seq, unknown } => {
                if seq == self.alive_sent.0 {
                    self.round_trip = now.saturating_sub(self.alive_sent.1);
                }
                for slot in unknown {
                    self.introduce(slot, seq, now);
                }
                Heard::Nothing
            }
            ToWorker::Bye => Heard::Bye,
            ToWorker::End => Heard::End,
            ToWorker::Refused { why } => Heard::Refused(why),
        }
    }

    fn hear_work(&mut self, work: Work, now: Duration) -> Heard {
        let number = work.slot;
        let Some(slot) = self.slot(number) else { return Heard::Nothing };
        let State::Asking { first: Some(first), due, .. } = slot.state else {
            return Heard::Nothing;
        };
        if work.seq < first || work.nums.is_empty() {
            // An answer that was held up: the slot has had its tasks.
            return Heard::Nothing;
        }
        let nums = work.nums.clone();
        let running = nums.numbers().next();
        slot.state = State::Working { nums, running, since: now };
        (slot.batch, slot.is_unknown) = (Some(work.batch), false);
        slot.last = Finished::default();
        self.due.remove(&(due, number));
        self.busy += 1;
        self.request_limit = work.request_limit.max(LEAST_LIMIT);
        let soon = if work.watched { now } else { now.saturating_add(BUSY_INTERVAL) };
        self.alive_at = self.alive_at.min(soon);
        Heard::Work(work)
    }

    /// The dispatcher does not know a slot, or what it works on.
    fn introduce(&mut self, number: u32, seq: u64, now: Duration) {
        let Some(slot) = self.slot(number) else { return };
        match &mut slot.state {
            State::Asking { last, due, timeout, .. } if *last < seq && *last > 0 => {
                let before = (*due, number);
                (*due, *timeout) = (now, ASK_TIMEOUT);
                self.due.remove(&before);
                self.due.insert((now, number));
            }
            State::Asking { .. } => {}
            State::Working { .. } if slot.is_unknown => {}
            State::Working { .. } => {
                slot.is_unknown = true;
                self.alive_at = now;
            }
        }
    }

    /// A slot runs a task now, or has run all (`None`) and waits for the sink to take the results.
    pub fn running(&mut self, slot: u32, num: Option<u64>, now: Duration) {
        if let Some(Slot { state: State::Working { running, since, .. }, .. }) = self.slot(slot)
            && *running != num
        {
            (*running, *since) = (num, now);
            if num.is_none() {
                // Should the worker die now, that is not the task's fault.
                self.alive_at = self.alive_at.min(now);
            }
        }
    }

    /// A slot's batch is finished, and its results are handed over.
    pub fn finished(&mut self, number: u32, finished: Finished, now: Duration) {
        let Some(slot) = self.slot(number) else { return };
        if matches!(slot.state, State::Asking { .. }) {
            return;
        }
        slot.last = finished;
        slot.state = State::Asking { first: None, last: 0, due: now, timeout: ASK_TIMEOUT };
        self.due.insert((now, number));
        self.busy = self.busy.saturating_sub(1);
        self.idle_since = now;
    }

    /// What always holds.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub fn check_invariants(&self) {
        let due = self.slots.iter().zip(0..).filter_map(|(slot, number)| match slot.state {
            State::Asking { due, .. } => Some((due, number)),
            State::Working { .. } => None,
        });
        let due: BTreeSet<_> = due.collect();
        assert_eq!(due, self.due);
        assert_eq!(self.busy, self.slots.len() - due.len());
    }
}
