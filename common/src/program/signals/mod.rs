//! Ctrl-C, SIGTERM and SIGHUP: how a program that is blocked in a socket call comes to its end.
//!
//! A signal terminates the ZeroMQ context (`zmq_ctx_term`). Every call that waits on a socket of
//! the context then fails with `ETERM`, at once and from then on, so a program needs no flag to
//! poll and no time-out: its loop ends with an ordinary error, and [`Shutdown::finish`] tells that
//! error from a real one. A program that comes to its end by itself terminates the context in the
//! same place, which waits until what it has sent is delivered, for as long as its sockets linger.

mod sleeper;

use std::fmt;
use std::fs;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use zmq::{Context, Error, Socket};

pub use sleeper::Sleeper;

/// How long a program that was interrupted keeps trying to deliver what it has sent.
const GRACE: Duration = Duration::from_millis(300);
/// How long after a signal a program that is stuck elsewhere, in a write to a pipe that nobody
/// reads, is ended by force.
const FORCE_AFTER: Duration = Duration::from_millis(800);

/// A signal that asks a program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// The exit code of a program that this signal interrupted: 130 for SIGINT.
    pub fn exit_code(self) -> u8 {
        128 + u8::try_from(self.0).unwrap_or(0)
    }

    /// The error of a program that this signal interrupted before its work was done.
    pub fn interrupted(self, missing: impl Into<String>) -> anyhow::Error {
        Interrupted { signal: self, missing: missing.into() }.into()
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            SIGHUP => "SIGHUP",
            SIGINT => "SIGINT",
            _ => "SIGTERM",
        })
    }
}

/// A program was interrupted before its work was done.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by {signal}: {missing}")]
pub struct Interrupted {
    /// What interrupted it.
    pub signal: Signal,
    /// What is missing, for people.
    pub missing: String,
}

/// The end of a program, by a signal or by itself. To be made before the first socket.
pub struct Shutdown {
    shared: Arc<Shared>,
    /// Keeps the context from being freed while the program may still make sockets: a context
    /// without any is gone as soon as it is terminated.
    anchor: Mutex<Socket>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    signal: Option<Signal>,
    terminating: bool,
    terminated: bool,
}

impl Shutdown {
    /// From now on SIGINT, SIGTERM and SIGHUP terminate `context`.
    ///
    /// # Errors
    ///
    /// What keeps the signals from being caught.
    pub fn on_signals(context: &Context) -> Result<Self> {
        let anchor = context.socket(zmq::PAIR).context("cannot create a PAIR socket")?;
        let mut caught = vec![SIGINT, SIGTERM];
        // Under nohup a program outlives its terminal.
        if !is_ignored(SIGHUP) {
            caught.push(SIGHUP);
        }
        let mut signals = Signals::new(caught).context("cannot catch signals")?;
        let shared = Arc::new(Shared::default());
        let (in_thread, context) = (Arc::clone(&shared), context.clone());
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    in_thread.interrupt(Signal(signal), &context);
                }
            })
            .context("cannot start the thread for signals")?;
        Ok(Self { shared, anchor: Mutex::new(anchor) })
    }

    /// Waits, unless a signal comes.
    ///
    /// # Errors
    ///
    /// `ETERM`, as any call on a socket of the context, once a signal has come.
    pub fn sleep(&self, duration: Duration) -> zmq::Result<()> {
        self.shared.sleep(duration)
    }

    /// Sleeps as [`Shutdown::sleep`] does, in other threads.
    pub fn sleeper(&self) -> Sleeper {
        Sleeper(Arc::clone(&self.shared))
    }

    /// Ends the program's use of `context`. Its sockets are closed by now; what they have sent is
    /// delivered, as far as they linger. `ended` is how the program's loop came to its end.
    ///
    /// Returns the signal that cut the loop or the delivery short, if one did.
    ///
    /// # Errors
    ///
    /// That of `ended`, where it is not the work of a signal.
    pub fn finish(self, context: Context, ended: Result<()>) -> Result<Option<Signal>> {
        if ended.as_ref().is_err_and(|error| !is_interruption(error)) {
            return ended.map(|()| None);
        }
        let Self { shared, anchor } = self;
        drop(anchor);
        shared.terminate(&context);
        drop(context);

        let mut state = shared.lock();
        let mut deadline = None;
        // A loop may learn of a signal before the thread for signals does.
        while !state.terminated || (ended.is_err() && state.signal.is_none()) {
            if ended.is_err() || state.signal.is_some() {
                deadline.get_or_insert_with(|| Instant::now() + GRACE);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                break;
            }
            state = shared.wait(state, left);
        }
        match (state.signal, ended) {
            (None, ended) => ended.map(|()| None),
            (Some(signal), ended) => Ok((ended.is_err() || !state.terminated).then_some(signal)),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the state to change, or for as long as `timeout` says.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        timeout: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match timeout {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let woken = self.changed.wait_timeout(state, timeout);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    fn interrupt(self: &Arc<Self>, signal: Signal, context: &Context) {
        {
            let mut state = self.lock();
            if state.signal.is_some() {
                return;
            }
            state.signal = Some(signal);
        }
        self.changed.notify_all();
        self.terminate(context);
        // Without a thread to be had, the signal has done all it can.
        let _ = thread::Builder::new().spawn(move || {
            thread::sleep(FORCE_AFTER);
            signal_hook::low_level::exit(signal.exit_code().into());
        });
    }

    /// Terminates the context, once, in a thread of its own: `zmq_ctx_term` returns only when
    /// all sockets of the context are closed and have lingered.
    fn terminate(self: &Arc<Self>, context: &Context) {
        if std::mem::replace(&mut self.lock().terminating, true) {
            return;
        }
        // The thread for signals keeps a handle of the context for good: dropping the last one
        // would terminate it a second time.
        let (shared, mut context) = (Arc::clone(self), context.clone());
        let spawned = thread::Builder::new().spawn(move || {
            while context.destroy() == Err(Error::EINTR) {}
            shared.end();
        });
        if spawned.is_err() {
            self.end();
        }
    }

    fn end(&self) {
        self.lock().terminated = true;
        self.changed.notify_all();
    }
}

/// Whether this program was started with `signal` ignored. Only Linux says so.
fn is_ignored(signal: i32) -> bool {
    ignores(&fs::read_to_string("/proc/self/status").unwrap_or_default(), signal)
}

fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

/// Whether a loop ended because the context is terminated (`ETERM`), or because the signal that is
/// about to terminate it was handled in the thread of the loop (`EINTR`).
fn is_interruption(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::ETERM | Error::EINTR))
}

#[cfg(test)]
mod tests;
