//! stdout: one line per message, then results and summaries, as text or as JSON.

mod lines;

use std::fmt;
use std::io::{self, Write};

use anyhow::Context;
use clap::ValueEnum;
use lines::Lines;
use serde::Serialize;

/// What stdout holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

/// Nobody reads stdout any more: its reader has seen enough.
#[derive(Debug, thiserror::Error)]
#[error("stdout is closed")]
pub struct Closed;

/// Tells a failure to write to stdout from the end of its reader, which is [`Closed`].
///
/// # Errors
///
/// Either.
pub fn checked(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("cannot write to stdout"),
    }
}

/// A program's stdout. A line is written out at once, unless it follows others so closely that to
/// write each by itself would hold up the messages: then they are written together, a hundred times
/// a second. On a terminal each is written out at once.
#[derive(Debug)]
pub struct Output {
    format: Format,
    quiet: bool,
    lines: Lines,
}

impl Output {
    /// Writes in `format`; `quiet` drops the line of each message.
    #[must_use]
    pub fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet, lines: Lines::new(quiet) }
    }

    /// The line of a message, which `-q` drops.
    pub fn message(&self, text: impl fmt::Display, json: &impl Serialize) -> anyhow::Result<()> {
        if self.quiet {
            return Ok(());
        }
        checked(self.lines.add(|line| self.write(line, text, json)))
    }

    /// A result or a summary.
    pub fn result(&self, text: impl fmt::Display, json: &impl Serialize) -> anyhow::Result<()> {
        let written = self.lines.add(|line| self.write(line, text, json));
        checked(written.and_then(|()| self.lines.write_out()))
    }

    fn write(
        &self,
        line: &mut Vec<u8>,
        text: impl fmt::Display,
        json: &impl Serialize,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => write!(line, "{text}")?,
            Format::Json => serde_json::to_writer(&mut *line, json)?,
        }
        line.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_text_or_json() {
        let line = |format| {
            let mut line = Vec::new();
            Output::new(format, true).write(&mut line, "seven", &[7]).unwrap();
            String::from_utf8(line).unwrap()
        };
        assert_eq!([Format::Text, Format::Json].map(line), ["seven\n", "[7]\n"]);
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_told_from_a_failure() {
        assert!(checked(Ok(())).is_ok());
        assert!(checked(Err(io::ErrorKind::BrokenPipe.into())).unwrap_err().is::<Closed>());
        let error = checked(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(format!("{error:#}"), "cannot write to stdout: no storage space");
    }
}
