//! A progress bar on stderr.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::stderr::{self, Drawing};

/// A progress bar. It disappears when this is dropped.
///
/// Here are its numbers alone: it is the thread that writes to stderr which draws it, ten times a
/// second. A program goes on while its terminal is stopped.
pub struct Progress(Option<Arc<Numbers>>);

#[derive(Default)]
struct Numbers {
    done: AtomicU64,
    /// 0 while it is not known.
    total: AtomicU64,
    words: Mutex<String>,
}

impl Progress {
    /// Draws a bar towards `total` of these `things`, on stderr, where that is a terminal and the
    /// bar `visible`. With a total of 0 it counts without an end.
    pub fn new(things: &str, total: u64, visible: bool) -> Result<Self> {
        let style = |template: &str| {
            let template = template.replace("THINGS", things);
            ProgressStyle::with_template(&template).context("cannot draw a progress bar")
        };
        let finite = style("{bar:40} {pos}/{len} THINGS, {per_sec}, {eta} left{msg}")?;
        let endless = style("{spinner} {pos} THINGS, {per_sec}{msg}")?;
        let bar = if visible { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let bar = bar.with_style(endless);
        if bar.is_hidden() {
            return Ok(Self(None));
        }
        let numbers = Arc::new(Numbers { total: total.into(), ..Numbers::default() });
        stderr::draw(Some(Box::new(Drawn { bar, finite, numbers: Arc::clone(&numbers) })));
        Ok(Self(Some(numbers)))
    }

    /// How many are done by now.
    pub fn set(&self, done: u64) {
        if let Some(numbers) = &self.0 {
            numbers.done.store(done, Ordering::Relaxed);
        }
    }

    /// Learns how many there are to do.
    pub fn set_total(&self, total: u64) {
        if let Some(numbers) = &self.0 {
            numbers.total.store(total, Ordering::Relaxed);
        }
    }

    /// Shows a few words behind the figures.
    pub fn say(&self, words: &str) {
        if let Some(numbers) = &self.0 {
            *numbers.words.lock().unwrap_or_else(PoisonError::into_inner) = format!(", {words}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.0.is_some() {
            stderr::draw(None);
        }
    }
}

/// The bar on the terminal.
struct Drawn {
    bar: ProgressBar,
    /// How the bar looks once it has a length.
    finite: ProgressStyle,
    numbers: Arc<Numbers>,
}

impl Drawing for Drawn {
    fn draw(&mut self) {
        let Self { bar, finite, numbers } = self;
        let total = numbers.total.load(Ordering::Relaxed);
        if total > 0 && bar.length() != Some(total) {
            bar.set_style(finite.clone());
            bar.set_length(total);
        }
        let words = numbers.words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if bar.message() != words {
            bar.set_message(words);
        }
        bar.set_position(numbers.done.load(Ordering::Relaxed));
        bar.tick();
    }

    fn step_aside(&mut self, write: &mut dyn FnMut()) {
        self.bar.suspend(write);
    }

    fn clear(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_what_the_program_has_told_last() {
        let numbers = Arc::new(Numbers::default());
        let bar = ProgressBar::hidden();
        let finite = ProgressStyle::default_bar();
        let mut drawn = Drawn { bar: bar.clone(), finite, numbers: Arc::clone(&numbers) };
        let mut shown = || {
            drawn.draw();
            (bar.position(), bar.length(), bar.message())
        };
        let progress = Progress(Some(numbers));
        assert_eq!(shown(), (0, None, String::new()));
        progress.set(3);
        progress.say("two workers");
        assert_eq!(shown(), (3, None, ", two workers".to_owned()));
        progress.set_total(5);
        assert_eq!(shown(), (3, Some(5), ", two workers".to_owned()));

        let mut lines = 0;
        drawn.step_aside(&mut || lines += 1);
        assert_eq!(lines, 1);
        drawn.clear();
        assert!(bar.is_finished());
    }
}
