//! What a dispatcher knows about its job: which tasks wait, who works on which, which are done.
//!
//! No sockets and no clock: time is an argument, counted from any moment. This is soft state: a new
//! dispatcher rebuilds it from the sink.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use fixedbitset::FixedBitSet;

use crate::message::{Failure, GivenUp, Session};
use crate::ranges::{Range, numbers};
pub use crate::worker::Batch;
use crate::worker::Worker;

/// A result that is not acknowledged after this long counts as lost.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// A task is a straggler when it is overdue by this much.
const STRAGGLER_SLACK: Duration = Duration::from_millis(200);

/// What the command line decides.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Give a task up after this many failed attempts.
    pub attempts: u8,
    /// A worker that is silent for this long is dead.
    pub lease: Duration,
}

/// The state of a job.
pub struct Schedule {
    policy: Policy,
    total: u64,
    done: FixedBitSet,
    /// The first task that was never handed out.
    fresh: u64,
    /// Tasks to hand out again, each once.
    retry_queue: VecDeque<u64>,
    in_retry_queue: HashSet<u64>,
    /// Failed attempts. A task with any is handed out alone, so that it harms no other.
    attempts: HashMap<u64, u8>,
    given_up: HashMap<u64, GivenUp>,
    workers: HashMap<Session, Worker>,
    /// Batches that are finished but not acknowledged, in the order they were finished.
    in_flight: VecDeque<(Duration, Vec<u64>)>,
    /// Stragglers that another worker was given, too.
    backed_up: HashSet<u64>,
    batches: u64,
    handed_out: u64,
}

impl Schedule {
    /// A job of `total` tasks, numbered from 0, of which none is known to be done.
    pub fn new(total: u64, policy: Policy, first_batch: u64) -> Self {
        Self {
            policy,
            total,
            done: FixedBitSet::with_capacity(usize::try_from(total).unwrap_or(usize::MAX)),
            fresh: 0,
            retry_queue: VecDeque::new(),
            in_retry_queue: HashSet::new(),
            attempts: HashMap::new(),
            given_up: HashMap::new(),
            workers: HashMap::new(),
            in_flight: VecDeque::new(),
            backed_up: HashSet::new(),
            batches: first_batch,
            handed_out: 0,
        }
    }

    /// How many tasks are not acknowledged yet.
    pub fn remaining(&self) -> u64 {
        self.total - self.done.count_ones(..) as u64
    }

    /// How many times tasks were handed out.
    pub fn handed_out(&self) -> u64 {
        self.handed_out
    }

    /// How many workers are alive.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The tasks that are given up, until the sink has acknowledged them.
    pub fn given_up(&self) -> Vec<GivenUp> {
        self.given_up.values().cloned().collect()
    }

    /// A worker asks for work, and names the last `batch` it received and what `failed` of it.
    /// Returns the batch it was given, if it has not received that one.
    pub fn ready(
        &mut self,
        session: Session,
        worker_id: u64,
        batch: Option<u64>,
        failed: &[Failure],
        now: Duration,
    ) -> Option<Batch> {
        let worker = self.workers.entry(session).or_insert_with(|| Worker::new(worker_id));
        worker.last_seen = now;
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
        self.in_flight.push_back((now, nums));
        None
    }

    /// A worker is alive.
    pub fn alive(&mut self, session: Session, now: Duration) {
        if let Some(worker) = self.workers.get_mut(&session) {
            worker.last_seen = now;
        }
    }

    /// Whether a worker is alive.
    pub fn knows(&self, session: Session) -> bool {
        self.workers.contains_key(&session)
    }

    /// A worker ends, and hands back what it holds.
    pub fn bye(&mut self, session: Session) {
        if let Some(batch) = self.workers.remove(&session).as_ref().and_then(Worker::holds) {
            self.hand_back(&batch.nums);
        }
    }

    /// The next batch for a worker that holds none. `None` if there is nothing for it now.
    pub fn next_batch(&mut self, session: Session, now: Duration) -> Option<Batch> {
        let waiting = self.retry_queue.len() as u64 + (self.total - self.fresh);
        let share = waiting.div_ceil(2 * self.workers.len().max(1) as u64);
        let worker = self.workers.get(&session)?;
        let size = worker.batch_size(share);
        let mut nums = self.retries_then_fresh(size);
        if nums.is_empty() {
            nums = self.stragglers(session, size, now);
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

    fn retries_then_fresh(&mut self, size: u64) -> Vec<u64> {
        let mut nums = Vec::new();
        while let Some(&num) = self.retry_queue.front() {
            let alone = self.attempts.contains_key(&num);
            if !nums.is_empty() && (alone || nums.len() as u64 >= size) {
                return nums;
            }
            self.retry_queue.pop_front();
            self.in_retry_queue.remove(&num);
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

    /// Tasks that another worker should have finished by now, or whose results should have arrived.
    /// Each is backed up once.
    fn stragglers(&mut self, session: Session, size: u64, now: Duration) -> Vec<u64> {
        let slowest = self.workers.values().filter_map(Worker::time_per_task).max();
        let held = self.workers.iter().filter(|(other, _)| **other != session);
        let held = held.filter_map(|(_, worker)| worker.straggling(slowest, STRAGGLER_SLACK, now));
        let in_flight = self.in_flight.iter();
        let in_flight = in_flight
            .filter(|(since, _)| now.saturating_sub(*since) > 2 * STRAGGLER_SLACK)
            .map(|(_, n)| n);
        let nums: Vec<u64> = held
            .chain(in_flight)
            .flatten()
            .copied()
            .filter(|num| self.waits(*num) && !self.backed_up.contains(num))
            .take(usize::try_from(size).unwrap_or(usize::MAX))
            .collect();
        self.backed_up.extend(&nums);
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
            .in_flight
            .front()
            .is_some_and(|(_, nums)| nums.iter().all(|num| self.is_done(*num)))
        {
            self.in_flight.pop_front();
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

    /// Time has passed: workers that are silent are dead, and results that are overdue are lost.
    pub fn tick(&mut self, now: Duration) {
        let dead: Vec<Session> = self
            .workers
            .iter()
            .filter(|(_, worker)| now.saturating_sub(worker.last_seen) > self.policy.lease)
            .map(|(session, _)| *session)
            .collect();
        for session in dead {
            let Some(worker) = self.workers.remove(&session) else { continue };
            for num in worker.holds().into_iter().flat_map(|batch| &batch.nums) {
                self.failed_attempt(*num, worker.name, "its worker died");
            }
        }
        while self
            .in_flight
            .front()
            .is_some_and(|(since, _)| now.saturating_sub(*since) > ACK_TIMEOUT)
        {
            let lost = self.in_flight.pop_front().map_or_else(Vec::new, |(_, nums)| nums);
            self.hand_back(&lost);
        }
    }

    fn hand_back(&mut self, nums: &[u64]) {
        for &num in nums {
            if num < self.fresh && self.waits(num) && self.in_retry_queue.insert(num) {
                self.backed_up.remove(&num);
                self.retry_queue.push_back(num);
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
