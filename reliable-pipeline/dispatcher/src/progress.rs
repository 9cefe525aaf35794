//! How far the job is: a bar on a terminal, and reports for subscribers.

use std::time::{Duration, Instant};

use common::message::text::Counted;
use common::program::progress::Progress;
use protocol::schedule::Schedule;
use serde::Serialize;

/// How often a report is published.
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

/// Reports how far a job is, at intervals, and moves the progress bar.
pub struct Reports {
    bar: Progress,
    start: Instant,
    done_at_start: Option<u64>,
    last: Option<Instant>,
}

impl Reports {
    /// No report yet.
    pub fn new(bar: Progress) -> Self {
        Self { bar, start: Instant::now(), done_at_start: None, last: None }
    }

    /// The next report, if it is due. `waiting`: for what, if so. `at_once`: now.
    pub fn next<'a>(
        &mut self,
        job: &'a str,
        total: u64,
        schedule: &Schedule,
        waiting: Option<&str>,
        at_once: bool,
    ) -> Option<Report<'a>> {
        if !at_once && self.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return None;
        }
        self.last = Some(Instant::now());
        let (done, workers) = (total - schedule.remaining(), schedule.workers());
        let workers_now = Counted(workers as u64, "worker").to_string();
        self.bar.say(waiting.unwrap_or(&workers_now));
        self.bar.set(done);
        let before = *self.done_at_start.get_or_insert(done);
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = done.saturating_sub(before) as f64 / self.start.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "a time for people")]
        let left = (rate > 0.0).then(|| (total - done) as f64 / rate);
        Some(Report { job, total, done, rate, left, workers })
    }
}
