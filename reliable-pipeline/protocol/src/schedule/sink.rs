//! What the dispatcher knows of the sink.

use std::collections::VecDeque;
use std::time::Duration;

use super::tasks::Tasks;
use crate::line::{REASON_BYTES, cut};
use crate::message::{LEAST_LIMIT, Report};

/// A sink that is silent this long is not heard: nothing is handed out. Another one may take its place.
const SILENT: Duration = Duration::from_secs(3);
/// How many sinks that end are remembered.
const ENDING: usize = 64;

/// The sink that the dispatcher listens to.
#[derive(Default)]
pub(super) struct Sink {
    current: Option<Current>,
    /// Sinks that another one has replaced, or that were refused: they end. What they have sent before
    /// that, and arrives late, makes none of them the sink.
    ending: VecDeque<u64>,
    /// None takes another's place before, unless it has the same output.
    grace: Duration,
    /// How many tasks the output says to have failed.
    pub failed: u64,
}

struct Current {
    session: u64,
    output: String,
    last_seen: Duration,
    limit: u64,
    /// Up to here it is known what is done.
    known: u64,
    /// Whether its output says that it is of this job.
    has_begun: bool,
}

impl Sink {
    /// Hears a report. Returns whether the sink was silent before.
    ///
    /// # Errors
    ///
    /// Why the sink is refused.
    pub fn hear(
        &mut self,
        report: &Report,
        job: &str,
        tasks: &mut Tasks,
        now: Duration,
    ) -> Result<bool, String> {
        if let Some(its_job) = report.job.as_deref().filter(|its_job| *its_job != job) {
            return Err(format!("its output is of the job {its_job}, not of {job}"));
        }
        if report.limit < LEAST_LIMIT {
            return Err(format!("--max-message-size is below {LEAST_LIMIT}"));
        }
        let was_heard = self.is_heard(now);
        self.admit(report, now)?;
        let Some(current) = &mut self.current else { return Ok(true) };
        (current.last_seen, current.limit) = (now, report.limit);
        current.has_begun = report.job.is_some();
        if current.has_begun {
            self.failed = report.failed.min(tasks.done.total());
            match report.piece {
                Some((from, to)) if from == current.known && to > from => {
                    let to = to.min(tasks.done.total());
                    tasks.acknowledge_only(&report.nums, from, to);
                    current.known = to;
                }
                _ => tasks.acknowledge(&report.nums),
            }
        }
        Ok(!was_heard)
    }

    /// One sink at a time: another takes over only with the same output, or when the one before is
    /// silent.
    fn admit(&mut self, report: &Report, now: Duration) -> Result<(), String> {
        let output = cut(&report.output, REASON_BYTES);
        if let Some(current) = &self.current {
            if current.session == report.session {
                return Ok(());
            }
            let (current_session, in_place) = (current.session, current.output.clone());
            if in_place != output && (self.is_heard(now) || now < self.grace) {
                self.remember_ending(report.session);
                return Err(format!(
                    "another sink is at work, with the output {in_place}; this one's is {output}"
                ));
            }
            if self.ending.contains(&report.session) {
                return Err(format!("another sink has taken over, with the output {in_place}"));
            }
            self.remember_ending(current_session);
        }
        self.current = Some(Current {
            session: report.session,
            output,
            last_seen: now,
            limit: report.limit,
            known: 0,
            has_begun: false,
        });
        Ok(())
    }

    /// The dispatcher was paused: it does not know who was silent meanwhile.
    pub fn excuse(&mut self, now: Duration) {
        self.grace = now.saturating_add(SILENT);
    }

    fn remember_ending(&mut self, session: u64) {
        if !self.ending.contains(&session) {
            self.ending.push_front(session);
            self.ending.truncate(ENDING);
        }
    }

    /// From which task on it is not known what is done.
    pub fn unknown_from(&self, total: u64) -> Option<u64> {
        let current = self.current.as_ref().filter(|current| current.has_begun);
        let known = current.map_or(0, |current| current.known);
        (known < total || current.is_none()).then_some(known)
    }

    /// Since when it is silent. `None` if there has been no sink.
    pub fn last_seen(&self) -> Option<Duration> {
        self.current.as_ref().map(|current| current.last_seen)
    }

    /// Whether it was heard of late.
    pub fn is_heard(&self, now: Duration) -> bool {
        self.last_seen().is_some_and(|last_seen| now.saturating_sub(last_seen) <= SILENT)
    }

    /// How large a message it receives.
    pub fn limit(&self) -> u64 {
        self.current.as_ref().map_or(u64::MAX, |current| current.limit)
    }
}
