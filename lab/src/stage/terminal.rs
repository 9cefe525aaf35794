//! What a program prints: all of it for experiments, as far as one can read it for the page.

use std::collections::VecDeque;
use std::time::Instant;

use super::sample::Sampler;
use crate::event::{Event, Stream};

/// Lines a second that are shown, and lines at once.
const SHOWN: u32 = 20;
/// What is shown of a line, in characters.
const SHOWN_OF_LINE: usize = 500;
/// Lines that are kept of a process.
const KEPT: usize = 5000;
/// Of lines that are not shown, this many wait: the last ones of a flood tell how it ended.
const WAITING: usize = 4;

/// The output of a box.
#[derive(Debug)]
pub struct Terminal {
    id: String,
    /// The lines of the process that was started last.
    lines: VecDeque<(Stream, String)>,
    streams: [Shown; 2],
}

/// What is shown of a stream.
#[derive(Debug)]
struct Shown {
    sampler: Sampler,
    waiting: VecDeque<String>,
    skipped: u64,
}

impl Terminal {
    /// Nothing printed yet.
    pub fn new(id: &str) -> Self {
        let shown =
            || Shown { sampler: Sampler::new(SHOWN, SHOWN), waiting: VecDeque::new(), skipped: 0 };
        Self { id: id.to_owned(), lines: VecDeque::new(), streams: [shown(), shown()] }
    }

    /// Forgets what the last process printed.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// The lines of one stream.
    pub fn lines(&self, stream: Stream) -> impl DoubleEndedIterator<Item = &str> {
        self.lines.iter().filter(move |(of, _)| *of == stream).map(|(_, line)| line.as_str())
    }

    /// Adds a line. Returns what is to be shown.
    pub fn print(&mut self, stream: Stream, line: String) -> Option<Event> {
        let text: String = line.chars().take(SHOWN_OF_LINE).collect();
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((stream, line));
        let shown = &mut self.streams[stream as usize];
        if shown.waiting.is_empty() && shown.sampler.shows(Instant::now()) {
            return Some(Event::Printed { id: self.id.clone(), stream, text });
        }
        shown.waiting.push_back(text);
        if shown.waiting.len() > WAITING {
            shown.waiting.pop_front();
            shown.skipped += 1;
        }
        None
    }

    /// What has waited, where it is to be shown by now, or `at_once`.
    pub fn waiting(&mut self, at_once: bool) -> Vec<Event> {
        let (mut events, now) = (Vec::new(), Instant::now());
        for (stream, shown) in [Stream::Stdout, Stream::Stderr].into_iter().zip(&mut self.streams) {
            while !shown.waiting.is_empty() && (at_once || shown.sampler.shows(now)) {
                let id = || self.id.clone();
                let lines = std::mem::take(&mut shown.skipped);
                if lines > 0 {
                    events.push(Event::Skipped { id: id(), stream, lines });
                }
                let Some(text) = shown.waiting.pop_front() else { break };
                events.push(Event::Printed { id: id(), stream, text });
            }
        }
        events
    }
}
