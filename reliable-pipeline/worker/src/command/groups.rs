//! The commands that run now, as process groups, and how they are stopped.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::guard::Guard;

/// How long a command that is stopped with its worker may take to end by itself.
const STOP_GRACE: Duration = Duration::from_millis(300);
/// How often a worker looks for orphans that have ended.
const REAP_EVERY: Duration = Duration::from_secs(1);

/// The commands that run now.
pub struct Groups {
    state: Mutex<State>,
    changed: Condvar,
    /// Held, by as many as there are, while a command starts and is not in the state yet.
    starting: RwLock<()>,
    /// A signal that ends the worker has come, a moment before the worker is stopped.
    signalled: Arc<AtomicBool>,
    mark: String,
}

struct State {
    running: Vec<Pid>,
    stopped: bool,
    guard: Guard,
    #[cfg(test)]
    begun: u64,
}

impl Groups {
    /// Starts the guard, and catches the worker's signals.
    ///
    /// # Errors
    ///
    /// What keeps the signals from being caught.
    pub fn new() -> io::Result<Arc<Self>> {
        let signalled = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&signalled))?;
        }
        let guard = Guard::start();
        let mark = guard.mark().to_owned();
        let state = Mutex::new(State {
            running: Vec::new(),
            stopped: false,
            guard,
            #[cfg(test)]
            begun: 0,
        });
        let (changed, starting) = (Condvar::new(), RwLock::new(()));
        let groups = Arc::new(Self { state, changed, starting, signalled, mark });
        groups.reap_orphans()?;
        Ok(groups)
    }

    /// What every command is to have in its environment.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Starts a command by `spawn`, which puts it into a group of its own, or returns `None` if the
    /// worker is to end. With `alone` no other command starts at the same time.
    pub fn start<T>(
        &self,
        alone: bool,
        spawn: impl FnOnce() -> io::Result<(T, Pid)>,
    ) -> io::Result<Option<T>> {
        let alone = alone.then(|| self.starting.write().unwrap_or_else(PoisonError::into_inner));
        let shared =
            alone.is_none().then(|| self.starting.read().unwrap_or_else(PoisonError::into_inner));
        if self.is_interrupted() {
            return Ok(None);
        }
        let (started, group) = spawn()?;
        let state = &mut *self.lock();
        state.guard.add(group, &state.running);
        state.running.push(group);
        #[cfg(test)]
        {
            state.begun += 1;
        }
        drop((alone, shared));
        Ok(Some(started))
    }

    /// A command is over: ends what it has left behind, and forgets it. Until this returns the
    /// process must not be waited for, so that its id stays its own.
    pub fn end(&self, group: Pid) {
        let state = &mut *self.lock();
        signal(group, Signal::SIGKILL);
        state.guard.remove(group);
        state.running.retain(|other| *other != group);
        self.changed.notify_all();
    }

    /// Ends all commands with what they have started, and lets no more begin: SIGTERM, then SIGKILL
    /// for those that are not gone soon. Returns when all are told.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
        // What is starting is in the state when it has started; the rest sees that it is to end.
        drop(self.starting.write().unwrap_or_else(PoisonError::into_inner));
        let state = self.lock();
        for group in &state.running {
            terminate(*group);
        }
        let running = |state: &mut State| !state.running.is_empty();
        let waited = self.changed.wait_timeout_while(state, STOP_GRACE, running);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        for group in &state.running {
            signal(*group, Signal::SIGKILL);
        }
    }

    /// Whether [`Groups::stop`] has been called.
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Whether the worker is about to end.
    pub fn is_interrupted(&self) -> bool {
        self.signalled.load(Ordering::Relaxed) || self.is_stopped()
    }

    /// Whether the worker is about to end, or is so within `grace`: a signal to all processes
    /// of a job reaches a command and its worker one after the other.
    pub fn is_interrupted_within(&self, grace: Duration) -> bool {
        const LOOK: Duration = Duration::from_millis(5);
        let deadline = Instant::now() + grace;
        while !self.is_interrupted() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let unstopped = |state: &mut State| !state.stopped;
            let look = left.min(LOOK);
            drop(self.changed.wait_timeout_while(self.lock(), look, unstopped));
        }
        true
    }

    /// How many commands have started, and how many run.
    #[cfg(test)]
    pub fn counts(&self) -> (u64, usize) {
        let state = self.lock();
        (state.begun, state.running.len())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where this process inherits orphans, as process 1 of a container does, waits for those that
    /// have ended.
    fn reap_orphans(self: &Arc<Self>) -> io::Result<()> {
        if getpid() != Pid::from_raw(1) && !prctl::get_child_subreaper().unwrap_or(false) {
            return Ok(());
        }
        let weak = Arc::downgrade(self);
        let reap = move || {
            while let Some(groups) = weak.upgrade() {
                groups.reap();
                drop(groups);
                thread::sleep(REAP_EVERY);
            }
        };
        thread::Builder::new().name("reaper".to_owned()).spawn(reap).map(drop)
    }

    /// Waits for the children that have ended, but for commands that run: the thread that runs one is about
    /// to wait for it.
    fn reap(&self) {
        let _none_starts = self.starting.write().unwrap_or_else(PoisonError::into_inner);
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if !matches!(waitid(WaitId::All, ended), Ok(Some(_))) {
            return;
        }
        for child in ended_children() {
            if !self.lock().running.contains(&child) {
                // The status may be one that has no name.
                let _ = waitpid(child, Some(WaitPidFlag::WNOHANG));
            }
        }
    }
}

/// The children of this process that have ended, and are not waited for yet.
fn ended_children() -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let own = getpid().to_string();
    let is_ended_child = |pid: &Pid| {
        // Its id, its name in parentheses, its state, its parent's id.
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let status = status.rsplit_once(')').map_or("", |(_, status)| status);
        let mut fields = status.split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(&own)
    };
    processes
        .filter_map(|process| process.ok()?.file_name().to_str()?.parse().ok().map(Pid::from_raw))
        .filter(is_ended_child)
        .collect()
}

/// Asks a group to end, stopped or not.
pub fn terminate(group: Pid) {
    signal(group, Signal::SIGTERM);
    signal(group, Signal::SIGCONT);
}

/// Sends a signal to a group, all of which may have ended by now.
pub fn signal(group: Pid, signal: Signal) {
    let _ = killpg(group, signal);
}
