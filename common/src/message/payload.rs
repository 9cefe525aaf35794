//! The article's ways to send a payload, and payloads of each kind.

use std::{fmt, ops::Deref};

use clap::ValueEnum;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::bad_message::BadMessage;
use super::json::{Json, JsonError};
use super::pickle;
use super::text::{Bytes, Frames, Text};

/// How a payload is sent, read and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// As it is
    Bytes,
    /// UTF-8 text
    String,
    /// JSON
    Json,
    /// A Python pickle, plain data only
    Pyobj,
    /// One frame per TEXT
    Multipart,
}

impl Kind {
    /// The kind's name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Json => "json",
            Self::Pyobj => "pyobj",
            Self::Multipart => "multipart",
        }
    }
}

/// What a message carries: bytes and text where they are, in its frames or in a command line.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<'a> {
    /// One frame of bytes.
    Bytes(&'a [u8]),
    /// One frame of UTF-8.
    String(&'a str),
    /// One frame of JSON.
    Json(Json),
    /// One frame with a pickled Python object.
    Pyobj(pickle::Value),
    /// Any number of frames.
    Multipart(Vec<&'a [u8]>),
}

/// Why a frame is refused where there are several, or none.
pub(crate) const NOT_ONE_FRAME: &str = "not one frame";

impl<'a> Payload<'a> {
    /// The payload that command-line texts stand for. As JSON and as a Python object, a text is
    /// read as JSON, and is a string where it is not; only `Kind::Multipart` takes several texts,
    /// one a frame.
    ///
    /// # Errors
    ///
    /// Several texts, or none, for a kind that takes one; JSON that a pickle cannot hold.
    pub fn from_texts(kind: Kind, texts: &'a [String]) -> anyhow::Result<Self> {
        let json = |text: &str| match Json::parse(text.as_bytes()) {
            Err(JsonError::Syntax(_)) => Ok(Json::string(text)),
            taken => taken,
        };
        Ok(match (kind, texts) {
            (Kind::Multipart, texts) => {
                Self::Multipart(texts.iter().map(String::as_bytes).collect())
            }
            (Kind::Bytes, [text]) => Self::Bytes(text.as_bytes()),
            (Kind::String, [text]) => Self::String(text),
            (Kind::Json, [text]) => Self::Json(json(text)?),
            (Kind::Pyobj, [text]) => Self::Pyobj(pickle::Value::try_from(&json(text)?)?),
            (kind, texts) => {
                anyhow::bail!("a {} message is one text, not {}", kind.name(), texts.len())
            }
        })
    }

    /// `text` itself, whatever it looks like, in the form that a peer of this kind can read.
    #[must_use]
    pub fn plain_text(kind: Kind, text: &'a str) -> Self {
        match kind {
            Kind::Bytes => Self::Bytes(text.as_bytes()),
            Kind::String => Self::String(text),
            Kind::Json => Self::Json(Json::string(text)),
            Kind::Pyobj => Self::Pyobj(text.into()),
            Kind::Multipart => Self::Multipart(vec![text.as_bytes()]),
        }
    }

    /// Reads the frames of a received message. Bytes have no form to fail: a message of several
    /// frames is one of bytes too, and is kept as [`Payload::Multipart`].
    ///
    /// # Errors
    ///
    /// Messages of another form than `kind`.
    pub fn decode<F: Deref<Target = [u8]>>(
        kind: Kind,
        frames: &'a [F],
    ) -> Result<Self, BadMessage> {
        let decoded = match (kind, frames) {
            (Kind::Bytes, [frame]) => Ok(Self::Bytes(frame)),
            (Kind::Bytes | Kind::Multipart, frames) => {
                Ok(Self::Multipart(frames.iter().map(Deref::deref).collect()))
            }
            (Kind::String, [frame]) => decode_utf8(frame).map(Self::String),
            (Kind::Json, [frame]) => {
                Json::parse(frame).map(Self::Json).map_err(|error| error.to_string())
            }
            (Kind::Pyobj, [frame]) => pickle::decode(frame).map(Self::Pyobj),
            _ => Err(NOT_ONE_FRAME.to_owned()),
        };
        decoded.map_err(|reason| BadMessage::new(reason, frames))
    }

    /// The kind that this payload is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bytes(_) => Kind::Bytes,
            Self::String(_) => Kind::String,
            Self::Json(_) => Kind::Json,
            Self::Pyobj(_) => Kind::Pyobj,
            Self::Multipart(_) => Kind::Multipart,
        }
    }
}

