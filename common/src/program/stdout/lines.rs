//! Lines on their way to stdout.

use std::io::{self, IsTerminal, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a line that closely follows another one may wait for more.
const FLUSH_DELAY: Duration = Duration::from_millis(10);
/// How much may wait, in bytes.
const MAX_WAITING: usize = 64 << 10;

/// The lines that wait. They are written out when this is dropped.
#[derive(Debug)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    added: Condvar,
    /// Whether there is a thread that writes out what waits.
    may_wait: bool,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    written_out: Option<Instant>,
    /// What kept the thread from writing, until the program hears of it.
    failed: Option<io::Error>,
    ended: bool,
}

impl Lines {
    /// Without lines per message (`quiet`), and on a terminal, nothing waits.
    pub(super) fn new(quiet: bool) -> Self {
        let shared = |may_wait| {
            Arc::new(Shared { state: Mutex::default(), added: Condvar::new(), may_wait })
        };
        if quiet || io::stdout().is_terminal() {
            return Self(shared(false));
        }
        let waiting = shared(true);
        let in_thread = Arc::clone(&waiting);
        let spawned = thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || in_thread.write_out_what_waits());
        Self(if spawned.is_ok() { waiting } else { shared(false) })
    }

    /// Adds what `write` writes: a line.
    pub(super) fn add(&self, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        let mut state = self.0.lock();
        write(&mut state.waiting)?;
        state.check_thread()?;
        if self.0.may_wait && state.may_wait() {
            self.0.added.notify_one();
            return Ok(());
        }
        state.write_out()
    }

    /// Writes out all that waits.
    pub(super) fn write_out(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        state.check_thread()?;
        state.write_out()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        // The program has ended for another reason, which is the one to report.
        let _ = state.write_out();
        state.ended = true;
        self.0.added.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out_what_waits(&self) {
        loop {
            let nothing = |state: &mut State| state.waiting.is_empty() && !state.ended;
            let state = self.added.wait_while(self.lock(), nothing);
            if state.unwrap_or_else(PoisonError::into_inner).ended {
                return;
            }
            thread::sleep(FLUSH_DELAY);
            let mut state = self.lock();
            if let Err(error) = state.write_out() {
                state.failed = Some(error);
            }
        }
    }
}

impl State {
    /// Whether what waits may wait for more: it closely follows other lines, and it is not much.
    fn may_wait(&self) -> bool {
        let follows_closely = self.written_out.is_some_and(|when| when.elapsed() < FLUSH_DELAY);
        follows_closely && self.waiting.len() < MAX_WAITING
    }

    /// What kept the thread from writing, once.
    fn check_thread(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = mem::take(&mut self.waiting);
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&waiting).and_then(|()| stdout.flush());
        self.written_out = Some(Instant::now());
        // Its memory is of use for the next ones.
        self.waiting = waiting;
        self.waiting.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_closely_follows_waits_and_only_so_much() {
        let may_wait = |written_out, waiting: usize| {
            State { written_out, waiting: vec![b'x'; waiting], ..State::default() }.may_wait()
        };
        let just_now = Instant::now() + FLUSH_DELAY * 100;
        let long_ago = Instant::now().checked_sub(FLUSH_DELAY).unwrap();
        assert!(!may_wait(None, 1));
        assert!(!may_wait(Some(long_ago), 1));
        assert!(may_wait(Some(just_now), 1) && may_wait(Some(just_now), MAX_WAITING - 1));
        assert!(!may_wait(Some(just_now), MAX_WAITING));
    }

    #[test]
    fn what_the_thread_could_not_write_is_an_error_of_the_next_line_or_of_the_end() {
        let lines = Lines::new(true);
        let fail = || lines.0.lock().failed = Some(io::ErrorKind::StorageFull.into());
        fail();
        assert!(lines.add(|_| Ok(())).is_err() && lines.add(|_| Ok(())).is_ok());
        fail();
        assert!(lines.write_out().is_err() && lines.write_out().is_ok());
    }
}
