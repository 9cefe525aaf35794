//! What is known of one worker.

use std::time::Duration;

/// How much work a batch holds: little enough that nobody waits long for its end, enough that
/// asking for it costs little.
const BATCH_TIME: Duration = Duration::from_millis(10);
/// Maximum number of tasks per batch, so that a message stays small.
const BATCH_LIMIT: u64 = 5_000;
/// A batch is at most this many times as large as the one before.
const GROWTH: u64 = 4;

/// Tasks that are handed out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Unique among the batches of a dispatcher.
    pub id: u64,
    /// The tasks, in ascending order.
    pub nums: Vec<u64>,
}

/// A worker that is believed to be alive.
pub(crate) struct Worker {
    /// Its name in results.
    pub name: u64,
    /// When it was last heard from.
    pub last_seen: Duration,
    /// The batch it works on, and since when.
    holds: Option<(Duration, Batch)>,
    /// How long its last batch took, per task.
    time_per_task: Option<Duration>,
    last_size: u64,
}

impl Worker {
    pub fn new(name: u64) -> Self {
        Self { name, last_seen: Duration::ZERO, holds: None, time_per_task: None, last_size: 0 }
    }

    pub fn holds(&self) -> Option<&Batch> {
        self.holds.as_ref().map(|(_, batch)| batch)
    }

    pub fn time_per_task(&self) -> Option<Duration> {
        self.time_per_task
    }

    pub fn give(&mut self, batch: Batch, now: Duration) {
        self.last_size = count(&batch).into();
        self.holds = Some((now, batch));
    }

    /// The batch that it was given but has not received: it names another as its last one.
    pub fn lost(&self, last_known: Option<u64>) -> Option<Batch> {
        self.holds().filter(|batch| last_known != Some(batch.id)).cloned()
    }

    /// It has finished its batch.
    pub fn finish(&mut self, now: Duration) -> Option<Batch> {
        let (since, batch) = self.holds.take()?;
        self.time_per_task = Some(now.saturating_sub(since) / count(&batch).max(1));
        Some(batch)
    }

    /// How many tasks to give it, at most its `share` of the waiting ones.
    pub fn batch_size(&self, share: u64) -> u64 {
        let by_time = self.time_per_task.map_or(1, |time| {
            let fit = BATCH_TIME.as_nanos() / time.as_nanos().max(1);
            u64::try_from(fit).unwrap_or(u64::MAX)
        });
        by_time.min(self.last_size.max(1) * GROWTH).min(share).clamp(1, BATCH_LIMIT)
    }

    /// The tasks it should have finished by now, at its own time per task or at the `slowest` one.
    pub fn straggling(
        &self,
        slowest: Option<Duration>,
        slack: Duration,
        now: Duration,
    ) -> Option<&Vec<u64>> {
        let (since, batch) = self.holds.as_ref()?;
        let expected = self.time_per_task.or(slowest)?.saturating_mul(count(batch));
        (now.saturating_sub(*since) > 3 * expected + slack).then_some(&batch.nums)
    }
}

fn count(batch: &Batch) -> u32 {
    u32::try_from(batch.nums.len()).unwrap_or(u32::MAX)
}
