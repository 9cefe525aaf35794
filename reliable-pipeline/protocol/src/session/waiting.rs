//! What a worker waits for, and when it waits in vain.

use std::time::Duration;

use super::Session;
use super::slot::{Slot, State};

/// A dispatcher that has not answered for this long, and a round trip, is silent.
const SILENT: Duration = Duration::from_secs(2);
/// A worker that runs nothing ends after this long without dispatcher and sink, once it had a
/// dispatcher.
const LEFT_BEHIND: Duration = Duration::from_secs(20);

/// What a worker waits for, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// An answer of the dispatcher.
    Dispatcher(Duration),
    /// The sink, which is to take results.
    Sink(Duration),
    /// Tasks.
    Tasks(Duration),
}

impl Session {
    /// Since when there is neither work nor, perhaps, a dispatcher.
    pub fn idle_since(&self) -> Option<Duration> {
        (self.busy == 0).then_some(self.idle_since)
    }

    /// Whether the job has ended without this worker, as it seems: there is neither a dispatcher, as
    /// there was, nor a `sink`, and no task runs.
    pub fn is_left_behind(&self, sink: bool, now: Duration) -> bool {
        let Some(last_heard) = self.last_heard.filter(|_| !sink) else { return false };
        let runs = |slot: &Slot| matches!(slot.state, State::Working { running: Some(_), .. });
        now.saturating_sub(last_heard) > LEFT_BEHIND && !self.slots.iter().any(runs)
    }

    /// What the worker waits for, if it has reason to.
    pub fn waits_for(&self, now: Duration) -> Option<WaitsFor> {
        let heard = self.last_heard.unwrap_or(self.started);
        let patience = SILENT.saturating_add(self.round_trip.saturating_mul(2));
        if now.saturating_sub(heard) > patience {
            return Some(WaitsFor::Dispatcher(heard));
        }
        let delivering = self.slots.iter().filter_map(|slot| match slot.state {
            State::Working { running: None, since, .. } => Some(since),
            _ => None,
        });
        let idle = self.idle_since().map(WaitsFor::Tasks);
        delivering.min().map(WaitsFor::Sink).or(idle)
    }
}
