//! What workers say, and what their silence means.

use std::collections::BTreeSet;
use std::time::Duration;

use super::batch::{Batch, State};
use super::worker::LARGEST_BATCH;
use super::worker::Worker;
use super::{Schedule, Slot};
use crate::message::{LEAST_LIMIT, MAX_SLOTS, Ready, SlotState, ToWorker};

/// The most slots of all workers together.
const ALL_SLOTS: usize = 1 << 16;
/// The most tasks of a batch that is adopted, of those of one message, and of all there are: so that
/// a peer that makes them up does not cost much.
const LARGEST_ADOPTED: usize = 20_000;
const _: () =
    assert!(LARGEST_ADOPTED as u64 == LARGEST_BATCH, "no batch is cut when it is adopted");
pub(super) const ADOPTED_AT_A_TIME: usize = 50_000;
const ALL_ADOPTED: usize = 10_000_000;
/// How many dead workers are remembered, with the tasks that they ran.
const DEAD: usize = 1 << 10;

impl Schedule {
    pub(super) fn ready(&mut self, ready: &Ready, now: Duration) -> Option<ToWorker> {
        let slot = Slot { run: ready.run, slot: ready.slot };
        if let Err(why) = self.admit(slot, ready.limit) {
            return Some(ToWorker::Refused { why });
        }
        self.see(slot, Some((ready.worker_id, ready.limit)), now);
        let worker = self.workers.get_mut(&slot)?;
        if ready.seq < worker.last_seq {
            // It was held up on the way.
            return None;
        }
        worker.last_seq = ready.seq;
        if let Some(held) = worker.held {
            if ready.batch != Some(held) {
                return self.send_again(slot, held, now);
            }
            self.finish(slot, held, ready, now);
        }
        let worker = self.workers.get_mut(&slot)?;
        worker.asking = Some(ready.seq);
        if self.is_waiting.insert(slot) {
            self.waiting.push_back(slot);
        }
        None
    }

    /// Bounds what is kept of peers.
    fn admit(&self, slot: Slot, limit: u64) -> Result<(), String> {
        if limit < LEAST_LIMIT {
            return Err(format!("--max-message-size is below {LEAST_LIMIT}"));
        }
        if slot.slot >= MAX_SLOTS {
            return Err(format!("it has more than {MAX_SLOTS} slots"));
        }
        if !self.workers.contains_key(&slot) && self.workers.len() >= ALL_SLOTS {
            return Err(format!("there are {ALL_SLOTS} others"));
        }
        Ok(())
    }

    /// A slot is alive. Its worker's id and limit are known once it asks.
    fn see(&mut self, slot: Slot, named: Option<(u64, u64)>, now: Duration) {
        let (runs, limits) = (&mut self.runs, &mut self.limits);
        let worker = self.workers.entry(slot).or_insert_with(|| {
            runs.entry(slot.run).or_default().slots += 1;
            *limits.entry(u64::MAX).or_default() += 1;
            Worker::new(now)
        });
        self.silence.remove(&(worker.last_seen, slot));
        self.silence.insert((now, slot));
        worker.last_seen = now;
        if let Some((worker_id, limit)) = named {
            worker.name = worker_id;
            let before = std::mem::replace(&mut worker.limit, limit);
            *self.limits.entry(limit).or_default() += 1;
            self.forget_limit(before);
        }
    }

    fn forget_limit(&mut self, limit: u64) {
        if let Some(count) = self.limits.get_mut(&limit) {
            *count -= 1;
            if *count == 0 {
                self.limits.remove(&limit);
            }
        }
    }

    /// A slot has finished the batch that it was given.
    fn finish(&mut self, slot: Slot, id: u64, ready: &Ready, now: Duration) {
        let Some(mut batch) = self.batches.remove(id) else { return };
        let Some(worker) = self.workers.get_mut(&slot) else { return };
        let returned: BTreeSet<u64> = ready
            .returned
            .below(self.tasks.done.total())
            .flat_map(|range| {
                let from = batch.nums.partition_point(|num| *num < range.0);
                let to = batch.nums.partition_point(|num| *num <= range.1);
                batch.nums[from..to].to_vec()
            })
            .collect();
        let tried = batch.nums.len() - returned.len();
        if tried > 0 {
            let busy = Duration::from_micros(ready.busy);
            worker.finish(tried, busy, now.saturating_sub(batch.given));
        }
        worker.held = None;
        let run = self.runs.entry(slot.run).or_default();
        run.busy = run.busy.saturating_sub(1);
        // Only what it was given can fail.
        let is_its_own =
            |num: &u64| batch.nums.binary_search(num).is_ok() && !returned.contains(num);
        let mut failed = BTreeSet::new();
        for failure in ready.failed.iter().filter(|failure| is_its_own(&failure.num)) {
            if failed.insert(failure.num) {
                self.tasks.fail(failure, slot.run, ready.worker_id, now);
            }
        }
        let done = tried.saturating_sub(failed.len()) as u64;
        if done > 0 {
            self.worked = self.worked.saturating_add(done);
            run.succeed(done);
        } else if !failed.is_empty() {
            run.fail(failed.len(), self.worked, now);
        }
        for num in &returned {
            self.tasks.hand_back(*num);
        }
        batch.nums.retain(|num| !failed.contains(num) && !returned.contains(num));
        self.batches.finish(id, batch, ready.bytes, now);
    }

