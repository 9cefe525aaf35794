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
