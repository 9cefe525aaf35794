//! A progress bar on stderr.

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use super::stderr;

/// A progress bar. It disappears when this is dropped.
pub struct Progress {
    bar: ProgressBar,
    /// To count in a hidden bar takes as long as to receive a small message.
    hidden: bool,
    /// How the bar looks once it has a length.
    finite: ProgressStyle,
}

impl Progress {
    /// Draws a bar towards `total` of these `things`, on stderr, where that is a terminal and the
    /// bar `visible`. With a total of 0 it counts without an end.
    ///
    /// # Errors
    ///
    /// None that a caller could cause.
    pub fn new(things: &str, total: u64, visible: bool) -> Result<Self> {
        let style = |template: &str| {
            let template = template.replace("THINGS", things);
            ProgressStyle::with_template(&template).context("cannot draw a progress bar")
        };
        let finite = style("{bar:40} {pos}/{len} THINGS, {per_sec}, {eta} left{msg}")?;
        let endless = style("{spinner} {pos} THINGS, {per_sec}{msg}")?;
        let bar = if visible { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let bar = bar.with_style(endless).with_finish(ProgressFinish::AndClear);
        let hidden = bar.is_hidden();
        if !hidden {
            let bar = bar.clone();
            stderr::set_drawn(Some(Box::new(move |write| bar.suspend(write))));
        }
        let progress = Self { bar, hidden, finite };
        if total > 0 {
            progress.expect(total);
        }
        Ok(progress)
    }

    /// How many are done by now.
    pub fn set(&self, done: u64) {
        if !self.hidden {
            self.bar.set_position(done);
        }
    }

    /// Learns how many there are to do.
    pub fn expect(&self, total: u64) {
        if !self.hidden && self.bar.length() != Some(total) {
            self.bar.set_style(self.finite.clone());
            self.bar.set_length(total);
        }
    }

    /// Shows a few words behind the figures.
    pub fn say(&self, words: &str) {
        if !self.hidden {
            self.bar.set_message(format!(", {words}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        stderr::set_drawn(None);
        self.bar.finish_and_clear();
    }
}