    /// Hears what a slot is doing. Returns whether that is known.
    pub(super) fn alive(
        &mut self,
        run: u64,
        state: &SlotState,
        room: &mut usize,
        now: Duration,
    ) -> bool {
        let slot = Slot { run, slot: state.slot };
        let Some(worker) = self.workers.get(&slot) else {
            return state.batch.is_some_and(|batch| self.adopt(slot, batch, state, room, now));
        };
        let (held, asking) = (worker.held, worker.asking);
        self.see(slot, None, now);
        let Some(held) = held else {
            return match state.batch {
                Some(batch) => self.adopt(slot, batch, state, room, now),
                None => asking.is_some(),
            };
        };
        let Some(batch) = self.batches.get_mut(held) else { return false };
        if state.batch == Some(held) {
            batch.state = state.running.into();
            return true;
        }
        if now.saturating_sub(batch.sent) <= batch.receive_timeout() {
            return true;
        }
        // The batch has not arrived.
        self.release(slot);
        false
    }

    /// A slot works on a batch that is not known: another dispatcher has given it that, or it was
    /// taken for dead. There is `room` for so many tasks of this message: the rest is asked for again.
    fn adopt(
        &mut self,
        slot: Slot,
        id: u64,
        state: &SlotState,
        room: &mut usize,
        now: Duration,
    ) -> bool {
        let Some(nums) = &state.nums else { return false };
        if self.batches.get(id).is_some() || self.admit(slot, u64::MAX).is_err() {
            return true;
        }
        let size = usize::try_from(nums.count()).unwrap_or(usize::MAX).min(LARGEST_ADOPTED);
        if self.batches.size() >= ALL_ADOPTED {
            return true;
        }
        if size > *room {
            return false;
        }
        *room -= size;
        self.see(slot, None, now);
        let nums: Vec<u64> =
            nums.numbers().take(size).filter(|num| self.tasks.adopt(*num)).collect();
        // The worker is alive, whichever of its slots this is.
        while let Some(at) = self.dead.iter().position(|(dead, _)| dead.run == slot.run) {
            let (_, num) = self.dead.swap_remove_back(at).unwrap_or((slot, u64::MAX));
            self.tasks.uncrash(num);
        }
        let mut batch = Batch::new(nums, slot, now);
        batch.state = state.running.into();
        if let Some(worker) = self.workers.get_mut(&slot) {
            worker.give(id, batch.nums.len());
        }
        self.runs.entry(slot.run).or_default().busy += 1;
        self.batches.insert(id, batch);
        true
    }

    /// A worker ends, and returns its tasks.
    pub(super) fn bye(&mut self, run: u64) {
        let slots = self.workers.range(Slot { run, slot: 0 }..=Slot { run, slot: u32::MAX });
        for slot in slots.map(|(slot, _)| *slot).collect::<Vec<_>>() {
            self.release(slot);
            self.remove(slot);
        }
    }

    /// Takes back what a slot holds.
    fn release(&mut self, slot: Slot) -> Option<Batch> {
        let id = self.workers.get_mut(&slot)?.held.take()?;
        let batch = self.batches.remove(id)?;
        let run = self.runs.entry(slot.run).or_default();
        run.busy = run.busy.saturating_sub(1);
        batch.nums.iter().for_each(|num| self.tasks.hand_back(*num));
        Some(batch)
    }

    fn has_died_with(&self, run: u64, num: u64) -> bool {
        self.dead.iter().any(|(dead, its)| dead.run == run && *its == num)
    }

    fn remove(&mut self, slot: Slot) {
        let Some(worker) = self.workers.remove(&slot) else { return };
        self.silence.remove(&(worker.last_seen, slot));
        self.forget_limit(worker.limit);
        if let Some(run) = self.runs.get_mut(&slot.run) {
            run.slots -= 1;
            if run.slots == 0 {
                self.runs.remove(&slot.run);
            }
        }
    }

    /// A slot is silent for too long.
    pub(super) fn expire(&mut self, slot: Slot, now: Duration) {
        let worker_id = self.workers.get(&slot).map_or(0, |worker| worker.name);
        if let Some(batch) = self.release(slot) {
            match batch.unfinished() {
                [] => {}
                // A worker dies once, with however many copies of a task.
                &[num] if self.has_died_with(slot.run, num) => {}
                &[num] if batch.state == State::Running(num) => {
                    self.tasks.crash(num, worker_id, now);
                    self.dead.push_front((slot, num));
                    self.dead.truncate(DEAD);
                }
                nums => self.tasks.suspect(nums),
            }
        }
        self.remove(slot);
    }
}
