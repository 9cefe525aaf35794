//! JSON that stays as it was written: floats to the last digit, integers of any size, keys in their
//! order and as often as they come, escapes as they are. Only the spaces between its tokens go.
//!
//! `1e999` and `"\ud800"` are JSON, since its grammar has no limits and no Unicode rules: they stay
//! what they are. `NaN` and `Infinity`, which Python's `json.dumps` writes by default, are not.

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer, de::DeserializeOwned};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::text::is_shown_as_it_is;

/// How deep JSON may nest: as deep as `serde_json` lets it where it builds a type of ours.
pub(super) const MAX_DEPTH: usize = 128;

/// What Python writes for the floats that JSON has not.
const CONSTANTS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// One JSON value, as its text.
#[derive(Clone, Debug)]
pub struct Json(Box<RawValue>);

/// Why a text is not taken as JSON.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It has more levels than are read, whether it is JSON or not.
    #[error("not JSON: recursion limit exceeded: nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// It is not JSON, for the reason that is given.
    #[error("{0}")]
    Syntax(String),
}

impl Json {
    /// Takes a JSON text as it is written.
    ///
    /// # Errors
    ///
    /// Why `text` is not JSON.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        if is_deeper_than(MAX_DEPTH, text) {
            return Err(JsonError::TooDeep);
        }
        let read = serde_json::from_slice::<&RawValue>(text);
        let read = read.and_then(|raw| RawValue::from_string(compact(raw.get())));
        read.map(Self).map_err(|error| JsonError::Syntax(reason(text, &error)))
    }

    /// The JSON string of `text`.
    #[must_use]
    pub fn string(text: &str) -> Self {
        // A string has its JSON form; null would be there for one that had not.
        let raw = serde_json::value::to_raw_value(text);
        Self(raw.unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// The text, without spaces between its tokens.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Text: as it is written, but for characters beyond ASCII: they are shown as themselves, though
/// Python's `json.dumps` escapes them all, and escaped where they would garble a terminal, as U+009B
/// would. It is the same JSON either way.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.as_str();
        while let Some(char) = rest.chars().next() {
            let escaped = unescaped(rest);
            let (char, length) = match (char, escaped) {
                (_, Some(escaped)) => escaped,
                // A backslash, and what it escapes.
                ('\\', None) => {
                    f.write_str(&rest[..2])?;
                    rest = &rest[2..];
                    continue;
                }
                _ => (char, char.len_utf8()),
            };
            if is_shown_as_it_is(char) {
                f.write_char(char)?;
            } else {
                write!(f, "\\u{:04x}", u32::from(char))?;
            }
            rest = &rest[length..];
        }
        Ok(())
    }
}

/// The character beyond ASCII that is escaped at the start of `text`, as `\u8a0a` or
/// `\ud83d\ude00`, and the length of that.
fn unescaped(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let units = [unit(text)?, text.get(6..).and_then(unit).unwrap_or_default()];
    let char = char::decode_utf16(units).next()?.ok().filter(|char| !char.is_ascii())?;
    Some((char, 6 * char.len_utf16()))
}

/// JSON: as it is written.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Reads JSON that is to be a `T`.
///
/// # Errors
///
/// Why `frame` is not JSON, or is not a `T`.
pub(crate) fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, String> {
    serde_json::from_slice(frame).map_err(|error| reason(frame, &error))
}

fn reason(text: &[u8], error: &serde_json::Error) -> String {
    let said = error.to_string();
    if error.classify() == Category::Data {
        format!("not the expected JSON: {said}")
    } else if ["lone leading surrogate", "unexpected end of hex escape"]
        .iter()
        .any(|surrogate| said.starts_with(surrogate))
    {
        format!("not the expected JSON: a lone surrogate is not Unicode text: {said}")
    } else if let Some(constant) = constant(text, error) {
        format!("{constant} is not JSON; Python's json.dumps writes it unless allow_nan=False")
    } else {
        format!("not JSON: {said}")
    }
}

/// The first of Python's constants in `text`, if nothing else keeps it from being JSON.
fn constant(text: &[u8], error: &serde_json::Error) -> Option<&'static str> {
    // Most texts are wrong in another way, and may be long: whether a constant stands where the
    // error is, or the minus before it, can be seen at once.
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let at = before + error.column();
    let here = text.get(at.saturating_sub(2)..at.saturating_add(8).min(text.len()))?;
    if !here.windows(2).any(|two| matches!(two, b"Na" | b"In")) {
        return None;
    }
    let (mut first, mut replaced) = (None, Vec::with_capacity(text.len()));
    let (mut strings, mut rest) = (Strings::default(), text);
    while let [byte, after @ ..] = rest {
        let in_string = strings.holds(*byte);
        let mut constants = CONSTANTS.into_iter().filter(|_| !in_string);
        if let Some(found) = constants.find(|constant| rest.starts_with(constant.as_bytes())) {
            first = first.or(Some(found));
            replaced.push(b'0');
            rest = &rest[found.len()..];
        } else {
            replaced.push(*byte);
            rest = after;
        }
    }
    first.filter(|_| serde_json::from_slice::<&RawValue>(&replaced).is_ok())
}

fn compact(json: &str) -> String {
    let mut strings = Strings::default();
    let is_space = |char| matches!(char, ' ' | '\t' | '\n' | '\r');
    json.chars().filter(|char| strings.holds_char(*char) || !is_space(*char)).collect()
}

/// Whether `json` nests deeper than `limit`. Not read further than that.
fn is_deeper_than(limit: usize, json: &[u8]) -> bool {
    let (mut strings, mut depth) = (Strings::default(), 0_usize);
    json.iter().any(|byte| {
        match byte {
            _ if strings.holds(*byte) => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > limit
    })
}

/// Where the strings of a JSON text are, found out byte by byte.
#[derive(Default)]
struct Strings {
    inside: bool,
    escaped: bool,
}

impl Strings {
    /// Whether the next byte is in a string, or ends it.
    fn holds(&mut self, byte: u8) -> bool {
        self.holds_char(char::from(byte))
    }

    fn holds_char(&mut self, char: char) -> bool {
        let (was_inside, was_escaped) = (self.inside, self.escaped);
        self.escaped = was_inside && !was_escaped && char == '\\';
        if char == '"' && !was_escaped {
            self.inside = !was_inside;
        }
        was_inside
    }
}

#[cfg(test)]
mod tests;
