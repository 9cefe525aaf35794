//! Messages that are not what they should be.

use std::fmt;
use std::ops::Deref;

use super::text::{Bytes, Counted};

/// How many of a bad message's bytes a report shows.
const SHOWN_BYTES: usize = 32;

/// A message that was received whole, but is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMessage {
    reason: String,
    frames: usize,
    bytes: usize,
    start: Vec<u8>,
}

impl BadMessage {
    /// Describes the message that came in `frames`, and why it is bad.
    pub fn new<F: Deref<Target = [u8]>>(reason: impl Into<String>, frames: &[F]) -> Self {
        let bytes = frames.iter().map(|frame| frame.len()).sum();
        let first = frames.first().map_or(&[][..], Deref::deref);
        Self::measured(reason, frames.len(), bytes, first)
    }

    /// Describes a message of which only the number of frames, the bytes in all of them and the
    /// `first` frame are at hand.
    pub(crate) fn measured(
        reason: impl Into<String>,
        frames: usize,
        bytes: usize,
        first: &[u8],
    ) -> Self {
        let start = first[..first.len().min(SHOWN_BYTES)].to_vec();
        Self { reason: reason.into(), frames, bytes, start }
    }
}

/// `not JSON: expected value at line 1 column 1 (5 bytes in 1 frame: b"hello")`
impl fmt::Display for BadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, frames, bytes, start } = self;
        let rest = if start.len() < *bytes { "…" } else { "" };
        write!(
            f,
            "{reason} ({} in {}: {}{rest})",
            Counted(*bytes as u64, "byte"),
            Counted(*frames as u64, "frame"),
            Bytes(start)
        )
    }
}

impl std::error::Error for BadMessage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_reason_size_and_first_bytes() {
        let bad = BadMessage::new("not JSON", &[b"hello".as_slice()]);
        assert_eq!(bad.to_string(), "not JSON (5 bytes in 1 frame: b\"hello\")");
        let long = BadMessage::new("too many frames", &[[b'x'; 40].as_slice(), b"y"]);
        let shown = "x".repeat(32);
        assert_eq!(
            long.to_string(),
            format!("too many frames (41 bytes in 2 frames: b\"{shown}\"…)")
        );
        let empty = BadMessage::new("empty", &[b"".as_slice()]);
        assert_eq!(empty.to_string(), "empty (0 bytes in 1 frame: b\"\")");
    }
}
