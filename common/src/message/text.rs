//! Bytes and frames as the programs print them.

use std::fmt::{self, Write};
use std::io;

use serde::{Serialize, Serializer, ser::SerializeMap};

/// The bytes of a frame. Text: `b"a message"`, escaped as in Rust and Python source. JSON: the
/// string itself, or `{"hex": "00ff"}` where the bytes are not UTF-8.
#[derive(Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = str::from_utf8(self.0) {
            return serializer.serialize_str(text);
        }
        let mut hex = String::with_capacity(2 * self.0.len());
        for byte in self.0 {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        let mut object = serializer.serialize_map(Some(1))?;
        object.serialize_entry("hex", &hex)?;
        object.end()
    }
}

/// Text as itself, on one line: `訊息`. What would garble a terminal, or break the line, is escaped:
/// `\n`, `\x1b`, `\u{202e}`.
#[derive(Clone, Copy)]
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                _ if is_shown_as_it_is(char) => f.write_char(char)?,
                '\t' | '\n' | '\r' => write!(f, "{}", char.escape_default())?,
                '\0'..='\u{ff}' => write!(f, "\\x{:02x}", u32::from(char))?,
                _ => write!(f, "{}", char.escape_unicode())?,
            }
        }
        Ok(())
    }
}

/// Whether a terminal shows `char`, and does nothing else for it: control characters are commands,
/// and others separate lines or turn the direction of the text around them.
pub(crate) fn is_shown_as_it_is(char: char) -> bool {
    let separates = matches!(char, '\u{2028}' | '\u{2029}');
    let turns = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(char.is_control() || separates || turns)
}

/// The frames of a message. Text: `[b"client1", b"message for client1"]`. JSON: an array.
#[derive(Clone, Copy)]
pub struct Frames<'a>(pub &'a [&'a [u8]]);

impl fmt::Display for Frames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (index, frame) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}", Bytes(frame))?;
        }
        f.write_char(']')
    }
}

impl Serialize for Frames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|frame| Bytes(frame)))
    }
}

/// The OS's words for an error, without its number.
pub fn os_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map(|(words, _)| words.to_owned()).unwrap_or(text)
}

/// A number of things: `1 byte`, `2 bytes`.
#[derive(Clone, Copy)]
pub struct Counted<'a>(pub u64, pub &'a str);

impl fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_print_escaped() {
        assert_eq!(Bytes(b"a message").to_string(), r#"b"a message""#);
        assert_eq!(Bytes(b"\"\\\n\0\xff").to_string(), r#"b"\"\\\n\x00\xff""#);
        assert_eq!(Bytes(b"").to_string(), r#"b"""#);
    }

    #[test]
    fn bytes_are_a_json_string_or_hex() {
        assert_eq!(serde_json::to_string(&Bytes("字".as_bytes())).unwrap(), "\"字\"");
        assert_eq!(serde_json::to_string(&Bytes(b"\x00\xff")).unwrap(), r#"{"hex":"00ff"}"#);
    }

    #[test]
    fn text_prints_as_itself_on_one_line() {
        assert_eq!(
            Text("訊息 \"a\" 'b' C:\\new 👩\u{200d}💻").to_string(),
            "訊息 \"a\" 'b' C:\\new 👩\u{200d}💻"
        );
        assert_eq!(Text("a\r\n\tb").to_string(), r"a\r\n\tb");
        assert_eq!(Text("\0\x1b[2J\x7f\u{9b}").to_string(), r"\x00\x1b[2J\x7f\x9b");
        assert_eq!(Text("\u{2028}\u{202e}").to_string(), r"\u{2028}\u{202e}");
    }

    #[test]
    fn frames_print_as_a_list() {
        let frames = [b"client1".as_slice(), b""];
        assert_eq!(Frames(&frames).to_string(), r#"[b"client1", b""]"#);
        assert_eq!(serde_json::to_string(&Frames(&frames)).unwrap(), r#"["client1",""]"#);
    }

    #[test]
    fn one_thing_has_no_plural() {
        let shown = [0, 1, 2].map(|count| Counted(count, "byte").to_string());
        assert_eq!(shown, ["0 bytes", "1 byte", "2 bytes"]);
    }
}
