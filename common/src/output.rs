//! stdout: a line a message, then results and summaries, as text or as JSON.

use std::fmt;
use std::io::{self, Write};

use anyhow::Context;
use clap::ValueEnum;
use serde::Serialize;

/// What stdout holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// A program's stdout. Each line is written out at once.
#[derive(Debug)]
pub struct Output {
    format: Format,
    quiet: bool,
}

impl Output {
    /// Writes in `format`; `quiet` drops the line a message.
    #[must_use]
    pub fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    /// The line of a message, which `-q` drops.
    ///
    /// # Errors
    ///
    /// stdout's own: the reader may have closed it.
    pub fn message(&self, text: impl fmt::Display, json: &impl Serialize) -> anyhow::Result<()> {
        if self.quiet { Ok(()) } else { self.result(text, json) }
    }

    /// A result or a summary.
    ///
    /// # Errors
    ///
    /// stdout's own: the reader may have closed it.
    pub fn result(&self, text: impl fmt::Display, json: &impl Serialize) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        match self.format {
            Format::Text => writeln!(stdout, "{text}"),
            Format::Json => serde_json::to_writer(&mut stdout, json)
                .map_err(io::Error::from)
                .and_then(|()| stdout.write_all(b"\n")),
        }
        .context("cannot write to stdout")
    }
}
