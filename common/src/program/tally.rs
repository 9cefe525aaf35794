//! What a program has done: its summary, and what is missing when a signal cuts it short.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::{RawValue, to_raw_value};

use super::latency::Latency;
use crate::message::BadMessage;
use crate::message::text::Counted;

/// How much a program is to do.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// It runs until it is interrupted.
    Endless,
    /// It ends after this many.
    Count(u64),
    /// It ends with its job, whose size it does not know yet.
    Job,
}

/// Counts what a program has done, of what it is to do, and the messages it has rejected.
///
/// Text: `requests answered: 3, rejected: 1`. JSON: `{"answered": 3, "rejected": 1}`.
#[derive(Debug)]
pub struct Tally {
    thing: &'static str,
    verb: &'static str,
    label: String,
    goal: Goal,
    of_printed: bool,
    done: u64,
    rejected: u64,
    round_trips: Option<Latency>,
    details: Vec<Detail>,
}

#[derive(Debug)]
struct Detail {
    name: &'static str,
    json: Box<RawValue>,
    text: String,
}

impl Tally {
    /// Counts each `thing` that is `verb`, such as a request that is answered, up to `count`
    /// (0 = until interrupted).
    pub fn new(thing: &'static str, verb: &'static str, count: u64) -> Self {
        let goal = if count == 0 { Goal::Endless } else { Goal::Count(count) };
        Self {
            thing,
            verb,
            label: format!("{thing}s {verb}"),
            goal,
            of_printed: false,
            done: 0,
            rejected: 0,
            round_trips: None,
            details: Vec::new(),
        }
    }

    /// Counts each `thing` of a job that ends, after a number of them that is not known yet.
    pub fn of_job(thing: &'static str, verb: &'static str) -> Self {
        Self { goal: Goal::Job, ..Self::new(thing, verb, 0) }
    }

    /// Calls what is counted by another name in the summary.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// For a program whose printed messages are its result: it has a summary only where it runs until
    /// it is interrupted.
    #[must_use]
    pub fn of_printed(mut self) -> Self {
        self.of_printed = true;
        self
    }

    /// Measures round trips from now on, if that is `wanted`.
    pub fn time_round_trips(&mut self, wanted: bool) -> Result<()> {
        self.round_trips = wanted.then(Latency::new).transpose()?;
        Ok(())
    }

