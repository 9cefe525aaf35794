//! The journal: every event of the run so far, for those who join late, and for those who wait for
//! the next one.

use std::collections::VecDeque;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use humantime::format_rfc3339_seconds;
use serde::Serialize;
use tokio::sync::watch;

use crate::event::Event;

/// The version of the recording's format.
pub const FORMAT: u32 = 1;
/// How many events are kept. Above this, half of the samples go: the oldest.
const MAX_EVENTS: usize = 100_000;

/// A place in the journal: of which run, and behind which event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    run: u64,
    event: u64,
}

/// The journal of the lab, which outlives its runs.
#[derive(Clone)]
pub struct Journal(Arc<Shared>);

/// The journal for one run: when another one has begun, what comes late from this one is dropped.
#[derive(Clone)]
pub struct Recorder {
    journal: Journal,
    run: u64,
}

struct Shared {
    run: Mutex<Run>,
    end: watch::Sender<Position>,
}

/// A run: a scene from its start to the next scene.
struct Run {
    number: u64,
    start: Instant,
    header: String,
    events: VecDeque<Kept>,
    next: u64,
    /// Whether the last event was the end.
    over: bool,
}

struct Kept {
    number: u64,
    sample: bool,
    line: Arc<str>,
}

#[derive(Serialize)]
struct Header<'a> {
    lab: u32,
    scene: &'a str,
    experiment: Option<&'a str>,
    started: String,
    version: &'static str,
}

#[derive(Serialize)]
struct Timed<'a> {
    t: f64,
    #[serde(flatten)]
    event: &'a Event,
}

impl Run {
    fn new(number: u64, header: String) -> Self {
        Self {
            number,
            start: Instant::now(),
            header,
            events: VecDeque::new(),
            next: 0,
            over: false,
        }
    }
}

impl Journal {
    /// An empty journal.
    pub fn new() -> Self {
        let run = Mutex::new(Run::new(0, String::new()));
        Self(Arc::new(Shared { run, end: watch::Sender::new(Position::default()) }))
    }

    fn lock(&self) -> MutexGuard<'_, Run> {
        self.0.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the last run, and starts another one.
    pub fn begin(&self, scene: &str, experiment: Option<&str>) -> Recorder {
        let started = format_rfc3339_seconds(SystemTime::now()).to_string();
        let version = env!("CARGO_PKG_VERSION");
        let header = Header { lab: FORMAT, scene, experiment, started, version };
        let mut run = self.lock();
        *run = Run::new(run.number + 1, serde_json::to_string(&header).unwrap_or_default());
        Recorder { journal: self.clone(), run: run.number }
    }

    /// The events behind `position`, and the position behind them. Where another run has begun
    /// since, from its start.
    pub fn since(&self, position: Position) -> (Vec<Arc<str>>, Position) {
        let run = self.lock();
        let from = if position.run == run.number { position.event } else { 0 };
        let first = run.events.partition_point(|kept| kept.number < from);
        let lines = run.events.range(first..).map(|kept| Arc::clone(&kept.line)).collect();
        (lines, Position { run: run.number, event: run.next })
    }

    /// Changes with every event.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.0.end.subscribe()
    }

    /// The run so far as a file: a header, then a line for each event. `None`: nothing ran yet.
    pub fn recording(&self) -> Option<String> {
        let run = self.lock();
        let lines = run.events.iter().map(|kept| &*kept.line);
        let all = iter::once(&*run.header).chain(lines).flat_map(|line| [line, "\n"]);
        (run.number > 0).then(|| all.collect())
    }
}

impl Recorder {
    /// Adds an event, now. A second end in a row adds nothing.
    pub fn add(&self, event: &Event) {
        let mut run = self.journal.lock();
        let is_end = matches!(event, Event::End);
        if run.number != self.run || (is_end && run.over) {
            return;
        }
        run.over = is_end;
        let timed = Timed { t: milliseconds(run.start.elapsed()), event };
        // Texts and numbers: nothing in an event can fail to be written.
        let Ok(line) = serde_json::to_string(&timed) else { return };
        let number = run.next;
        run.next += 1;
        run.events.push_back(Kept { number, sample: event.is_sample(), line: line.into() });
        if run.events.len() > MAX_EVENTS {
            let first_kept = run.events[MAX_EVENTS / 2].number;
            run.events.retain(|kept| !kept.sample || kept.number >= first_kept);
        }
        self.journal.0.end.send_replace(Position { run: run.number, event: run.next });
    }
}

/// With one decimal.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Text;

    fn counted(up: u64) -> Event {
        let wire = "client1-server".to_owned();
        Event::Counted { wire, up, down: 0, up_bytes: 0, down_bytes: 0 }
    }

    #[test]
    fn a_reader_goes_on_where_it_was_and_with_another_run_from_its_start() {
        let journal = Journal::new();
        assert_eq!(journal.recording(), None);
        let first = journal.begin("req-rep", None);
        first.add(&counted(1));
        let (lines, position) = journal.since(Position::default());
        assert_eq!(lines.len(), 1);
        first.add(&counted(2));
        let (lines, position) = journal.since(position);
        assert!(lines.len() == 1 && lines[0].contains("\"up\":2"));
        assert!(journal.since(position).0.is_empty());

        let second = journal.begin("pub-sub", None);
        // What comes late from the last run is not of this one.
        first.add(&counted(3));
        second.add(&counted(4));
        let (lines, _) = journal.since(position);
        assert!(lines.len() == 1 && lines[0].contains("\"up\":4"));
    }

    #[test]
    fn a_long_run_forgets_samples_alone() {
        let journal = Journal::new();
        let recorder = journal.begin("req-rep", None);
        let step = |text: &str| Event::Step { text: Text::new(text, text) };
        recorder.add(&step("first"));
        for up in 0..MAX_EVENTS as u64 {
            recorder.add(&counted(up));
        }
        recorder.add(&step("last"));
        let (lines, _) = journal.since(Position::default());
        assert!(lines.len() < MAX_EVENTS, "{}", lines.len());
        assert!(lines[0].contains("first") && lines[lines.len() - 1].contains("last"));
    }
}
