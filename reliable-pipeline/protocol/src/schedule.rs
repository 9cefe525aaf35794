//! What a dispatcher knows of its job: which task waits, who works on it, whether it is done.
//!
//! No sockets and no clock: the time of an event comes with it, counted from any moment. Everything
//! here can be learnt anew, from the sink and by waiting, so it may be lost at any moment.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use fixedbitset::FixedBitSet;

use crate::message::{Failure, GivenUp, Session};
use crate::ranges::{Range, numbers};
pub use crate::worker::Batch;
use crate::worker::Worker;

/// How long a result may be on its way to the output before it counts as lost.
const ON_ITS_WAY: Duration = Duration::from_secs(2);
/// At the tail, what is late by this is handed out a second time.
const LATE: Duration = Duration::from_millis(200);

/// What the command line decides.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// After so many failed attempts a task is given up.
    pub attempts: u8,
    /// A worker that is not heard of for so long is dead.
    pub lease: Duration,
}

/// The state of a job.
pub struct Schedule {
    policy: Policy,
    total: u64,
    done: FixedBitSet,
    /// The first task that was never handed out.
    fresh: u64,
    /// Tasks to be handed out again, each once.
    again: VecDeque<u64>,
    in_again: HashSet<u64>,
    /// Failed attempts. A task that has any is handed out alone, so that it can harm no other.
    attempts: HashMap<u64, u8>,
    given_up: HashMap<u64, GivenUp>,
    workers: HashMap<Session, Worker>,
    /// Batches that are worked off, but not acknowledged, in the order of their ends.
    on_their_way: VecDeque<(Duration, Vec<u64>)>,
    /// Tasks that were handed out a second time because they were late.
    doubled: HashSet<u64>,
    batches: u64,
    handed_out: u64,
}

impl Schedule {
    /// A job of `total` tasks, numbered from 0, of which none is known to be done.
    #[must_use]
    pub fn new(total: u64, policy: Policy, first_batch: u64) -> Self {
        Self {
            policy,
            total,
            done: FixedBitSet::with_capacity(usize::try_from(total).unwrap_or(usize::MAX)),
            fresh: 0,
            again: VecDeque::new(),
            in_again: HashSet::new(),
            attempts: HashMap::new(),
            given_up: HashMap::new(),
            workers: HashMap::new(),
            on_their_way: VecDeque::new(),
            doubled: HashSet::new(),
            batches: first_batch,
            handed_out: 0,
        }
    }