/// Text: `b"…"`, the string itself, JSON, Python's notation, a list of frames.
impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => Bytes(bytes).fmt(f),
            Self::String(text) => Text(text).fmt(f),
            Self::Json(value) => value.fmt(f),
            Self::Pyobj(value) => value.fmt(f),
            Self::Multipart(frames) => Frames(frames).fmt(f),
        }
    }
}

/// JSON: `{"kind": "bytes", "message": "a message"}`.
impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("kind", self.kind().name())?;
        match self {
            Self::Bytes(bytes) => object.serialize_entry("message", &Bytes(bytes))?,
            Self::String(text) => object.serialize_entry("message", text)?,
            Self::Json(value) => object.serialize_entry("message", value)?,
            Self::Pyobj(value) => object.serialize_entry("message", value)?,
            Self::Multipart(frames) => object.serialize_entry("message", &Frames(frames))?,
        }
        object.end()
    }
}

/// # Errors
///
/// Why `frame` is not UTF-8.
pub(crate) fn decode_utf8(frame: &[u8]) -> Result<&str, String> {
    str::from_utf8(frame).map_err(|error| format!("not UTF-8: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    const KINDS: [Kind; 5] = [Kind::Bytes, Kind::String, Kind::Json, Kind::Pyobj, Kind::Multipart];

    #[test]
    fn a_text_is_sent_and_shown_as_its_kind_says() {
        let shown = KINDS.map(|kind| {
            let texts = texts(&["[1, true]"]);
            let payload = Payload::from_texts(kind, &texts).unwrap();
            (payload.to_string(), serde_json::to_string(&payload).unwrap())
        });
        let expected = [
            (r#"b"[1, true]""#, r#"{"kind":"bytes","message":"[1, true]"}"#),
            ("[1, true]", r#"{"kind":"string","message":"[1, true]"}"#),
            ("[1,true]", r#"{"kind":"json","message":[1,true]}"#),
            ("[1, True]", r#"{"kind":"pyobj","message":[1,true]}"#),
            (r#"[b"[1, true]"]"#, r#"{"kind":"multipart","message":["[1, true]"]}"#),
        ];
        assert_eq!(shown, expected.map(|(text, json)| (text.to_owned(), json.to_owned())));
    }

    #[test]
    fn what_is_no_json_is_a_string_and_several_texts_are_frames() {
        let (word, two) = (texts(&["one"]), texts(&["one", "two"]));
        let shown = |kind| Payload::from_texts(kind, &word).unwrap().to_string();
        assert_eq!([Kind::Json, Kind::Pyobj].map(shown), [r#""one""#; 2]);
        let frames = Payload::from_texts(Kind::Multipart, &two).unwrap();
        assert_eq!(frames, Payload::Multipart(vec![b"one", b"two"]));
        let error = Payload::from_texts(Kind::Json, &two).unwrap_err().to_string();
        assert_eq!(error, "a json message is one text, not 2");
    }

    #[test]
    fn plain_text_stays_text_in_every_kind() {
        let shown = KINDS.map(|kind| Payload::plain_text(kind, "7").to_string());
        assert_eq!(shown, [r#"b"7""#, "7", r#""7""#, r#""7""#, r#"[b"7"]"#]);
    }

    #[test]
    fn what_is_received_is_of_the_kind_that_is_asked_for() {
        let decode = |kind, frames: &[&[u8]]| {
            let decoded = Payload::decode(kind, frames);
            decoded.map_or_else(|bad| bad.to_string(), |payload| payload.to_string())
        };
        assert_eq!(
            KINDS.map(|kind| decode(kind, &[b"N."])),
            [
                r#"b"N.""#,
                "N.",
                "not JSON: expected value at line 1 column 1 (2 bytes in 1 frame: b\"N.\")",
                "None",
                r#"[b"N."]"#,
            ]
        );
        assert_eq!(decode(Kind::Json, &[b" 7 "]), "7");
        assert_eq!(decode(Kind::Bytes, &[b"a", b""]), r#"[b"a", b""]"#);
        let several = "not one frame (2 bytes in 2 frames: b\"7\"…)";
        for kind in [Kind::String, Kind::Json, Kind::Pyobj] {
            assert_eq!(decode(kind, &[b"7", b"8"]), several);
        }
        assert!(decode(Kind::String, &[b"\xff"]).starts_with("not UTF-8: "));
    }
}
