//! Lines on their way to stderr, which may be slow, full, closed, or read by nobody.
//!
//! One thread writes all that a program writes there, progress bars included, and everything else
//! hands it over. A line is usually written when the call that logs it returns, so that it stands
//! before what the program prints next on stdout; but nobody waits longer than [`PATIENCE`].

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hash::Hash;
use std::io::{self, Write};
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::line::{Label, Line};
use super::repeats::Repeats;
use crate::message::text::Counted;

/// The name of the thread that writes.
pub(super) const THREAD: &str = "stderr";
/// How many lines may wait. What comes then is lost, and counted.
const MAX_WAITING: usize = 1000;
/// How long a call that logs waits for its line to be written.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long no call waits after one that has waited for longer than [`SLOW`].
const IMPATIENCE: Duration = Duration::from_secs(1);
/// Much longer than a write takes to a terminal, a file or a pipe that is read.
const SLOW: Duration = Duration::from_millis(20);
/// How long the end of a program waits for its last lines.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);
/// How often what is drawn is drawn again.
const REDRAW: Duration = Duration::from_millis(100);

/// What is drawn on the last line of a terminal, such as a progress bar.
pub(in crate::program) trait Drawing: Send {
    /// Draws it as it is now.
    fn draw(&mut self);
    /// Takes it away, has lines written, and draws it again.
    fn step_aside(&mut self, write: &mut dyn FnMut());
    /// Takes it away.
    fn clear(&mut self);
}

enum Item {
    Line(Line),
    Draw(Box<dyn Drawing>),
    Clear,
}

/// The lines that wait for the thread that writes them to what `open` returns.
pub(super) struct Queue<K> {
    open: fn() -> Box<dyn Write>,
    state: Mutex<Option<State<K>>>,
    added: Condvar,
    written: Condvar,
}

struct State<K> {
    waiting: VecDeque<Item>,
    repeats: Repeats<K>,
    /// How many lines were lost since the last one that says so.
    lost: u64,
    /// How many items there have been, and how many of them the thread is done with.
    added: u64,
    done: u64,
    has_thread: bool,
    impatient_until: Option<Instant>,
}

