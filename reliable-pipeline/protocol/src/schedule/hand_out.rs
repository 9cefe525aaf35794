//! Handing tasks out.

use std::time::Duration;

use super::batch::Batch;
use super::pick::Asker;
use super::{Schedule, Slot, ToWorker};
use crate::message::{MESSAGE_BYTES, Work};
use crate::ranges::Ranges;

/// What a task's number takes at most in a message, and what is there besides.
const NUMBER_BYTES: u64 = 64;
const FRAME_BYTES: u64 = 512;

/// Tasks for a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOut {
    /// The worker.
    pub slot: Slot,
    /// The first frame; the tasks are the second.
    pub work: Work,
}

impl Schedule {
    /// The next tasks for a worker that waits for some. `sizes` says how many bytes a task has.
    pub fn hand_out(&mut self, sizes: &dyn Fn(u64) -> u64, now: Duration) -> Option<HandOut> {
        if self.has_ended() || self.gave_up_early() || !self.knows_what_is_done(now) {
            return None;
        }
        let ready = self.tasks.is_any_ready(now);
        // A search for stragglers looks at every batch: it is for one worker only.
        let tries = if ready { self.waiting.len() } else { self.waiting.len().min(1) };
        for _ in 0..tries {
            let slot = self.waiting.pop_front()?;
            let Some(seq) = self.workers.get(&slot).and_then(|worker| worker.asking) else {
                self.is_waiting.remove(&slot);
                continue;
            };
            let nums = if ready { self.waiting_tasks(slot, sizes, now) } else { Vec::new() };
            let batch = if nums.is_empty() {
                self.straggler(slot, sizes, now)
            } else {
                Some(Batch::new(nums, slot, now))
            };
            let Some(mut batch) = batch else {
                self.waiting.push_back(slot);
                continue;
            };
            self.is_waiting.remove(&slot);
            batch.bytes = batch.nums.iter().map(|num| sizes(*num)).sum();
            return Some(self.give(slot, seq, batch));
        }
        None
    }

    /// The next worker that waits for tasks, and is to hear that the job has ended.
    pub fn dismiss(&mut self) -> Option<Slot> {
        while self.has_ended() {
            let slot = self.waiting.pop_front()?;
            self.is_waiting.remove(&slot);
            if self.knows(slot) {
                self.bye(slot.run);
                return Some(slot);
            }
        }
        None
    }

    /// The runs of workers that are still at work when the job has ended, and are to hear of that, each
    /// once.
    pub fn dismiss_busy(&mut self) -> Vec<u64> {
        if !self.has_ended() {
            return Vec::new();
        }
        let runs: Vec<u64> = self.runs.keys().copied().collect();
        for run in &runs {
            self.bye(*run);
        }
        runs
    }

    fn knows_what_is_done(&self, now: Duration) -> bool {
        self.sink.is_heard(now) && self.sink.unknown_from(self.tasks.done.total()).is_none()
    }

    /// Tasks that nobody has.
    fn waiting_tasks(&mut self, slot: Slot, sizes: &dyn Fn(u64) -> u64, now: Duration) -> Vec<u64> {
        let Some(worker) = self.workers.get(&slot) else { return Vec::new() };
        let allowance = self.runs.get(&slot.run).map_or(0, |run| run.allowance(self.worked, now));
        if allowance == 0 {
            return Vec::new();
        }
        let share = self.tasks.waiting().div_ceil(2 * self.workers.len().max(1) as u64);
        let by_limit = worker.limit.saturating_sub(FRAME_BYTES) / NUMBER_BYTES;
        let by_limit = usize::try_from(by_limit).unwrap_or(usize::MAX).max(1);
        let asker = Asker {
            run: slot.run,
            has_peers: self.runs.len() > 1,
            size: worker.batch_size(share).min(by_limit).min(allowance),
            bytes: (MESSAGE_BYTES / 2).min(worker.limit),
            limit: worker.limit,
            largest_limit: self.limits.last_key_value().map_or(0, |(limit, _)| *limit),
            sizes,
        };
        self.tasks.next(&asker, now)
    }

