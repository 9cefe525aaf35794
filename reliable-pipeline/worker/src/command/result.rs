//! What a command has printed, as the JSON value that is its result.
//!
//! - JSON on one line is taken as it is, byte for byte, if anybody who reads the output can read it:
//!   numbers, escapes and nesting (at most [`MAX_DEPTH`] levels) that a strict parser accepts. White
//!   space around it is not part of it.
//! - Any other text is a JSON string: all that was printed, less one line end (`\n` or `\r\n`) at its
//!   end, as the last line's.
//! - What is not UTF-8 is `{"base64": "…"}`: all bytes that were printed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// How deeply a result may nest, so that `serde_json` still reads the line of the output around it.
const MAX_DEPTH: u8 = 126;

/// A command's stdout as a result.
///
/// # Errors
///
/// None: what is given to `serde_json` here can be written.
pub fn result(stdout: &[u8]) -> serde_json::Result<Box<RawValue>> {
    let Ok(text) = str::from_utf8(stdout) else { return to_raw_value(&base64(stdout)) };
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
    if !trimmed.contains(['\n', '\r']) && is_readable(trimmed) {
        return RawValue::from_string(trimmed.to_owned());
    }
    to_raw_value(without_line_end(text))
}

/// A part of what a command printed, as a string where it is text.
pub fn value(printed: &[u8]) -> Value {
    match str::from_utf8(printed) {
        Ok(text) => Value::from(without_line_end(text)),
        Err(_) => base64(printed),
    }
}

fn base64(bytes: &[u8]) -> Value {
    json!({"base64": STANDARD.encode(bytes)})
}

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Whether `text` is one JSON value that a reader of the output can read.
fn is_readable(text: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(text);
    Readable { levels: MAX_DEPTH }.deserialize(&mut reader).and_then(|()| reader.end()).is_ok()
}

/// Reads a JSON value and keeps nothing. Unlike [`serde::de::IgnoredAny`] it looks into strings and
/// numbers, and bounds the nesting.
#[derive(Clone, Copy)]
struct Readable {
    levels: u8,
}

impl Readable {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1);
        levels.map(|levels| Self { levels }).ok_or_else(|| E::custom("it nests too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Readable {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        // A key is a string: nothing that could nest.
        while entries.next_key_seed(inner)?.is_some() {
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stdout: impl AsRef<[u8]>) -> String {
        result(stdout.as_ref()).unwrap().get().to_owned()
    }

    #[test]
    fn json_on_one_line_is_taken_as_it_is() {
        for json in
            ["{\"b\": 1,  \"a\":1.50}", "-0", "123456789012345678901234567890", "\"\\u00e9\""]
        {
            assert_eq!(of(json), json);
            assert_eq!(of(format!(" {json}\r\n\n")), json);
        }
    }

    #[test]
    fn text_is_a_string_less_its_last_line_end() {
        assert_eq!(of(""), "\"\"");
        assert_eq!(of("\n"), "\"\"");
        assert_eq!(of("hello\nworld\r\n"), "\"hello\\nworld\"");
        assert_eq!(of(" two\n\n"), "\" two\\n\"");
        assert_eq!(of("[1,\n2]\n"), "\"[1,\\n2]\"");
        assert_eq!(of("1 2"), "\"1 2\"");
    }

    #[test]
    fn what_is_not_text_is_base64_of_every_byte() {
        assert_eq!(of([0xff, 0, b'\n']), "{\"base64\":\"/wAK\"}");
        assert_eq!(value(&[0xff]), json!({"base64": "/w=="}));
    }

    #[test]
    fn json_that_no_reader_could_read_is_text() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(of(nested(126)), nested(126));
        for text in [&nested(127), &nested(200_000), "1e999", "\"\\ud800\"", "{\"\\ud800\":1}"] {
            let line = format!("{{\"num\":1,\"result\":{}}}", of(text));
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["result"].as_str(), Some(text));
        }
        let line = format!("{{\"num\":1,\"result\":{}}}", of(nested(126)));
        serde_json::from_str::<Value>(&line).unwrap();
    }
}
