//! Waiting that a signal ends.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use zmq::Error;

use super::{Shared, State};

/// Sleeps in any thread, unless a signal comes.
#[derive(Clone)]
pub struct Sleeper(pub(super) Arc<Shared>);

impl Sleeper {
    /// Waits, unless a signal comes.
    pub fn sleep(&self, duration: Duration) -> zmq::Result<()> {
        self.0.sleep(duration)
    }

    /// Waits, unless a signal comes, or `ended` holds. The thread that makes it hold calls [`Sleeper::wake`].
    pub fn sleep_unless(&self, duration: Duration, ended: impl Fn() -> bool) -> zmq::Result<()> {
        self.0.sleep_unless(duration, ended)
    }

    /// Has the threads that sleep look whether what they wait for holds now.
    pub fn wake(&self) {
        // Who has just looked, and is about to sleep, holds the lock until it does.
        drop(self.0.lock());
        self.0.changed.notify_all();
    }
}

impl Shared {
    pub(super) fn sleep(&self, duration: Duration) -> zmq::Result<()> {
        if duration.is_zero() { Ok(()) } else { self.sleep_unless(duration, || false) }
    }

    fn sleep_unless(&self, duration: Duration, ended: impl Fn() -> bool) -> zmq::Result<()> {
        let undisturbed = |state: &mut State| state.signal.is_none() && !ended();
        let (state, _timed_out) = self
            .changed
            .wait_timeout_while(self.lock(), duration, undisturbed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.signal.is_some() { Err(Error::ETERM) } else { Ok(()) }
    }
}
