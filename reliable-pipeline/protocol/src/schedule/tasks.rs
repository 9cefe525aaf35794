//! The tasks of a job: which are done, which wait, and which are given up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Policy;
use crate::line::{Attempt, GivenUp, OUTPUT_BYTES, REASON_BYTES, cut, end};
use crate::message::Failure;
use crate::ranges::{Range, Ranges};
use crate::task_set::TaskSet;

/// The longest delay before a task is tried again.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// The tasks of a job. One that is neither done nor given up waits, or somebody has it.
pub(super) struct Tasks {
    policy: Policy,
    pub done: TaskSet,
    /// The first task that was never handed out.
    pub(super) fresh: u64,
    /// Later ones that a worker has nevertheless: another dispatcher has handed them out.
    pub(super) ahead: BTreeSet<u64>,
    /// Tasks that were handed out in vain, through no fault of theirs: they go first.
    pub(super) returned: BTreeSet<u64>,
    /// Tasks that have failed, and when they may be tried again: they go last.
    pub(super) retry_queue: BTreeSet<(Duration, u64)>,
    pub(super) retry_at: BTreeMap<u64, Duration>,
    pub(super) records: BTreeMap<u64, Record>,
    given_up: BTreeMap<u64, GivenUp>,
    gave_up: u64,
}

/// What is known against a task that is not done.
#[derive(Default)]
pub(super) struct Record {
    failures: u32,
    crashes: u32,
    /// The run in which it failed last.
    pub failed_in: Option<u64>,
    /// The largest batch that it may be part of (0 = any), so that one that kills its workers is
    /// found out.
    pub largest_batch: usize,
}

impl Tasks {
    pub fn new(total: u64, policy: Policy) -> Self {
        Self {
            policy,
            done: TaskSet::new(total),
            fresh: 0,
            ahead: BTreeSet::new(),
            returned: BTreeSet::new(),
            retry_queue: BTreeSet::new(),
            retry_at: BTreeMap::new(),
            records: BTreeMap::new(),
            given_up: BTreeMap::new(),
            gave_up: 0,
        }
    }

    pub fn remaining(&self) -> u64 {
        self.done.total() - self.done.count()
    }

    /// Tasks that are given up, until the sink has written so.
    pub fn given_up(&self) -> impl Iterator<Item = &GivenUp> {
        self.given_up.values()
    }

    /// How many tasks were given up.
    pub fn gave_up(&self) -> u64 {
        self.gave_up
    }

    /// How many times a task has failed.
    pub fn failures(&self, num: u64) -> u32 {
        self.records.get(&num).map_or(0, |record| record.failures)
    }

    /// Whether a worker has died with a task.
    pub fn is_suspected(&self, num: u64) -> bool {
        self.records.get(&num).is_some_and(|record| record.largest_batch > 0)
    }

    /// Whether a task is neither done nor given up.
    pub fn is_open(&self, num: u64) -> bool {
        num < self.done.total() && !self.done.contains(num) && !self.given_up.contains_key(&num)
    }

    /// About how many tasks wait to be handed out.
    pub fn waiting(&self) -> u64 {
        let again = self.returned.len() + self.retry_queue.len();
        (self.done.total() - self.fresh).saturating_add(again as u64)
    }

    /// Whether there is a task to hand out now.
    pub fn is_any_ready(&self, now: Duration) -> bool {
        self.fresh < self.done.total()
            || !self.returned.is_empty()
            || self.retry_queue.first().is_some_and(|(at, _)| *at <= now)
    }

    /// Tasks are done.
    pub fn acknowledge(&mut self, nums: &Ranges) {
        for range in nums.below(self.done.total()).collect::<Vec<_>>() {
            self.done.insert_range(range);
            self.forget(range);
        }
    }

    /// In this piece of the whole, tasks are done and no others. Those that were taken for done wait
    /// again.
    pub fn acknowledge_only(&mut self, nums: &Ranges, from: u64, to: u64) {
        let (mut next, mut lost) = (from, Vec::new());
        let end = Range(to, to);
        for Range(first, last) in nums.iter().chain([end]) {
            while let Some(num) = self.done.next(next, true).filter(|num| *num < first) {
                lost.push(num);
                next = num + 1;
            }
            next = last.saturating_add(1);
        }
        for num in lost {
            self.done.remove(num);
            self.hand_back(num);
        }
        self.acknowledge(nums);
    }

    /// What is done needs no book-keeping.
    fn forget(&mut self, Range(first, last): Range) {
        for set in [&mut self.ahead, &mut self.returned] {
            while let Some(num) = set.range(first..=last).next().copied() {
                set.remove(&num);
            }
        }
        while let Some((num, at)) = self.retry_at.range(first..=last).next() {
            let (num, at) = (*num, *at);
            self.retry_at.remove(&num);
            self.retry_queue.remove(&(at, num));
        }
        while let Some(num) = self.records.range(first..=last).next().map(|(num, _)| *num) {
            self.records.remove(&num);
        }
        while let Some(num) = self.given_up.range(first..=last).next().map(|(num, _)| *num) {
            self.given_up.remove(&num);
        }
    }

