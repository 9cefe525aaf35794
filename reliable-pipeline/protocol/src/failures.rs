//! The failed tasks of a batch, on their way from a worker to the dispatcher.

use crate::line::{Attempt, REASON_BYTES, cut};
use crate::message::{Failure, MESSAGE_BYTES};

/// The failed tasks of a batch, as many as fit in a request.
pub struct Failures {
    failed: Vec<Failure>,
    room: u64,
    most: u64,
}

impl Failures {
    /// None. `limit` is the [`crate::message::Work::request_limit`].
    pub fn new(limit: u64) -> Self {
        let most = limit.min(MESSAGE_BYTES) / 2;
        Self { failed: Vec::new(), room: most, most }
    }

    /// Adds one, cut to what fits.
    pub fn push(&mut self, mut failure: Failure) {
        failure.why = cut(&failure.why, REASON_BYTES);
        if failure.size() > self.most {
            let attempt = Attempt { attempt: failure.attempt.attempt, ..Attempt::default() };
            let reason = usize::try_from(self.most / 8).unwrap_or(usize::MAX);
            failure = Failure { why: cut(&failure.why, reason), attempt, ..failure };
        }
        self.room = self.room.saturating_sub(failure.size());
        self.failed.push(failure);
    }

    /// Whether another one fits. If not, the rest of the batch is to be returned.
    pub fn has_room(&self) -> bool {
        self.failed.is_empty() || self.room > self.most / 2
    }

    /// The failures.
    pub fn into_vec(self) -> Vec<Failure> {
        self.failed
    }
}

impl Failure {
    fn size(&self) -> u64 {
        serde_json::to_vec(self).map_or(u64::MAX, |json| json.len() as u64)
    }
}
