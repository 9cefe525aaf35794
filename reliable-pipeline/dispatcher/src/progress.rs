//! How far the job is: a bar on a terminal, and the same for subscribers.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use protocol::schedule::Schedule;
use serde::Serialize;

/// How often it is told.
const INTERVAL: Duration = Duration::from_millis(500);

/// What is published under the topic `progress`.
#[derive(Serialize)]
pub struct Report<'a> {
    job: &'a str,
    total: u64,
    done: u64,
    /// Tasks a second since the dispatcher started.
    rate: f64,
    /// Seconds, at this rate.
    left: Option<f64>,
    workers: usize,
}

/// Tells how far a job is, now and then.
pub struct Progress {
    bar: ProgressBar,
    start: Instant,
    done_at_start: Option<u64>,
    last: Option<Instant>,
}

impl Progress {
    /// Draws a bar on stderr, where that is a terminal and `visible`, for as long as this lives.
    ///
    /// # Errors
    ///
    /// None, unless the bar's template is wrong.
    pub fn new(total: u64, visible: bool) -> Result<Self> {
        let bar = if visible { ProgressBar::new(total) } else { ProgressBar::hidden() };
        let style = "{bar:40} {pos}/{len} tasks, {per_sec}, {eta} left, {msg}";
        let style = ProgressStyle::with_template(style).context("cannot draw a progress bar")?;
        // However the job ends.
        let bar = bar.with_style(style).with_finish(ProgressFinish::AndClear);
        Ok(Self { bar, start: Instant::now(), done_at_start: None, last: None })
    }

    /// What to publish, when it is time to. `at_once`: now.
    pub fn report<'a>(
        &mut self,
        job: &'a str,
        total: u64,
        schedule: &Schedule,
        at_once: bool,
    ) -> Option<Report<'a>> {
        if !at_once && self.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return None;
        }
        self.last = Some(Instant::now());
        let (done, workers) = (total - schedule.remaining(), schedule.workers());
        self.bar.set_message(format!("{workers} workers"));
        self.bar.set_position(done);
        let before = *self.done_at_start.get_or_insert(done);
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = done.saturating_sub(before) as f64 / self.start.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "a time for people")]
        let left = (rate > 0.0).then(|| (total - done) as f64 / rate);
        Some(Report { job, total, done, rate, left, workers })
    }
}