    /// How many tasks are not acknowledged yet.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.total - self.done.count_ones(..) as u64
    }

    /// How often tasks were handed out, in all.
    #[must_use]
    pub fn handed_out(&self) -> u64 {
        self.handed_out
    }

    /// How many workers are alive.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The tasks that are given up, until the sink has acknowledged them.
    #[must_use]
    pub fn given_up(&self) -> Vec<GivenUp> {
        self.given_up.values().cloned().collect()
    }

    /// A worker asks for work, and says how the last `batch` that it has received went. Returns the
    /// batch that it was given before, if it has not received that.
    pub fn ready(
        &mut self,
        session: Session,
        worker_id: u64,
        batch: Option<u64>,
        failed: &[Failure],
        now: Duration,
    ) -> Option<Batch> {
        let worker = self.workers.entry(session).or_insert_with(|| Worker::new(worker_id));
        worker.heard = now;
        if let Some(held) = worker.lost(batch) {
            return Some(held);
        }
        let mut nums = worker.finish(now)?.nums;
        for Failure { num, why } in failed {
            // Only what it was given can fail.
            if let Ok(index) = nums.binary_search(num) {
                nums.remove(index);
                self.failed_attempt(*num, worker_id, why);
            }
        }
        self.on_their_way.push_back((now, nums));
        None
    }

    /// A worker is alive.
    pub fn alive(&mut self, session: Session, now: Duration) {
        if let Some(worker) = self.workers.get_mut(&session) {
            worker.heard = now;
        }
    }

    /// Whether a worker is alive.
    #[must_use]
    pub fn knows(&self, session: Session) -> bool {
        self.workers.contains_key(&session)
    }

    /// A worker ends, and hands back what it holds.
    pub fn bye(&mut self, session: Session) {
        if let Some(batch) = self.workers.remove(&session).as_ref().and_then(Worker::holds) {
            self.hand_back(&batch.nums);
        }
    }

    /// A worker that holds nothing is to be given tasks. `None` where there is none for it now.
    pub fn take(&mut self, session: Session, now: Duration) -> Option<Batch> {
        let waiting = self.again.len() as u64 + (self.total - self.fresh);
        let share = waiting.div_ceil(2 * self.workers.len().max(1) as u64);
        let worker = self.workers.get(&session)?;
        let size = worker.batch_size(share);
        let mut nums = self.again_or_fresh(size);
        if nums.is_empty() {
            nums = self.late(session, size, now);
        }
        if nums.is_empty() {
            return None;
        }
        nums.sort_unstable();
        self.batches += 1;
        self.handed_out += nums.len() as u64;
        let batch = Batch { id: self.batches, nums };
        self.workers.get_mut(&session)?.give(batch.clone(), now);
        Some(batch)
    }

    fn again_or_fresh(&mut self, size: u64) -> Vec<u64> {
        let mut nums = Vec::new();
        while let Some(&num) = self.again.front() {
            let alone = self.attempts.contains_key(&num);
            if !nums.is_empty() && (alone || nums.len() as u64 >= size) {
                return nums;
            }
            self.again.pop_front();
            self.in_again.remove(&num);
            if self.waits(num) {
                nums.push(num);
                if alone {
                    return nums;
                }
            }
        }
        while self.fresh < self.total && (nums.len() as u64) < size {
            if self.waits(self.fresh) {
                nums.push(self.fresh);
            }
            self.fresh += 1;
        }
        nums
    }

    /// Whether a task is neither done nor given up.
    fn waits(&self, num: u64) -> bool {
        !self.is_done(num) && !self.given_up.contains_key(&num)
    }

    fn is_done(&self, num: u64) -> bool {
        usize::try_from(num).is_ok_and(|num| self.done.contains(num))
    }

    /// At the tail: tasks that another worker should have done by now, or whose results should have
    /// arrived. Each is handed out a second time once.
    fn late(&mut self, session: Session, size: u64, now: Duration) -> Vec<u64> {
        let slowest = self.workers.values().filter_map(Worker::pace).max();
        let held = self.workers.iter().filter(|(other, _)| **other != session);
        let held = held.filter_map(|(_, worker)| worker.late(slowest, LATE, now));
        let on_their_way = self.on_their_way.iter();
        let on_their_way =
            on_their_way.filter(|(since, _)| now.saturating_sub(*since) > 2 * LATE).map(|(_, n)| n);
        let nums: Vec<u64> = held
            .chain(on_their_way)
            .flatten()
            .copied()
            .filter(|num| self.waits(*num) && !self.doubled.contains(num))
            .take(usize::try_from(size).unwrap_or(usize::MAX))
            .collect();
        self.doubled.extend(&nums);
        nums
    }

    /// Tasks are done: their results are safe.
    pub fn acknowledge(&mut self, nums: &[Range]) {
        for num in numbers(nums, self.total) {
            if let Ok(index) = usize::try_from(num) {
                self.done.insert(index);
            }
            self.given_up.remove(&num);
        }
        while self
            .on_their_way
            .front()
            .is_some_and(|(_, nums)| nums.iter().all(|num| self.is_done(*num)))
        {
            self.on_their_way.pop_front();
        }
    }

    /// These tasks are done, and no others: what the output has is the truth.
    pub fn acknowledge_only(&mut self, nums: &[Range]) {
        let before = self.done.clone();
        self.done.clear();
        self.acknowledge(nums);
        let lost = before.difference(&self.done).map(|num| num as u64).collect::<Vec<_>>();
        self.hand_back(&lost);
    }

    /// Time has passed: workers that were not heard of are dead, and results that have not arrived
    /// are lost.
    pub fn pass(&mut self, now: Duration) {
        let dead: Vec<Session> = self
            .workers
            .iter()
            .filter(|(_, worker)| now.saturating_sub(worker.heard) > self.policy.lease)
            .map(|(session, _)| *session)
            .collect();
        for session in dead {
            let Some(worker) = self.workers.remove(&session) else { continue };
            for num in worker.holds().into_iter().flat_map(|batch| &batch.nums) {
                self.failed_attempt(*num, worker.name, "its worker died");
            }
        }
        while self
            .on_their_way
            .front()
            .is_some_and(|(since, _)| now.saturating_sub(*since) > ON_ITS_WAY)
        {
            let lost = self.on_their_way.pop_front().map_or_else(Vec::new, |(_, nums)| nums);
            self.hand_back(&lost);
        }
    }

    fn hand_back(&mut self, nums: &[u64]) {
        for &num in nums {
            if num < self.fresh && self.waits(num) && self.in_again.insert(num) {
                self.doubled.remove(&num);
                self.again.push_back(num);
            }
        }
    }

    fn failed_attempt(&mut self, num: u64, worker_id: u64, why: &str) {
        if num >= self.fresh || !self.waits(num) {
            return;
        }
        let attempts = self.attempts.entry(num).or_default();
        *attempts += 1;
        if *attempts < self.policy.attempts {
            self.hand_back(&[num]);
        } else {
            let failed = format!("{why} (attempt {attempts})");
            self.given_up.insert(num, GivenUp { num, worker_id, failed });
        }
    }
}
