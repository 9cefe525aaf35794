//! Batches that were handed out, until their tasks are done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Slot, wire_time};

/// A result that is not acknowledged after this long counts as lost, and its task is handed out
/// again. It grows with what is measured, and with each loss, up to [`LONGEST_ACK_TIMEOUT`].
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
const LONGEST_ACK_TIMEOUT: Duration = Duration::from_secs(60);
/// At most this many batches in flight are looked at when tasks are acknowledged.
const LOOKED_AT: usize = 1_000;
/// A batch straggles when it is overdue by this much.
const STRAGGLER_SLACK: Duration = Duration::from_millis(200);
/// How long a task is expected to take before any was done.
const UNKNOWN_TASK: Duration = Duration::from_secs(1);

/// What a worker says that it does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It has not said that it has it.
    Unheard,
    /// It runs this task: the ones before are finished.
    Running(u64),
    /// All tasks are finished, but the sink does not take the results.
    Delivering,
}

impl From<Option<u64>> for State {
    fn from(running: Option<u64>) -> Self {
        running.map_or(Self::Delivering, Self::Running)
    }
}

/// Tasks that were handed out together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// In ascending order. Some may be done by now.
    pub nums: Vec<u64>,
    pub slot: Slot,
    /// When it was handed out, and when it was last sent.
    pub given: Duration,
    pub sent: Duration,
    /// How many times it was sent.
    pub sends: u32,
    /// How many bytes its tasks have.
    pub bytes: u64,
    /// What its worker has said of it.
    pub state: State,
    /// Since when it is finished, and its results are in flight.
    in_flight: Option<(Duration, u64)>,
    /// How many tasks it had at first.
    size: usize,
    /// Whether another worker was given it, too.
    backed_up: bool,
    /// How many copies were before this one.
    pub generation: u32,
}

impl Batch {
    pub fn new(nums: Vec<u64>, slot: Slot, now: Duration) -> Self {
        Self {
            size: nums.len(),
            nums,
            slot,
            given: now,
            sent: now,
            sends: 1,
            bytes: 0,
            state: State::Unheard,
            in_flight: None,
            backed_up: false,
            generation: 0,
        }
    }

    /// Whether a worker works on it.
    pub fn is_held(&self) -> bool {
        self.in_flight.is_none()
    }

    /// The tasks that may have been running when the worker died.
    pub fn unfinished(&self) -> &[u64] {
        let running = match self.state {
            State::Delivering => return &[],
            State::Running(num) => num,
            State::Unheard => 0,
        };
        &self.nums[self.nums.partition_point(|num| *num < running)..]
    }

    /// How long a worker may take to receive it.
    pub fn receive_timeout(&self) -> Duration {
        let once = Duration::from_secs(1) + wire_time(self.bytes);
        once.saturating_mul(1 << self.sends.min(5))
    }
}

/// All of them. A batch has the number that its worker knows it by.
pub(super) struct Batches {
    out: BTreeMap<u64, Batch>,
    /// How many tasks they had at first.
    size: usize,
    /// When results count as lost.
    deadlines: BTreeSet<(Duration, u64)>,
    /// How long acknowledgements take.
    ack_time: Duration,
    ack_timeout: Duration,
    /// When the last one came.
    last_ack: Duration,
}

impl Batches {
    pub fn new() -> Self {
        let (out, deadlines) = (BTreeMap::new(), BTreeSet::new());
        let (ack_time, last_ack) = (Duration::ZERO, Duration::ZERO);
        Self { out, size: 0, deadlines, ack_time, ack_timeout: ACK_TIMEOUT, last_ack }
    }

    pub fn get(&self, id: u64) -> Option<&Batch> {
        self.out.get(&id)
    }

    pub fn get_mut(&mut self, id: u64) -> Option<&mut Batch> {
        self.out.get_mut(&id)
    }

    /// How many tasks all batches had at first.
    pub fn size(&self) -> usize {
        self.size
    }

    pub fn insert(&mut self, id: u64, batch: Batch) {
        self.size += batch.size;
        self.out.insert(id, batch);
    }

    pub fn remove(&mut self, id: u64) -> Option<Batch> {
        let batch = self.out.remove(&id)?;
        self.size -= batch.size;
        if let Some((since, bytes)) = batch.in_flight {
            self.deadlines.remove(&(self.deadline(since, bytes), id));
        }
        Some(batch)
    }

    /// A batch is finished: `bytes` of results are in flight.
    pub fn finish(&mut self, id: u64, mut batch: Batch, bytes: u64, now: Duration) {
        batch.in_flight = Some((now, bytes));
        self.deadlines.insert((self.deadline(now, bytes), id));
        self.insert(id, batch);
    }

    fn deadline(&self, since: Duration, bytes: u64) -> Duration {
        since.saturating_add(self.ack_timeout).saturating_add(wire_time(bytes))
    }

    fn set_ack_timeout(&mut self, timeout: Duration) {
        self.ack_timeout = timeout.clamp(ACK_TIMEOUT, LONGEST_ACK_TIMEOUT);
        let in_flight = self.out.iter().filter_map(|(id, batch)| {
            batch.in_flight.map(|(since, bytes)| (self.deadline(since, bytes), *id))
        });
        self.deadlines = in_flight.collect();
    }

