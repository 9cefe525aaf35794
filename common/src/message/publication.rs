//! Published messages, as bytes and as text.

use std::{fmt, ops::Deref};

use clap::ValueEnum;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::bad_message::BadMessage;
use super::payload;
use super::text::{Bytes, Frames, Text};

/// How publications are read and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Two frames of bytes, topic and message
    Bytes,
    /// UTF-8 text, in any number of frames
    String,
}

/// A published message. Text: its frames as the article prints them,
/// `[b"client1", b"message for client1"]`, or as text, with a space between them.
/// JSON: `{"topic": "client1", "message": "message for client1"}`; without a topic where there is
/// only one frame; `{"frames": […]}` where there are more than two.
#[derive(Debug)]
pub struct Publication<'a, F> {
    form: Form,
    frames: &'a [F],
}

impl<'a, F: Deref<Target = [u8]>> Publication<'a, F> {
    /// Reads the frames of a message. The zguide's publishers send one frame, a text that begins
    /// with its topic.
    ///
    /// # Errors
    ///
    /// As bytes: they are not two. As text: one is not UTF-8.
    pub fn decode(form: Form, frames: &'a [F]) -> Result<Self, BadMessage> {
        let not_text = || frames.iter().find_map(|frame| payload::decode_utf8(frame).err());
        let reason = match form {
            Form::Bytes if frames.len() == 2 => None,
            Form::Bytes => {
                let hint = if not_text().is_none() { "; --as string prints it" } else { "" };
                Some(format!("not two frames, topic and message{hint}"))
            }
            Form::String => not_text(),
        };
        reason.map_or(Ok(Self { form, frames }), |reason| Err(BadMessage::new(reason, frames)))
    }
}

impl<F: Deref<Target = [u8]>> fmt::Display for Publication<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Form::Bytes, [topic, message]) = (self.form, self.frames) {
            return Frames(&[topic, message]).fmt(f);
        }
        for (index, frame) in self.frames.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " " })?;
            Text(str::from_utf8(frame).unwrap_or_default()).fmt(f)?;
        }
        Ok(())
    }
}

impl<F: Deref<Target = [u8]>> Serialize for Publication<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        match self.frames {
            [message] => object.serialize_entry("message", &Bytes(message))?,
            [topic, message] => {
                object.serialize_entry("topic", &Bytes(topic))?;
                object.serialize_entry("message", &Bytes(message))?;
            }
            frames => {
                let frames: Vec<&[u8]> = frames.iter().map(Deref::deref).collect();
                object.serialize_entry("frames", &Frames(&frames))?;
            }
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: Form, frames: &[&[u8]]) -> [String; 2] {
        let publication = Publication::decode(form, frames).unwrap();
        [publication.to_string(), serde_json::to_string(&publication).unwrap()]
    }

    fn refused(form: Form, frames: &[&[u8]]) -> String {
        Publication::decode(form, frames).unwrap_err().to_string()
    }

    #[test]
    fn bytes_are_two_frames() {
        assert_eq!(
            shown(Form::Bytes, &[b"client1", b"\xff"]),
            [r#"[b"client1", b"\xff"]"#, r#"{"topic":"client1","message":{"hex":"ff"}}"#]
        );
        assert_eq!(
            refused(Form::Bytes, &[b"10001 80"]),
            "not two frames, topic and message; --as string prints it (8 bytes in 1 frame: b\"10001 80\")"
        );
        assert_eq!(
            refused(Form::Bytes, &[b"\xff"]),
            "not two frames, topic and message (1 byte in 1 frame: b\"\\xff\")"
        );
    }

    #[test]
    fn text_is_any_number_of_frames() {
        for (frames, text, json) in [
            (&["10001 80"][..], "10001 80", r#"{"message":"10001 80"}"#),
            (&["新聞", "訊息\n"], "新聞 訊息\\n", r#"{"topic":"新聞","message":"訊息\n"}"#),
            (&["a", "", "c"], "a  c", r#"{"frames":["a","","c"]}"#),
        ] {
            let frames: Vec<_> = frames.iter().map(|frame| frame.as_bytes()).collect();
            assert_eq!(shown(Form::String, &frames), [text, json]);
        }
        assert!(refused(Form::String, &[b"a", b"\xff"]).starts_with("not UTF-8: "));
    }
}
