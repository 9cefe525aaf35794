//! stderr: warnings, and with `-v` what happens to the sockets.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// Logs to stderr from now on: errors alone when `quiet`, else warnings, and with each `-v` more.
pub fn start(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::DEBUG,
    };
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(|| Lines)
        .event_format(Line { colour })
        .init();
}

/// Clears what is drawn on the terminal, calls what it is given, and draws again.
type StepAside = Box<dyn Fn(&mut dyn FnMut()) + Send>;

/// What is drawn on stderr now, such as a progress bar.
static DRAWN: Mutex<Option<StepAside>> = Mutex::new(None);

/// From now on each line is written while `step_aside` has cleared what is drawn.
pub(super) fn set_drawn(step_aside: Option<StepAside>) {
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = step_aside;
}

/// Lines on their way to stderr. A line that cannot be written, to a full disk or a closed pipe, is
/// lost: no program fails for want of its log.
struct Lines;

impl Write for Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let mut write = || {
            let _ = io::stderr().write_all(lines);
        };
        match &*DRAWN.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(step_aside) => step_aside(&mut write),
            None => write(),
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `warning: …`, as the error line of a program that fails is `error: …`.
struct Line {
    colour: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (name, colour) = match *event.metadata().level() {
            Level::ERROR => ("error", 31),
            Level::WARN => ("warning", 33),
            Level::INFO => ("info", 32),
            Level::DEBUG => ("debug", 34),
            Level::TRACE => ("trace", 35),
        };
        if self.colour {
            write!(writer, "\x1b[1;{colour}m{name}\x1b[0m: ")?;
        } else {
            write!(writer, "{name}: ")?;
        }
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
