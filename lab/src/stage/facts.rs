//! What is known of a scene: for experiments, which wait for something, and judge by it.

use std::sync::PoisonError;

use tap::{Count, Counts};

use super::process::Ended;
use super::{BoxState, State, Wire};
use crate::event::Stream;
use crate::ledger::Ledger;

/// The state of a stage, to look at.
pub struct Facts<'a>(&'a State);

impl<'a> Facts<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self(state)
    }

    fn of(&self, id: &str) -> Option<&'a BoxState> {
        self.0.boxes.iter().find(|of| of.part.id == id)
    }

    fn wire(&self, wire: &str) -> Option<&'a Wire> {
        self.0.wires.iter().find(|of| of.facts.wire == wire)
    }

    /// Whether no program runs.
    pub fn nothing_runs(&self) -> bool {
        self.0.boxes.iter().all(|of| of.process.is_none())
    }

    /// How the last process of a box ended, if it did.
    pub fn ended(&self, id: &str) -> Option<Ended> {
        self.of(id)?.ended
    }

    /// The lines on stdout of the last process of a box that begin with `start`, without it.
    pub fn lines(&self, id: &str, start: &str) -> Vec<&'a str> {
        self.lines_of(id, Stream::Stdout, start)
    }

    /// How many there are.
    pub fn count(&self, id: &str, start: &str) -> u64 {
        self.lines(id, start).len() as u64
    }

    /// The same of stderr.
    pub fn errors(&self, id: &str, start: &str) -> Vec<&'a str> {
        self.lines_of(id, Stream::Stderr, start)
    }

    fn lines_of(&self, id: &str, stream: Stream, start: &str) -> Vec<&'a str> {
        let lines = self.of(id).into_iter().flat_map(|of| of.terminal.lines(stream));
        lines.filter_map(|line| line.strip_prefix(start)).collect()
    }

    /// The number with which a line of a program's summary ends, such as `results collected: 7`.
    pub fn figure(&self, id: &str, label: &str) -> Option<u64> {
        let line = self.lines(id, label).pop()?;
        line.split(',').next()?.trim().parse().ok()
    }

    /// What has passed on a wire.
    pub fn counts(&self, wire: &str) -> (Count, Count) {
        let Counts { up, down, .. } =
            self.wire(wire).map(|wire| wire.tap.counts()).unwrap_or_default();
        (up, down)
    }

    /// Looks at which messages have passed on a wire.
    pub fn passed<T>(&self, wire: &str, look: impl FnOnce(&Ledger) -> T) -> T {
        match self.wire(wire) {
            Some(wire) => look(&wire.ledger.lock().unwrap_or_else(PoisonError::into_inner)),
            None => look(&Ledger::default()),
        }
    }
}
