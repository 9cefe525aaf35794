//! Choosing the tasks of a batch.

use std::time::Duration;

use super::tasks::{Tasks, too_large};
use crate::line::Attempt;

/// A task that failed is kept for another worker than the one it failed on, but not longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many waiting tasks are looked at to find one that suits a worker.
const SEARCH: usize = 32;

/// Who asks for tasks.
pub(super) struct Asker<'a> {
    pub run: u64,
    /// Whether there are workers besides its own.
    pub has_peers: bool,
    /// How many tasks it is to get, and how many bytes.
    pub size: usize,
    pub bytes: u64,
    /// Its limit for a message, and the largest one of all workers.
    pub limit: u64,
    pub largest_limit: u64,
    /// How many bytes a task has.
    pub sizes: &'a dyn Fn(u64) -> u64,
}

/// A batch that is being filled.
struct Taken {
    nums: Vec<u64>,
    bytes: u64,
    largest: usize,
}

enum Fit {
    Taken,
    /// Not into this batch any more.
    Full,
    NotForThis,
}

impl Tasks {
    /// Takes the next tasks for a worker, in ascending order: such as were handed out in vain, then
    /// fresh ones, then such as have failed.
    pub fn next(&mut self, asker: &Asker, now: Duration) -> Vec<u64> {
        let mut batch = Taken { nums: Vec::new(), bytes: 0, largest: asker.size.max(1) };
        self.take_returned(asker, &mut batch);
        self.take_fresh(asker, &mut batch);
        if batch.nums.is_empty() {
            self.take_retries(asker, &mut batch, now);
        }
        batch.nums.sort_unstable();
        batch.nums
    }

    fn take_returned(&mut self, asker: &Asker, batch: &mut Taken) {
        let (mut from, mut skipped) = (0, 0);
        while let Some(num) = self.returned.range(from..).next().copied() {
            match self.fit(num, asker, batch) {
                Fit::Taken => drop(self.returned.remove(&num)),
                Fit::NotForThis if skipped < SEARCH => skipped += 1,
                Fit::NotForThis | Fit::Full => return,
            }
            from = num + 1;
        }
    }

    fn take_fresh(&mut self, asker: &Asker, batch: &mut Taken) {
        while let Some(num) = self.done.next(self.fresh, false) {
            if !self.ahead.contains(&num) {
                match self.fit(num, asker, batch) {
                    Fit::Full => return,
                    // It has had its turn.
                    Fit::NotForThis if self.is_open(num) => drop(self.returned.insert(num)),
                    Fit::Taken | Fit::NotForThis => {}
                }
            }
            self.ahead.remove(&num);
            self.fresh = num + 1;
        }
        self.fresh = self.done.total();
    }

    fn take_retries(&mut self, asker: &Asker, batch: &mut Taken, now: Duration) {
        let (mut from, mut skipped) = ((Duration::ZERO, 0), 0);
        while let Some((at, num)) = self.retry_queue.range(from..).next().copied() {
            if at > now || skipped > SEARCH {
                return;
            }
            from = (at, num + 1);
            let failed_here = self.records.get(&num).and_then(|record| record.failed_in);
            let others_first = asker.has_peers
                && failed_here == Some(asker.run)
                && now < at.saturating_add(PATIENCE);
            let fit = if others_first { Fit::NotForThis } else { self.fit(num, asker, batch) };
            match fit {
                Fit::Taken => {
                    self.retry_queue.remove(&(at, num));
                    self.retry_at.remove(&num);
                }
                Fit::Full => return,
                Fit::NotForThis => skipped += 1,
            }
        }
    }

    /// Adds a task to a batch, if it fits. One that no worker can receive is given up.
    fn fit(&mut self, num: u64, asker: &Asker, batch: &mut Taken) -> Fit {
        let suspected = self.records.get(&num).map_or(0, |record| record.largest_batch);
        let largest = if suspected == 0 { batch.largest } else { batch.largest.min(suspected) };
        let size = (asker.sizes)(num);
        // With a comma, or brackets.
        let bytes = size.saturating_add(2);
        if bytes > asker.limit {
            if asker.limit >= asker.largest_limit {
                let why = too_large(&format!("task {num}"), size, asker.limit);
                self.give_up(num, 0, &why, Attempt::default());
            }
            return Fit::NotForThis;
        }
        let all = batch.bytes.saturating_add(bytes);
        if batch.nums.len() >= largest || (!batch.nums.is_empty() && all > asker.bytes) {
            return Fit::Full;
        }
        batch.nums.push(num);
        (batch.bytes, batch.largest) = (all, largest);
        Fit::Taken
    }
}
