//! What a command prints, in bounded memory.

/// The longest part of a line of stderr that is passed on.
const LONGEST_LINE: usize = 1024;

/// Everything that was printed, up to a limit. Beyond it only the end.
pub struct Kept {
    bytes: Vec<u8>,
    /// How many bytes were printed.
    pub total: usize,
    /// The limit.
    pub limit: usize,
    end: usize,
}

impl Kept {
    /// Keeps everything up to `limit` bytes, and the last `end` bytes of anything longer.
    pub fn new(limit: usize, end: usize) -> Self {
        Self { bytes: Vec::new(), total: 0, limit, end }
    }

    /// Some more was printed.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len());
        self.bytes.extend_from_slice(bytes);
        // Cut seldom, so that a byte is moved about once.
        if self.is_cut() && self.bytes.len() > 2 * self.end {
            self.bytes.drain(..self.bytes.len() - self.end);
            self.bytes.shrink_to(4 * self.end);
        }
    }

    /// Whether more was printed than the limit allows.
    pub fn is_cut(&self) -> bool {
        self.total > self.limit
    }

    /// Everything that was printed, if it is within the limit.
    pub fn whole(&self) -> Option<&[u8]> {
        (!self.is_cut()).then_some(&self.bytes)
    }

    /// The end of it, which does not begin within a character.
    pub fn end(&self) -> &[u8] {
        let cut = self.bytes.len().saturating_sub(self.end);
        let end = &self.bytes[cut..];
        let within = end.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count();
        if self.total > end.len() { &end[within..] } else { end }
    }
}

/// Cuts what is printed into lines, of which it keeps the beginning only, if they are long.
#[derive(Default)]
pub struct Lines {
    line: Vec<u8>,
    length: usize,
}

impl Lines {
    /// Some more was printed: calls `each` with each line that is complete now.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (content, ended) = match piece.strip_suffix(b"\n") {
                Some(content) => (content, true),
                None => (piece, false),
            };
            let room = LONGEST_LINE - self.line.len();
            self.line.extend_from_slice(&content[..content.len().min(room)]);
            self.length = self.length.saturating_add(content.len());
            if ended {
                self.end(&mut each);
            }
        }
    }

    /// Nothing more will be printed: calls `each` with a last line that has no end.
    pub fn finish(&mut self, mut each: impl FnMut(&str)) {
        if self.length > 0 {
            self.end(&mut each);
        }
    }

    fn end(&mut self, each: &mut impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.line);
        let text = text.trim_end_matches('\r');
        match self.length - self.line.len() {
            0 => each(text),
            more => each(&format!("{text}… ({more} bytes more)")),
        }
        self.line.clear();
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_kept_up_to_the_limit_and_the_end_beyond() {
        let mut kept = Kept::new(100, 10);
        kept.push(&[b'a'; 99]);
        kept.push(b"b");
        assert_eq!(kept.whole().map(<[u8]>::len), Some(100));
        assert_eq!(kept.end(), b"aaaaaaaaab");
        kept.push(b"c");
        assert_eq!((kept.whole(), kept.total), (None, 101));
        assert_eq!(kept.end(), b"aaaaaaaabc");
        for _ in 0..1000 {
            kept.push(&[b'x'; 1000]);
        }
        assert_eq!(kept.total, 1_000_101);
        assert!(kept.bytes.capacity() <= 40, "{}", kept.bytes.capacity());
    }

    #[test]
    fn the_end_does_not_begin_within_a_character() {
        let mut kept = Kept::new(0, 4);
        kept.push("aéé€".as_bytes());
        assert_eq!(kept.end(), "€".as_bytes());
    }

    #[test]
    fn lines_are_passed_on_as_they_come_and_long_ones_are_cut() {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        let mut each = |line: &str| seen.push(line.to_owned());
        lines.push(b"on", &mut each);
        lines.push(b"e\r\n\ntwo\nth", &mut each);
        for _ in 0..1000 {
            lines.push(&[b'x'; 1000], &mut each);
        }
        lines.finish(&mut each);
        lines.finish(&mut each);
        assert_eq!(seen.len(), 4);
        assert_eq!(&seen[..3], ["one", "", "two"]);
        assert!(seen[3].starts_with("thxxx") && seen[3].ends_with("x… (998978 bytes more)"));
    }
}
