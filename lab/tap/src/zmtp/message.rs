//! Messages, and what is kept of one while it passes.

use std::borrow::Cow;

use super::text::text;
use super::{FRAME_START, MESSAGE_FRAMES};

/// A message of one or several frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its first frames, at most [`MESSAGE_FRAMES`].
    pub frames: Cow<'a, [Frame]>,
    /// How many frames it has.
    pub frame_count: u64,
    /// How many bytes its frames hold together, without their headers.
    pub bytes: u64,
}

impl Message<'_> {
    /// The same, with memory of its own.
    pub fn into_owned(self) -> Message<'static> {
        Message { frames: Cow::Owned(self.frames.into_owned()), ..self }
    }
}

/// A frame of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its first bytes, at most [`FRAME_START`].
    pub start: Vec<u8>,
    /// How many bytes it holds.
    pub bytes: u64,
}

impl Frame {
    /// Its beginning as text: control characters and what is not UTF-8 are escaped, and `…` says
    /// that more follows.
    pub fn text(&self) -> String {
        text(&self.start, self.bytes > self.start.len() as u64)
    }
}

/// What is kept of a message. The memory of one is used again for the next.
#[derive(Debug, Default)]
pub struct Kept {
    /// As many as the longest message had so far. The current one has the first of them.
    frames: Vec<Frame>,
    frame_count: u64,
    bytes: u64,
}

impl Kept {
    pub fn clear(&mut self) {
        self.frame_count = 0;
        self.bytes = 0;
    }

    /// Adds a frame of which this is the beginning.
    pub fn push(&mut self, start: &[u8], bytes: u64) {
        let used = self.used();
        self.frame_count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if used == MESSAGE_FRAMES {
            return;
        }
        if used == self.frames.len() {
            self.frames.push(Frame::default());
        }
        let frame = &mut self.frames[used];
        frame.start.clear();
        frame.start.extend_from_slice(&start[..start.len().min(FRAME_START)]);
        frame.bytes = bytes;
    }

    pub fn message(&self) -> Message<'_> {
        let frames = Cow::Borrowed(&self.frames[..self.used()]);
        Message { frames, frame_count: self.frame_count, bytes: self.bytes }
    }

    fn used(&self) -> usize {
        usize::try_from(self.frame_count).map_or(MESSAGE_FRAMES, |count| count.min(MESSAGE_FRAMES))
    }
}
