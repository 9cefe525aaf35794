//! stderr: warnings, and with `-v` what happens to the sockets. Logging never fails, never blocks the
//! program, and sums up what is repeated, whatever a peer does and whatever becomes of stderr:
//!
//! ```text
//! warning: rejected a message: not JSON: expected value at line 1 column 1 (3 bytes in 1 frame: b"bad")
//! warning: … 12,000 more in 10 s, such as: rejected a message: not JSON: …
//! ```
//!
//! Only `-vv` shows each line. Where stderr takes them too slowly, lines are lost, and counted.

mod line;
mod queue;
mod repeats;

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::thread;

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::socket::monitor::NOTE;
use line::{Label, Line, printable};
use queue::Queue;

pub(super) use queue::Drawing;

/// The target of lines that are printed each, however many there are: what the user's own commands
/// say, say, and not what peers cause.
pub const EACH: &str = "each";

static STDERR: Queue<Identifier> = Queue::new(|| Box::new(io::stderr()));

/// Logs to stderr from now on: errors alone when `quiet`, else warnings, and with each `-v` more.
pub fn start(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::DEBUG,
    };
    // Fails where the log has been started already.
    let _ = tracing::subscriber::set_global_default(Log { level });
}

/// What is drawn below the lines from now on, such as a progress bar.
pub(super) fn draw(drawing: Option<Box<dyn Drawing>>) {
    STDERR.draw(drawing);
}

/// Ends the log of a program: writes what waits, and why the program failed, with the hint what to do
/// about it, if it did. Waits for a moment at most.
pub(super) fn end(failed: Option<&dyn fmt::Display>, hint: Option<&str>) {
    let error =
        failed.map(|error| Line { label: Label::Error, text: printable(&error.to_string()) });
    let hint = hint.map(|hint| Line { label: Label::Hint, text: hint.to_owned() });
    let last: Vec<_> = error.into_iter().chain(hint).collect();
    if thread::current().name() == Some(queue::THREAD) {
        // This is the thread that the others would wait for.
        let text: String = last.iter().map(ToString::to_string).collect();
        let _ = io::stderr().write_all(text.as_bytes());
    } else {
        STDERR.end(last);
    }
}

/// Ends the log with a text that is more than a line.
pub(super) fn end_with(text: &str) {
    STDERR.end(vec![Line { label: Label::None, text: text.trim_end().to_owned() }]);
}

/// Whether stderr is a terminal that shows colours.
pub(super) fn in_colour() -> bool {
    line::in_colour()
}

/// What `tracing` hands events to. Spans are not used here.
struct Log {
    level: Level,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.level))
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let each = self.level >= Level::DEBUG || metadata.target() == EACH;
        let kind = metadata.callsite();
        STDERR.log((!each).then_some(&kind), || {
            let is_note = metadata.target() == NOTE;
            let label = if is_note { Label::Note } else { Label::from(*metadata.level()) };
            let mut text = Text(String::new());
            event.record(&mut text);
            Line { label, text: printable(&text.0) }
        });
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

/// The message of an event, and after it any other field by its name.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A value that cannot be shown is left out.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
