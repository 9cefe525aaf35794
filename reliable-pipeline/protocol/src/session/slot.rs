//! A slot of a worker: it asks for tasks, or works on some.

use std::time::Duration;

use super::Finished;
use crate::message::SlotState;
use crate::ranges::Ranges;

/// What a slot takes at most in a message, and a range.
pub(super) const ENTRY_BYTES: u64 = 64;

pub(super) struct Slot {
    pub state: State,
    pub last: Finished,
    pub batch: Option<u64>,
    /// The dispatcher has asked which tasks it has.
    pub is_unknown: bool,
}

pub(super) enum State {
    /// It asks. An answer to any request since the `first` will do.
    Asking {
        first: Option<u64>,
        last: u64,
        due: Duration,
        timeout: Duration,
    },
    Working {
        nums: Ranges,
        running: Option<u64>,
        since: Duration,
    },
}

impl Slot {
    /// What the slot does, as the dispatcher hears it, in at most so much `room`.
    pub fn describe(&mut self, number: u32, room: &mut u64) -> SlotState {
        let (batch, running, nums) = match &self.state {
            State::Asking { .. } => (None, None, None),
            State::Working { nums, running, .. } => {
                let fit = usize::try_from(room.saturating_sub(ENTRY_BYTES) / ENTRY_BYTES);
                let told =
                    (self.is_unknown && nums.len() <= fit.unwrap_or(0)).then(|| nums.clone());
                (self.batch, *running, told)
            }
        };
        if let Some(nums) = &nums {
            *room = room.saturating_sub(nums.len() as u64 * ENTRY_BYTES);
            self.is_unknown = false;
        }
        SlotState { slot: number, batch, running, nums }
    }
}