    /// A task was handed out in vain.
    pub fn hand_back(&mut self, num: u64) {
        if self.retry_at.contains_key(&num) || !self.is_open(num) {
            return;
        }
        if num >= self.fresh {
            self.ahead.remove(&num);
        } else {
            self.returned.insert(num);
        }
    }

    /// A worker has a task, whichever dispatcher handed it out. Returns whether it is of use.
    pub fn adopt(&mut self, num: u64) -> bool {
        if !self.is_open(num) {
            return false;
        }
        self.returned.remove(&num);
        if let Some(at) = self.retry_at.remove(&num) {
            self.retry_queue.remove(&(at, num));
        }
        if num >= self.fresh {
            self.ahead.insert(num);
        }
        true
    }

    /// A worker died with a batch that may hold the reason: its parts are to be smaller.
    pub fn suspect(&mut self, nums: &[u64]) {
        for &num in nums.iter().filter(|num| self.is_open(**num)).collect::<Vec<_>>() {
            self.records.entry(num).or_default().largest_batch = nums.len().div_ceil(2);
        }
    }

    /// A worker died while it ran a task.
    pub fn crash(&mut self, num: u64, worker_id: u64, now: Duration) {
        if !self.is_open(num) {
            return;
        }
        let record = self.records.entry(num).or_default();
        record.crashes = record.crashes.saturating_add(1);
        record.largest_batch = 1;
        let crashes = record.crashes;
        if crashes < self.policy.crash_limit {
            self.retry(num, crashes, now);
        } else {
            let why = format!("its worker died ({crashes} times)");
            self.give_up(num, worker_id, &why, Attempt::default());
        }
    }

    /// The worker that was taken for dead has the task still.
    pub fn uncrash(&mut self, num: u64) {
        if let Some(record) = self.records.get_mut(&num) {
            record.crashes = record.crashes.saturating_sub(1);
        }
    }

    /// An attempt failed.
    pub fn fail(&mut self, failure: &Failure, run: u64, worker_id: u64, now: Duration) {
        let num = failure.num;
        if !self.is_open(num) {
            return;
        }
        let record = self.records.entry(num).or_default();
        record.failures = record.failures.saturating_add(1);
        record.failed_in = Some(run);
        let failures = record.failures;
        if failure.is_final {
            self.give_up(num, worker_id, &failure.why, failure.attempt.clone());
        } else if failures >= self.policy.attempts {
            let why = format!("{} (attempt {failures})", cut(&failure.why, REASON_BYTES - 24));
            self.give_up(num, worker_id, &why, failure.attempt.clone());
        } else {
            self.retry(num, failures, now);
        }
    }

    fn retry(&mut self, num: u64, times: u32, now: Duration) {
        let doubled = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
        let delay = self.policy.retry_delay.saturating_mul(doubled).min(LONGEST_DELAY);
        if num >= self.fresh {
            // It has waited its turn elsewhere.
            self.ahead.insert(num);
        }
        self.returned.remove(&num);
        let at = now.saturating_add(delay);
        if let Some(before) = self.retry_at.insert(num, at) {
            self.retry_queue.remove(&(before, num));
        }
        self.retry_queue.insert((at, num));
    }

    pub(super) fn give_up(&mut self, num: u64, worker_id: u64, why: &str, mut attempt: Attempt) {
        attempt.stdout = attempt.stdout.map(|text| cut(&text, OUTPUT_BYTES));
        attempt.stderr = attempt.stderr.map(|text| end(&text, OUTPUT_BYTES));
        let failed = cut(why, REASON_BYTES);
        self.forget(Range(num, num));
        if num >= self.fresh {
            self.ahead.insert(num);
        }
        self.given_up.insert(num, GivenUp { num, worker_id, failed, attempt });
        self.gave_up += 1;
    }

    /// What always holds.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub fn check_invariants(&self) {
        let queued = self.returned.iter().chain(self.retry_at.keys());
        for num in queued.clone().chain(self.records.keys()) {
            assert!(self.is_open(*num), "{num} waits, but is done or given up");
        }
        assert!(self.returned.iter().all(|num| *num < self.fresh), "fresh tasks are returned");
        assert!(self.ahead.iter().all(|num| *num >= self.fresh), "old tasks are ahead");
        assert!(self.returned.iter().all(|num| !self.retry_at.contains_key(num)), "queued twice");
        let retries: BTreeSet<_> = self.retry_at.iter().map(|(num, at)| (*at, *num)).collect();
        assert_eq!(retries, self.retry_queue);
        assert!(self.given_up.keys().all(|num| !self.done.contains(*num)), "done, and given up");
    }

    /// Whether a task waits to be handed out.
    pub fn is_queued(&self, num: u64) -> bool {
        let fresh = num >= self.fresh && !self.ahead.contains(&num);
        fresh || self.returned.contains(&num) || self.retry_at.contains_key(&num)
    }
}

/// `task 7 is 17000013 bytes; the limit is 16777216 (--max-message-size)`
pub fn too_large(what: &str, bytes: u64, limit: u64) -> String {
    format!("{what} is {bytes} bytes; the limit is {limit} (--max-message-size)")
}