    /// Tasks were acknowledged: forgets the batches that are done. One that is lost holds up none
    /// that come after it.
    pub fn acknowledge(&mut self, is_open: impl Fn(u64) -> bool, now: Duration) {
        let mut done = Vec::new();
        for (_, id) in self.deadlines.iter().take(LOOKED_AT) {
            let Some(batch) = self.out.get_mut(id) else { continue };
            // A task that was found done is not looked at again.
            while batch.nums.last().is_some_and(|num| !is_open(*num)) {
                batch.nums.pop();
            }
            if batch.nums.is_empty() {
                done.push(*id);
            }
        }
        if !done.is_empty() {
            self.last_ack = now;
        }
        for batch in done.into_iter().filter_map(|id| self.remove(id)).collect::<Vec<_>>() {
            // One that was backed up may be lost: then its copy was acknowledged.
            if let (Some((since, bytes)), false) = (batch.in_flight, batch.backed_up) {
                self.measure(now.saturating_sub(since).saturating_sub(wire_time(bytes)));
            }
        }
    }

    /// An acknowledgement took this long. One that took much longer than those before, as after a
    /// break of the network, counts little.
    fn measure(&mut self, time: Duration) {
        let before = if self.ack_time.is_zero() { time } else { self.ack_time };
        self.ack_time = (before * 7 + time) / 8;
        let enough = self.ack_time.saturating_mul(4).max(ACK_TIMEOUT);
        if enough > self.ack_timeout || enough.saturating_mul(4) < self.ack_timeout {
            // Twice, so that this does not happen often.
            self.set_ack_timeout(enough.saturating_mul(2));
        }
    }

    /// The sink was not heard: results could not arrive meanwhile.
    pub fn restart_timeouts(&mut self, now: Duration) {
        for (since, _) in self.out.values_mut().filter_map(|batch| batch.in_flight.as_mut()) {
            *since = now;
        }
        self.set_ack_timeout(self.ack_timeout);
    }

    /// The batches whose results are lost. What is lost at the same time has one reason: the time-out
    /// grows once.
    pub fn lost(&mut self, is_open: impl Fn(u64) -> bool, now: Duration) -> Vec<Batch> {
        let mut lost = Vec::new();
        while let Some((_, id)) = self.deadlines.first().copied().filter(|(at, _)| *at < now) {
            let Some(batch) = self.remove(id) else { break };
            if batch.nums.iter().any(|num| is_open(*num)) {
                lost.push(batch);
            }
        }
        if !lost.is_empty() {
            self.set_ack_timeout(self.ack_timeout.saturating_mul(2));
        }
        lost
    }

    /// A batch that another worker than `run` should have finished by now, or whose results should
    /// have arrived, and of which no copy was made.
    pub fn next_straggler(
        &mut self,
        run: u64,
        task_time: impl Fn(Slot) -> Option<(Duration, Duration)>,
        is_open: impl Fn(u64) -> bool,
        now: Duration,
    ) -> Option<Batch> {
        let acks = (self.ack_time, self.last_ack);
        self.out.values_mut().find_map(|batch| {
            let straggles = !batch.backed_up
                && batch.slot.run != run
                && batch.is_overdue(task_time(batch.slot), acks, now);
            if !straggles {
                return None;
            }
            batch.nums.retain(|num| is_open(*num));
            batch.backed_up = true;
            (!batch.nums.is_empty()).then(|| batch.clone())
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = (&u64, &Batch)> {
        self.out.iter()
    }

    /// What always holds.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub fn check_invariants(&self) {
        let in_flight = self.out.iter().filter_map(|(id, batch)| {
            batch.in_flight.map(|(since, bytes)| (self.deadline(since, bytes), *id))
        });
        assert_eq!(in_flight.collect::<BTreeSet<_>>(), self.deadlines);
        assert!(self.out.values().all(|batch| batch.nums.is_sorted()));
        assert_eq!(self.out.values().map(|batch| batch.size).sum::<usize>(), self.size());
    }
}

impl Batch {
    /// `time`: of its worker per task, and between batches.
    fn is_overdue(
        &self,
        time: Option<(Duration, Duration)>,
        (ack_time, last_ack): (Duration, Duration),
        now: Duration,
    ) -> bool {
        let patience = STRAGGLER_SLACK.saturating_mul(1 << self.generation.min(10));
        if let Some((since, bytes)) = self.in_flight {
            let expected = ack_time.saturating_mul(4).saturating_add(wire_time(bytes));
            // Where none arrives, a copy would not either: their time-out is for that.
            let overtaken = last_ack > since;
            return overtaken && now.saturating_sub(since) > expected.max(2 * patience);
        }
        let (per_task, between) = time.unwrap_or((UNKNOWN_TASK, Duration::ZERO));
        let tasks = u32::try_from(self.nums.len()).unwrap_or(u32::MAX);
        let expected = per_task.saturating_mul(tasks).saturating_mul(3).saturating_add(between);
        let expected = expected.saturating_add(wire_time(self.bytes)).saturating_add(patience);
        let late = match self.state {
            // Its results cannot be delivered.
            State::Delivering => {
                expected.min(2 * UNKNOWN_TASK.saturating_mul(1 << self.generation.min(10)))
            }
            _ => expected,
        };
        now.saturating_sub(self.given) > late
    }
}
