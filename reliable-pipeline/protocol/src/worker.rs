//! What is known of one worker.

use std::time::Duration;

/// How much work a batch is to be: so little that nobody waits long for its end, so much that
/// asking for it costs little.
const BATCH_TIME: Duration = Duration::from_millis(10);
/// The most tasks in a batch: as much as a message is to hold.
const BATCH_LIMIT: u64 = 5_000;
/// How many times as many tasks a batch may have as the one before.
const GROWTH: u64 = 4;

/// Tasks that are handed out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Tells it from all others of the same dispatcher.
    pub id: u64,
    /// The tasks, in ascending order.
    pub nums: Vec<u64>,
}

/// A worker that is alive, as far as is known.
pub(crate) struct Worker {
    /// Its name in results.
    pub name: u64,
    /// When it was last heard of.
    pub heard: Duration,
    /// What it works on, and since when.
    holds: Option<(Duration, Batch)>,
    /// Its time per task, of late.
    pace: Option<Duration>,
    last_size: u64,
}

impl Worker {
    pub fn new(name: u64) -> Self {
        Self { name, heard: Duration::ZERO, holds: None, pace: None, last_size: 0 }
    }

    pub fn holds(&self) -> Option<&Batch> {
        self.holds.as_ref().map(|(_, batch)| batch)
    }

    pub fn pace(&self) -> Option<Duration> {
        self.pace
    }

    pub fn give(&mut self, batch: Batch, now: Duration) {
        self.last_size = count(&batch).into();
        self.holds = Some((now, batch));
    }

    /// The batch that it was given but has not received: another is the last that it knows.
    pub fn lost(&self, last_known: Option<u64>) -> Option<Batch> {
        self.holds().filter(|batch| last_known != Some(batch.id)).cloned()
    }

    /// It has worked off what it held.
    pub fn finish(&mut self, now: Duration) -> Option<Batch> {
        let (since, batch) = self.holds.take()?;
        self.pace = Some(now.saturating_sub(since) / count(&batch).max(1));
        Some(batch)
    }

    /// How many tasks it is to be given, of its `share` of those that wait.
    pub fn batch_size(&self, share: u64) -> u64 {
        let by_time = self.pace.map_or(1, |pace| {
            let fit = BATCH_TIME.as_nanos() / pace.as_nanos().max(1);
            u64::try_from(fit).unwrap_or(u64::MAX)
        });
        by_time.min(self.last_size.max(1) * GROWTH).min(share).clamp(1, BATCH_LIMIT)
    }

    /// What it should have worked off by now, at its pace, or at that of the `slowest`.
    pub fn late(
        &self,
        slowest: Option<Duration>,
        by: Duration,
        now: Duration,
    ) -> Option<&Vec<u64>> {
        let (since, batch) = self.holds.as_ref()?;
        let expected = self.pace.or(slowest)?.saturating_mul(count(batch));
        (now.saturating_sub(*since) > 3 * expected + by).then_some(&batch.nums)
    }
}

fn count(batch: &Batch) -> u32 {
    u32::try_from(batch.nums.len()).unwrap_or(u32::MAX)
}