    /// A copy of a batch that straggles, or of what a worker can receive of it.
    fn straggler(
        &mut self,
        slot: Slot,
        sizes: &dyn Fn(u64) -> u64,
        now: Duration,
    ) -> Option<Batch> {
        let allowance = self.runs.get(&slot.run).map_or(0, |run| run.allowance(self.worked, now));
        if !self.policy.backup || allowance == 0 {
            return None;
        }
        let limit = self.workers.get(&slot)?.limit;
        let (tasks, workers) = (&self.tasks, &self.workers);
        let time = |slot: Slot| {
            let worker = workers.get(&slot)?;
            let slowest = || workers.values().filter_map(|worker| worker.time_per_task).max();
            Some((worker.time_per_task.or_else(slowest)?, worker.overhead))
        };
        let is_open = |num: u64| tasks.is_open(num) && !tasks.is_queued(num);
        let original = self.batches.next_straggler(slot.run, time, is_open, now)?;
        let (mut bytes, mut nums) = (0_u64, original.nums);
        nums.retain(|num| {
            bytes = bytes.saturating_add(sizes(*num) + 2);
            bytes <= limit
        });
        nums.truncate(usize::try_from(limit / NUMBER_BYTES).unwrap_or(usize::MAX));
        let mut copy = Batch::new(nums, slot, now);
        copy.generation = original.generation + 1;
        (!copy.nums.is_empty()).then_some(copy)
    }

    fn give(&mut self, slot: Slot, seq: u64, batch: Batch) -> HandOut {
        let id = self.next_batch;
        self.next_batch += 1;
        self.handed_out = self.handed_out.saturating_add(batch.nums.len() as u64);
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.give(id, batch.nums.len());
        }
        self.runs.entry(slot.run).or_default().busy += 1;
        let work = self.work(slot, seq, id, &batch);
        self.batches.insert(id, batch);
        HandOut { slot, work }
    }

    /// A worker asks, and names another batch than the one it was given: it has not received that,
    /// or not yet.
    pub(super) fn send_again(&mut self, slot: Slot, id: u64, now: Duration) -> Option<ToWorker> {
        let seq = self.workers.get(&slot)?.last_seq;
        let batch = self.batches.get_mut(id)?;
        if now.saturating_sub(batch.sent) <= batch.receive_timeout() / 2 {
            return None;
        }
        (batch.sent, batch.sends) = (now, batch.sends.saturating_add(1));
        let batch = batch.clone();
        Some(ToWorker::Work(self.work(slot, seq, id, &batch)))
    }

    fn work(&self, slot: Slot, seq: u64, id: u64, batch: &Batch) -> Work {
        let failures = batch.nums.iter().map(|num| (*num, self.tasks.failures(*num)));
        Work {
            slot: slot.slot,
            seq,
            job: self.job.clone(),
            batch: id,
            nums: Ranges::of(batch.nums.iter().copied()),
            failures: failures.filter(|(_, failures)| *failures > 0).collect(),
            watched: batch.nums.iter().any(|num| self.tasks.is_suspected(*num)),
            request_limit: self.policy.limit,
            result_limit: self.sink.limit(),
        }
    }

    /// What always holds.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub fn check_invariants(&self) {
        self.tasks.check_invariants();
        self.batches.check_invariants();
        let held = self.workers.iter().filter_map(|(slot, worker)| Some((worker.held?, *slot)));
        let held: Vec<_> = held.collect();
        let given = self.batches.iter().filter(|(_, batch)| batch.is_held());
        let given: Vec<_> = given.map(|(id, batch)| (*id, batch.slot)).collect();
        assert_eq!(held.len(), given.len(), "not every batch has a worker");
        for (id, slot) in given {
            assert_eq!(self.workers.get(&slot).and_then(|worker| worker.held), Some(id));
        }
        for (run, known) in &self.runs {
            let slots = self
                .workers
                .range(Slot { run: *run, slot: 0 }..=Slot { run: *run, slot: u32::MAX });
            let (slots, busy): (Vec<_>, Vec<_>) =
                slots.map(|(_, worker)| ((), worker.held.is_some())).unzip();
            assert_eq!(known.slots as usize, slots.len());
            assert_eq!(known.busy as usize, busy.iter().filter(|busy| **busy).count());
        }
        assert_eq!(self.silence.len(), self.workers.len());
        assert_eq!(self.is_waiting.len(), self.waiting.len());
        self.check_that_nothing_is_forgotten();
    }

    /// Each open task waits, or somebody has it. Looks at every task: for small jobs.
    fn check_that_nothing_is_forgotten(&self) {
        let out: std::collections::BTreeSet<u64> =
            self.batches.iter().flat_map(|(_, batch)| batch.nums.iter().copied()).collect();
        for num in (0..self.tasks.done.total()).filter(|num| self.tasks.is_open(*num)) {
            assert!(self.tasks.is_queued(num) || out.contains(&num), "{num} is forgotten");
        }
    }
}