    /// Adds a figure of the program's own: `name` and `value` in JSON, and `text`, unless it is
    /// empty, in lines above the summary.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        value: impl Serialize,
        text: impl fmt::Display,
    ) -> Self {
        // What cannot be told in JSON is told in text.
        let json = to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.details.push(Detail { name, json, text: text.to_string() });
        self
    }

    /// Learns how large the job is.
    pub fn set_total(&mut self, total: u64) {
        self.goal = Goal::Count(total);
    }

    /// Counts one more.
    pub fn count(&mut self) {
        self.done += 1;
    }

    /// Counts all that is done by now.
    pub fn set(&mut self, done: u64) {
        self.done = done;
    }

    /// How many there are by now.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Whether there is more to do.
    pub fn is_unfinished(&self) -> bool {
        match self.goal {
            Goal::Count(count) => self.done < count,
            Goal::Endless | Goal::Job => true,
        }
    }

    /// Records a round trip, where that is wanted ([`Latency::record`]).
    pub fn record(&mut self, round_trip: Duration, interval: Duration) -> Result<()> {
        match &mut self.round_trips {
            Some(round_trips) => round_trips.record(round_trip, interval),
            None => Ok(()),
        }
    }

    /// Reports a bad message as a warning, and counts it.
    pub fn reject(&mut self, bad: &BadMessage) {
        self.rejected += 1;
        tracing::warn!("rejected a message: {bad}");
    }

    /// How many messages were rejected.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// `sent 500 tasks`
    pub(super) fn so_far(&self) -> String {
        format!("{} {}", self.verb, Counted(self.done, self.thing))
    }

    /// Whether the summary is to be printed.
    pub(super) fn is_printed(&self) -> bool {
        !self.of_printed || self.round_trips.is_some() || matches!(self.goal, Goal::Endless)
    }

    /// What is missing after a signal, for programs that had something to complete.
    pub(super) fn missing(&self) -> Option<String> {
        let Self { thing, verb, done, .. } = self;
        match self.goal {
            Goal::Endless => None,
            Goal::Count(count) if *done < count => {
                Some(format!("{verb} {done} of {}", Counted(count, thing)))
            }
            Goal::Count(_) => {
                let done = Counted(*done, thing);
                Some(format!("{verb} {done}, but not all of them are delivered"))
            }
            Goal::Job => Some("the job is not finished".to_owned()),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Detail { text, .. } in self.details.iter().filter(|detail| !detail.text.is_empty()) {
            writeln!(f, "{}", text.trim_end())?;
        }
        if let Some(round_trips) = &self.round_trips {
            writeln!(f, "{round_trips}")?;
        }
        write!(f, "{}: {}", self.label, self.done)?;
        if self.rejected > 0 {
            write!(f, ", rejected: {}", self.rejected)?;
        }
        Ok(())
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry(&self.verb.replace(' ', "_"), &self.done)?;
        for Detail { name, json, .. } in &self.details {
            object.serialize_entry(name, json)?;
        }
        object.serialize_entry("rejected", &self.rejected)?;
        if let Some(round_trips) = &self.round_trips {
            object.serialize_entry("round_trip", round_trips)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(mut tally: Tally, done: u64, rejected: u64) -> Tally {
        tally.set(done);
        for _ in 0..rejected {
            tally.reject(&BadMessage::new("bad", &[b"".as_slice()]));
        }
        tally
    }

    #[test]
    fn the_summary_counts_what_is_done_and_what_was_rejected() {
        let tally = counted(Tally::new("request", "answered", 0), 3, 0);
        assert_eq!(tally.to_string(), "requests answered: 3");
        let tally = counted(tally, 4, 2);
        assert_eq!(tally.to_string(), "requests answered: 4, rejected: 2");
        assert_eq!(tally.rejected(), 2);
        let json = serde_json::to_string(&tally).unwrap();
        assert_eq!(json, r#"{"answered":4,"rejected":2}"#);
    }

    #[test]
    fn figures_of_a_program_stand_above_its_summary() {
        let tally = Tally::new("result", "passed on", 0).labelled("results of consumer 7");
        let tally = tally.with("consumer_id", 7, "").with("chart", [1], "a chart\n");
        assert_eq!(tally.to_string(), "a chart\nresults of consumer 7: 0");
        let json = serde_json::to_string(&tally).unwrap();
        assert_eq!(json, r#"{"passed_on":0,"consumer_id":7,"chart":[1],"rejected":0}"#);
    }

    #[test]
    fn what_is_missing_is_said_of_finite_programs_alone() {
        let missing = |tally: Tally, done| counted(tally, done, 0).missing();
        let tasks = |count| Tally::new("task", "sent", count);
        assert_eq!(missing(tasks(0), 3), None);
        assert_eq!(missing(tasks(5), 3).unwrap(), "sent 3 of 5 tasks");
        assert_eq!(
            missing(tasks(5), 5).unwrap(),
            "sent 5 tasks, but not all of them are delivered"
        );
        let mut job = Tally::of_job("task", "done");
        assert_eq!(job.missing().unwrap(), "the job is not finished");
        job.set_total(5);
        assert_eq!(missing(job, 3).unwrap(), "done 3 of 5 tasks");
    }

    #[test]
    fn a_program_goes_on_until_all_is_done() {
        let mut tally = Tally::new("task", "sent", 2);
        for done in 0..2 {
            assert!(tally.is_unfinished());
            assert_eq!(tally.done(), done);
            tally.count();
        }
        assert!(!tally.is_unfinished());
        assert_eq!(tally.so_far(), "sent 2 tasks");
        tally.set(3);
        assert!(!tally.is_unfinished(), "more than all");
        assert!(Tally::new("task", "sent", 0).is_unfinished());
        assert!(Tally::of_job("task", "done").is_unfinished());
    }

    #[test]
    fn of_printed_messages_there_is_a_summary_where_it_says_more() {
        let is_printed = |count, timed| {
            let mut tally = Tally::new("request", "sent", count).of_printed();
            tally.time_round_trips(timed).unwrap();
            tally.is_printed()
        };
        assert!(Tally::new("request", "sent", 5).is_printed());
        assert!(!is_printed(5, false));
        assert!(is_printed(5, true) && is_printed(0, false));
    }

    #[test]
    fn round_trips_are_told_where_they_are_wanted() {
        let told = |wanted| {
            let mut tally = Tally::new("request", "sent", 1);
            tally.time_round_trips(wanted).unwrap();
            tally.record(Duration::from_micros(100), Duration::ZERO).unwrap();
            let json = serde_json::to_value(&tally).unwrap();
            (tally.to_string(), json["round_trip"]["count"].as_u64())
        };
        assert_eq!(told(false), ("requests sent: 0".to_owned(), None));
        let (text, count) = told(true);
        assert!(text.starts_with("round trip: ") && text.ends_with("\nrequests sent: 0"), "{text}");
        assert_eq!(count, Some(1));
    }
}
