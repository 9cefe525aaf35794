//! Reporting to the dispatcher what is safe.

use std::time::Duration;

use super::Output;
use crate::message::{FromSink, LEAST_LIMIT, MAX_TASKS, MESSAGE_BYTES, Report, Rest, ToSink};
use crate::ranges::Ranges;

/// The dispatcher hears from the sink at least this often.
const INTERVAL: Duration = Duration::from_millis(200);
const SHORT_INTERVAL: Duration = Duration::from_millis(2);
/// How long to wait for an answer before a report is sent again; doubled each time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_ANSWER_TIMEOUT: Duration = Duration::from_secs(16);
/// A dispatcher that has not answered for this long is silent.
const SILENT: Duration = Duration::from_secs(2);
/// A sink whose output is complete ends by itself after this long without a dispatcher, which may
/// be paused, or about to be started again.
const ALONE: Duration = Duration::from_secs(15);
/// When more tasks than this wait to be reported, all are reported again instead.
const MOST_UNREPORTED: usize = 1 << 20;
/// What a range takes at most in a message, and what is there besides.
const RANGE_BYTES: u64 = 32;
const FRAME_BYTES: u64 = 512;

/// What the dispatcher knows of an output.
pub struct Reporter {
    session: u64,
    seq: u64,
    output: String,
    /// The sink's `--max-message-size`, and the dispatcher's.
    limit: u64,
    dispatcher_limit: u64,
    /// Tasks that are safe, but not reported yet.
    unreported: Vec<u64>,
    /// The report that waits for an answer, when it is sent again, and how long after that.
    unanswered: Option<(Report, Duration, Duration)>,
    /// From which task on the dispatcher does not know what is done.
    resync: Option<u64>,
    last_sent: Option<Duration>,
    last_heard: Option<Duration>,
    started: Duration,
}

/// What a sink hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The job goes on.
    Nothing,
    /// The job has ended, though some tasks remain perhaps.
    Over,
    /// The sink is refused.
    Refused(String),
}

impl Reporter {
    /// A sink that has just started. Its `session` is a random number below 2^52; `output` says what
    /// it writes to, as no other sink does.
    pub fn new(session: u64, output: String, limit: u64, now: Duration) -> Self {
        Self {
            session,
            seq: 0,
            output,
            limit,
            dispatcher_limit: LEAST_LIMIT,
            unreported: Vec::new(),
            unanswered: None,
            resync: None,
            last_sent: None,
            last_heard: None,
            started: now,
        }
    }

    /// These tasks are safe.
    pub fn safe(&mut self, nums: impl Iterator<Item = u64>) {
        self.unreported.extend(nums);
        if self.unreported.len() > MOST_UNREPORTED {
            self.unreported.clear();
            self.unanswered = None;
            // To the dispatcher it is another sink, with the same output.
            self.session += 1;
        }
    }

    /// The next report that is due, if any.
    pub fn next_report(&mut self, output: &Output, now: Duration) -> Option<FromSink> {
        if let Some((report, due, timeout)) = &mut self.unanswered {
            if now >= *due {
                *timeout = timeout.saturating_mul(2).min(LONGEST_ANSWER_TIMEOUT);
                *due = now.saturating_add(*timeout);
                self.last_sent = Some(now);
                return Some(FromSink::Report(report.clone()));
            }
        } else if let Some((nums, piece)) = self.next_content(output) {
            self.seq += 1;
            let report = Report { nums, piece, ..self.empty(output, self.seq) };
            let due = now.saturating_add(ANSWER_TIMEOUT);
            self.unanswered = Some((report.clone(), due, ANSWER_TIMEOUT));
            self.last_sent = Some(now);
            return Some(FromSink::Report(report));
        }
        let interval = match self.last_heard {
            None => ANSWER_TIMEOUT,
            // The last word is not to be late.
            Some(_) if output.is_complete() => SHORT_INTERVAL,
            Some(_) => INTERVAL,
        };
        if self.last_sent.is_none_or(|last| now.saturating_sub(last) >= interval) {
            self.last_sent = Some(now);
            return Some(FromSink::Report(self.empty(output, 0)));
        }
        None
    }

    /// A report that says only that the sink is alive.
    fn empty(&self, output: &Output, seq: u64) -> Report {
        Report {
            session: self.session,
            seq,
            output: self.output.clone(),
            job: output.header().map(|header| header.job.clone()),
            limit: self.limit,
            failed: output.failed(),
            nums: Ranges::default(),
            piece: None,
        }
    }

    /// What the dispatcher does not know: a piece of all that is safe, or what is new.
    fn next_content(&mut self, output: &Output) -> Option<(Ranges, Option<(u64, u64)>)> {
        output.header()?;
        let bytes = self.dispatcher_limit.min(MESSAGE_BYTES).saturating_sub(FRAME_BYTES);
        let most = usize::try_from(bytes / RANGE_BYTES).unwrap_or(1).max(1);
        if let Some(from) = self.resync {
            // Only what is safe may be reported.
            let (nums, to) = output.known.ranges_from(from, most);
            return (output.waiting() == 0).then_some((nums, Some((from, to))));
        }
        if self.unreported.is_empty() {
            return None;
        }
        #[expect(clippy::stable_sort_primitive, reason = "it makes use of batches, each in order")]
        self.unreported.sort();
        let (mut ranges, mut last) = (0, None);
        let too_many = self.unreported.iter().position(|num| {
            ranges += usize::from(last.is_none_or(|last| *num > last + 1));
            last = Some(*num);
            ranges > most
        });
        let fit = too_many.unwrap_or(self.unreported.len());
        Some((Ranges::of(self.unreported.drain(..fit)), None))
    }

    /// Hears an answer.
    pub fn hear(&mut self, answer: &ToSink, output: &mut Output, now: Duration) -> Heard {
        self.last_heard = Some(now);
        let rest = match answer {
            ToSink::Refused { why } => return Heard::Refused(why.clone()),
            ToSink::Rest(rest) => rest,
        };
        match output.header() {
            Some(header) if header.job != rest.job => {
                return Heard::Refused(format!("its job is {}", rest.job));
            }
            None if rest.total > MAX_TASKS => {
                let total = rest.total;
                return Heard::Refused(format!(
                    "its job has {total} tasks; the limit is {MAX_TASKS}"
                ));
            }
            None => output.begin(rest.job.clone(), rest.total),
            Some(_) => {}
        }
        self.learn(rest);
        rest.given_up.iter().for_each(|task| output.give_up(task));
        if rest.over { Heard::Over } else { Heard::Nothing }
    }

    fn learn(&mut self, rest: &Rest) {
        self.unanswered.take_if(|(report, ..)| report.seq == rest.seq);
        self.resync = rest.resync;
        self.dispatcher_limit = rest.limit.max(LEAST_LIMIT);
    }

    /// Since when the dispatcher is silent, if it is.
    pub fn silent_dispatcher(&self, now: Duration) -> Option<Duration> {
        let since = self.last_heard.unwrap_or(self.started);
        (now.saturating_sub(since) > SILENT).then_some(since)
    }

    /// Whether the sink ends by itself: its output is complete, and there is no dispatcher.
    pub fn is_alone(&self, output: &Output, now: Duration) -> bool {
        let since = self.last_heard.unwrap_or(self.started);
        output.is_complete() && now.saturating_sub(since) > ALONE
    }
}
