//! What is known of a worker: of each of its slots, and of its run as a whole.

use std::time::Duration;

/// How much work a batch holds: little enough that nobody waits long for its end, enough that asking
/// for it costs little.
const BATCH_TIME: Duration = Duration::from_millis(50);
const LONGEST_BATCH_TIME: Duration = Duration::from_secs(1);
/// Maximum number of tasks per batch.
pub(super) const LARGEST_BATCH: u64 = 20_000;
/// A batch is at most this many times as large as the one before.
const GROWTH: u64 = 4;
/// A run whose tasks fail this many times in a row, while others' succeed, is given one at a time.
const BAD_STREAK: usize = 3;
/// It is then made to wait this long, doubled each time.
const BACK_OFF: Duration = Duration::from_millis(250);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// A slot of a worker that is believed to be alive.
pub(super) struct Worker {
    /// Its name in results.
    pub name: u64,
    /// Its `--max-message-size`.
    pub limit: u64,
    pub last_seen: Duration,
    /// The request that waits for an answer.
    pub asking: Option<u64>,
    /// The number of its latest request.
    pub last_seq: u64,
    /// The batch that it works on.
    pub held: Option<u64>,
    /// How long its last batch took, per task.
    pub time_per_task: Option<Duration>,
    /// How long its last batch took besides: for the way there and back.
    pub overhead: Duration,
    last_size: u64,
}

impl Worker {
    pub fn new(now: Duration) -> Self {
        Self {
            name: 0,
            limit: u64::MAX,
            last_seen: now,
            asking: None,
            last_seq: 0,
            held: None,
            time_per_task: None,
            overhead: Duration::ZERO,
            last_size: 0,
        }
    }

    /// It was given a batch of this size.
    pub fn give(&mut self, batch: u64, size: usize) {
        (self.held, self.last_size, self.asking) = (Some(batch), size as u64, None);
    }

    /// It has finished a batch of `size` tasks, `elapsed` after it was given that.
    pub fn finish(&mut self, size: usize, busy: Duration, elapsed: Duration) {
        let busy = busy.min(elapsed);
        let size = u32::try_from(size).unwrap_or(u32::MAX).max(1);
        self.time_per_task = Some(busy / size);
        self.overhead = elapsed.saturating_sub(busy);
        self.held = None;
    }

    /// How many tasks to give it, at most its `share` of the waiting ones.
    pub fn batch_size(&self, share: u64) -> usize {
        let batch_time = self.overhead.saturating_mul(4).clamp(BATCH_TIME, LONGEST_BATCH_TIME);
        let by_time = self.time_per_task.map_or(1, |time| {
            u64::try_from(batch_time.as_nanos() / time.as_nanos().max(1)).unwrap_or(u64::MAX)
        });
        let by_growth = self.last_size.max(1).saturating_mul(GROWTH);
        let size = by_time.min(by_growth).min(share).clamp(1, LARGEST_BATCH);
        usize::try_from(size).unwrap_or(1)
    }
}

/// A worker as a whole.
#[derive(Default)]
pub(super) struct Run {
    /// How many of its slots are known.
    pub slots: u32,
    /// How many of them have tasks.
    pub busy: u32,
    /// How many tasks failed since one was done.
    streak: usize,
    /// How many times it was made to wait since.
    pauses: u32,
    /// How many tasks other runs had done when the streak began.
    others_done: u64,
    /// How many tasks it has done.
    done: u64,
    not_before: Duration,
}

impl Run {
    /// Tasks were done, out of `all_done` by all runs.
    pub fn succeed(&mut self, tasks: u64) {
        self.done = self.done.saturating_add(tasks);
        (self.streak, self.pauses) = (0, 0);
    }

    /// All tasks of a batch have failed. `all_done`: how many tasks all runs have done.
    pub fn fail(&mut self, tasks: usize, all_done: u64, now: Duration) {
        if self.streak == 0 {
            self.others_done = all_done.saturating_sub(self.done);
        }
        self.streak = self.streak.saturating_add(tasks);
        if self.is_bad(all_done) {
            let doubled = 1_u32.checked_shl(self.pauses).unwrap_or(u32::MAX);
            let back_off = BACK_OFF.saturating_mul(doubled).min(LONGEST_BACK_OFF);
            self.not_before = now.saturating_add(back_off);
            self.pauses = self.pauses.saturating_add(1);
        }
    }

    /// Whether its tasks fail one after the other while others' succeed.
    fn is_bad(&self, all_done: u64) -> bool {
        self.streak >= BAD_STREAK && all_done.saturating_sub(self.done) > self.others_done
    }

    /// How many tasks it may be given at most now.
    pub fn allowance(&self, all_done: u64, now: Duration) -> usize {
        match self.is_bad(all_done) {
            true if self.busy > 0 || now < self.not_before => 0,
            true => 1,
            false => usize::MAX,
        }
    }
}