impl<K: Clone + Eq + Hash + Send + 'static> Queue<K> {
    pub(super) const fn new(open: fn() -> Box<dyn Write>) -> Self {
        Self { open, state: Mutex::new(None), added: Condvar::new(), written: Condvar::new() }
    }

    /// Logs a line. Those of the same kind are summed up, if `kind` says which it is.
    pub(super) fn log(&'static self, kind: Option<&K>, line: impl FnOnce() -> Line) {
        if kind.is_some_and(|kind| self.with(|state| state.repeats.count(kind))) {
            return;
        }
        // Not under the lock: this is the caller's code.
        let line = line();
        let admitted =
            |kind: &K| self.with(|state| state.repeats.admit(kind.clone(), &line, Instant::now()));
        if kind.is_none_or(admitted) {
            self.add(Item::Line(line));
        }
    }

    /// Draws this below the lines from now on, or nothing any more.
    pub(super) fn draw(&'static self, drawing: Option<Box<dyn Drawing>>) {
        self.add(drawing.map_or(Item::Clear, Item::Draw));
    }

    /// Writes what waits, then the `last` lines, as far as that takes no longer than [`DRAIN_TIMEOUT`].
    pub(super) fn end(&'static self, last: Vec<Line>) {
        let mut guard = self.lock();
        if guard.is_none() && last.is_empty() {
            return;
        }
        let state = guard.get_or_insert_with(State::new);
        state.sum_up(|repeats| repeats.rest(Instant::now()));
        // However many wait.
        state.push(Item::Clear);
        for line in last {
            state.push(Item::Line(line));
        }
        let awaited = state.added;
        if self.wake(state) {
            drop(self.wait(guard, awaited, DRAIN_TIMEOUT));
        } else {
            // Without a thread to be had, it is this one that may have to wait.
            let items = mem::take(&mut state.waiting);
            drop(guard);
            write(&mut *(self.open)(), &mut None, items);
        }
    }

    fn add(&'static self, item: Item) {
        let mut guard = self.lock();
        let state = guard.get_or_insert_with(State::new);
        if state.waiting.len() >= MAX_WAITING && matches!(item, Item::Line(_)) {
            state.lost += 1;
            return;
        }
        state.push(item);
        let (awaited, start) = (state.added, Instant::now());
        let impatient = state.impatient_until.is_some_and(|until| start < until);
        if !self.wake(state) || impatient {
            return;
        }
        let mut guard = self.wait(guard, awaited, PATIENCE);
        if let (Some(state), true) = (guard.as_mut(), start.elapsed() > SLOW) {
            state.impatient_until = Some(Instant::now() + IMPATIENCE);
        }
    }

    /// Wakes the thread, which is started if it does not run yet. Returns whether it does now.
    fn wake(&'static self, state: &mut State<K>) -> bool {
        if !state.has_thread {
            let spawned = thread::Builder::new().name(THREAD.to_owned()).spawn(|| self.write());
            state.has_thread = spawned.is_ok();
        }
        self.added.notify_one();
        state.has_thread
    }

    fn wait<'a>(&self, guard: Guard<'a, K>, awaited: u64, time: Duration) -> Guard<'a, K> {
        let not_yet =
            |state: &mut Option<State<K>>| state.as_ref().is_some_and(|state| state.done < awaited);
        let waited = self.written.wait_timeout_while(guard, time, not_yet);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> Guard<'_, K> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, call: impl FnOnce(&mut State<K>) -> T) -> T {
        call(self.lock().get_or_insert_with(State::new))
    }

    /// The thread: writes what comes, for as long as the program runs.
    fn write(&self) {
        let (mut out, mut drawing) = ((self.open)(), None::<Box<dyn Drawing>>);
        loop {
            let items = self.next(drawing.is_some());
            let count = items.len() as u64;
            write(&mut *out, &mut drawing, items);
            if let Some(drawing) = &mut drawing {
                drawing.draw();
            }
            self.with(|state| state.done += count);
            self.written.notify_all();
        }
    }

    /// Waits for something to write, if something is `drawn` until it is time to draw it again.
    fn next(&self, drawn: bool) -> VecDeque<Item> {
        let start = Instant::now();
        let mut guard = self.lock();
        loop {
            let (state, now) = (guard.get_or_insert_with(State::new), Instant::now());
            state.sum_up(|repeats| repeats.due(now));
            let redraw = drawn.then_some(start + REDRAW);
            if !state.waiting.is_empty() || redraw.is_some_and(|redraw| redraw <= now) {
                return mem::take(&mut state.waiting);
            }
            let wake = redraw.into_iter().chain(state.repeats.next_due()).min();
            guard = match wake {
                None => self.added.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(wake) => {
                    let waited = self.added.wait_timeout(guard, wake.duration_since(now));
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

type Guard<'a, K> = MutexGuard<'a, Option<State<K>>>;

impl<K: Eq + Hash> State<K> {
    fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            repeats: Repeats::new(),
            lost: 0,
            added: 0,
            done: 0,
            has_thread: false,
            impatient_until: None,
        }
    }

    fn push(&mut self, item: Item) {
        self.waiting.push_back(item);
        self.added += 1;
    }

    /// Adds the sums of what was repeated and of what was lost.
    fn sum_up(&mut self, sums: impl FnOnce(&mut Repeats<K>) -> Vec<Line>) {
        for line in sums(&mut self.repeats) {
            self.push(Item::Line(line));
        }
        if self.lost > 0 {
            let lost = Counted(mem::take(&mut self.lost), "line");
            let text = format!("{lost} lost here: stderr does not take them in time");
            self.push(Item::Line(Line { label: Label::Warning, text }));
        }
    }
}

fn write(out: &mut dyn Write, drawing: &mut Option<Box<dyn Drawing>>, items: VecDeque<Item>) {
    let mut text = String::new();
    for item in items {
        match item {
            // Writing to a String cannot fail.
            Item::Line(line) => drop(write!(text, "{line}")),
            Item::Draw(new) => {
                put(out, drawing, &mem::take(&mut text));
                *drawing = Some(new);
            }
            Item::Clear => {
                put(out, drawing, &mem::take(&mut text));
                if let Some(mut drawn) = drawing.take() {
                    drawn.clear();
                }
            }
        }
    }
    put(out, drawing, &text);
}

/// Writes a text. What cannot be written, to a full disk or a closed pipe, is lost: no program fails
/// for want of its log.
fn put(out: &mut dyn Write, drawing: &mut Option<Box<dyn Drawing>>, text: &str) {
    if text.is_empty() {
        return;
    }
    let mut write = || {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match out.write(rest) {
                Ok(0) => return,
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Another program has made a terminal or a pipe, which we share, non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(SLOW),
                Err(_) => return,
            }
        }
    };
    match drawing {
        Some(drawing) => drawing.step_aside(&mut write),
        None => write(),
    }
}

#[cfg(test)]
mod tests;
