//! Messages that are not what they should be: described, reported, counted.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

use crate::text::Bytes;

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
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let rest = if start.len() < *bytes { "…" } else { "" };
        write!(
            f,
            "{reason} ({bytes} byte{} in {frames} frame{}: {}{rest})",
            plural(*bytes),
            plural(*frames),
            Bytes(start)
        )
    }
}

impl std::error::Error for BadMessage {}

/// Why nothing was received.
#[derive(Debug, thiserror::Error)]
pub enum RecvError {
    /// The socket's own error: `EAGAIN` after a time-out, `ETERM` on shutdown, …
    #[error(transparent)]
    Socket(#[from] zmq::Error),
    /// A message came, and was taken off the socket with all its frames, but it is bad.
    #[error(transparent)]
    Bad(#[from] BadMessage),
}

/// The bad messages of one program: each is reported as a warning, and counted.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Rejected(u64);

impl Rejected {
    /// Reports and counts a bad message.
    pub fn report(&mut self, bad: &BadMessage) {
        self.0 += 1;
        tracing::warn!("rejected a message: {bad}");
    }

    /// What was received, or `None` after a bad message, which is reported and counted.
    ///
    /// # Errors
    ///
    /// The socket's own.
    pub fn sift<T>(&mut self, received: Result<T, RecvError>) -> zmq::Result<Option<T>> {
        match received {
            Ok(message) => Ok(Some(message)),
            Err(RecvError::Socket(error)) => Err(error),
            Err(RecvError::Bad(bad)) => {
                self.report(&bad);
                Ok(None)
            }
        }
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0
    }
}

/// The end of a summary line: `, rejected: 2`, or nothing where all messages were good.
impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => write!(f, ", rejected: {count}"),
        }
    }
}

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

    #[test]
    fn sifting_keeps_the_good_counts_the_bad_and_passes_on_the_sockets_errors() {
        let mut rejected = Rejected::default();
        assert_eq!(rejected.sift(Ok(7)), Ok(Some(7)));
        assert_eq!(rejected.to_string(), "");
        let bad = BadMessage::new("bad", &[b"".as_slice()]);
        assert_eq!(rejected.sift::<u8>(Err(RecvError::Bad(bad))), Ok(None));
        assert_eq!(
            rejected.sift::<u8>(Err(RecvError::Socket(zmq::Error::ETERM))),
            Err(zmq::Error::ETERM)
        );
        assert_eq!((rejected.count(), rejected.to_string().as_str()), (1, ", rejected: 1"));
    }
}
