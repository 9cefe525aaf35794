//! The article's list of calls for sending and receiving.
//!
//! `send_multipart` is the zmq crate's own; the bytes of a single frame are `send` and `recv_bytes`
//! there. The rest of the list is here, with the flags of the calls beside it (0, or
//! `zmq::DONTWAIT`).
//!
//! Each `recv_…` but `recv_frames` takes exactly one frame, and returns two errors apart, as the zmq
//! crate's `recv_string` does: the outer one is the socket's (`EAGAIN` after a time-out, `ETERM` when
//! the context is terminated), the inner one describes a message that is not what it should be. A
//! message of several frames is such a one. It is taken off the socket whole, so that the next
//! receive starts with the next message.

use std::cell::RefCell;

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use zmq::Message;

use super::Socket;
use crate::message::BadMessage;
use crate::message::json;
use crate::message::payload::{self, Payload};
use crate::message::pickle;

/// How many frames `recv_frames` keeps room for.
const ROOM: usize = 16;

thread_local! {
    /// What `send_json` writes into. Reused, and sent as a slice: libzmq keeps up to 33 bytes
    /// inside its own message, so that a small one is sent without any allocation.
    static JSON: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// What `recv_…` receives into: reused, since to make and to drop a message takes a call of
    /// libzmq each.
    static FRAME: RefCell<Message> = RefCell::new(Message::new());
}

impl Socket {
    /// pyzmq's `send_json`: `value` as JSON in one frame.
    ///
    /// # Errors
    ///
    /// The socket's own (`zmq::Error`); a value that JSON cannot hold, such as a map whose keys are
    /// not strings.
    pub fn send_json<T: Serialize + ?Sized>(&self, value: &T, flags: i32) -> anyhow::Result<()> {
        JSON.with_borrow_mut(|json| {
            json.clear();
            serde_json::to_writer(&mut *json, value).context("cannot be encoded as JSON")?;
            Ok(self.send(json.as_slice(), flags)?)
        })
    }

    /// pyzmq's `recv_json`: one frame of JSON with the fields of `T`.
    pub fn recv_json<T: DeserializeOwned>(&self, flags: i32) -> zmq::Result<Result<T, BadMessage>> {
        self.recv_frame(flags, json::decode)
    }

    /// pyzmq's `send_string`: `text` as UTF-8 in one frame.
    pub fn send_string(&self, text: &str, flags: i32) -> zmq::Result<()> {
        self.send(text, flags)
    }

    /// pyzmq's `recv_string`: one frame of UTF-8. The zmq crate's call of that name leaves the other
    /// frames of a message for the next receive.
    pub fn recv_string(&self, flags: i32) -> zmq::Result<Result<String, BadMessage>> {
        self.recv_frame(flags, |frame| payload::decode_utf8(frame).map(str::to_owned))
    }

    /// pyzmq's `send_pyobj`: `value` as a Python pickle in one frame. What JSON can hold becomes a value
    /// by [`Json`](crate::message::json::Json) and `Value::try_from`.
    ///
    /// Python's own `recv_pyobj` runs any code that a pickle holds: let it read from trusted peers
    /// only.
    pub fn send_pyobj(&self, value: &pickle::Value, flags: i32) -> zmq::Result<()> {
        self.send(pickle::encode(value), flags)
    }

    /// pyzmq's `recv_pyobj`, for data: one frame with a pickle that calls and builds nothing.
    pub fn recv_pyobj(&self, flags: i32) -> zmq::Result<Result<pickle::Value, BadMessage>> {
        self.recv_frame(flags, pickle::decode)
    }

    /// pyzmq's `recv_multipart`, into `frames`, in the place of the message before. The zmq crate's
    /// call of that name copies each frame into memory of its own. After an error `frames` are still
    /// the message before, or a part of it.
    pub fn recv_frames(&self, frames: &mut Vec<Message>, flags: i32) -> zmq::Result<()> {
        for received in 0.. {
            if received == frames.len() {
                frames.push(Message::new());
            }
            self.recv(&mut frames[received], flags)?;
            if !frames[received].get_more() {
                frames.truncate(received + 1);
                // The room that a message of very many frames took ends with it.
                frames.shrink_to(ROOM);
                break;
            }
        }
        Ok(())
    }

    /// Sends `payload` with the call of the article that its kind names.
    pub fn send_payload(&self, payload: &Payload, flags: i32) -> anyhow::Result<()> {
        match payload {
            Payload::Bytes(bytes) => Ok(self.send(*bytes, flags)?),
            Payload::String(text) => Ok(self.send_string(text, flags)?),
            Payload::Json(value) => self.send_json(value, flags),
            Payload::Pyobj(value) => Ok(self.send_pyobj(value, flags)?),
            Payload::Multipart(frames) => Ok(self.send_multipart(frames.iter().copied(), flags)?),
        }
    }

    /// Receives one message and decodes its only frame. A message of several is taken off the
    /// socket frame by frame, none of them kept but the first.
    fn recv_frame<T>(
        &self,
        flags: i32,
        decode: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> zmq::Result<Result<T, BadMessage>> {
        FRAME.with_borrow_mut(|frame| {
            self.recv(frame, flags)?;
            if frame.get_more() {
                return self.reject_frames(frame).map(Err);
            }
            let decoded = decode(frame);
            Ok(decoded.map_err(|reason| BadMessage::new(reason, &[&**frame])))
        })
    }

    /// Receives the rest of a message of several frames.
    fn reject_frames(&self, first: &Message) -> zmq::Result<BadMessage> {
        let (mut frames, mut bytes, mut next) = (1, first.len(), Message::new());
        loop {
            self.recv(&mut next, 0)?;
            frames += 1;
            bytes += next.len();
            if !next.get_more() {
                return Ok(BadMessage::measured(payload::NOT_ONE_FRAME, frames, bytes, first));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;
    use crate::message::WorkMessage;
    use crate::socket::options::SocketArgs;

    /// Two sockets of one context, connected.
    fn pair() -> (Socket, Socket) {
        let context = crate::socket::context().unwrap();
        let defaults = SocketArgs::augment_args(Command::new("test")).get_matches_from([""]);
        let options = SocketArgs::from_arg_matches(&defaults).unwrap();
        let [left, right] = [(); 2].map(|()| Socket::new(&context, zmq::PAIR, &options).unwrap());
        (*left).bind("inproc://pair").unwrap();
        (*right).connect("inproc://pair").unwrap();
        (left, right)
    }

    fn reason(received: zmq::Result<Result<impl std::fmt::Debug, BadMessage>>) -> String {
        received.unwrap().unwrap_err().to_string()
    }

    #[test]
    fn what_is_sent_is_received_with_every_call_of_the_articles_list() {
        let (left, right) = pair();
        left.send_json(&WorkMessage { num: 7 }, 0).unwrap();
        assert_eq!(right.recv_json::<WorkMessage>(0).unwrap().unwrap(), WorkMessage { num: 7 });
        left.send_string("訊息", 0).unwrap();
        assert_eq!(right.recv_string(0).unwrap().unwrap(), "訊息");
        let object = pickle::Value::Tuple(vec!["訊息".into()]);
        left.send_pyobj(&object, 0).unwrap();
        assert_eq!(right.recv_pyobj(0).unwrap().unwrap(), object);
        left.send_multipart(["a", ""], 0).unwrap();
        assert_eq!(right.recv_multipart(0).unwrap(), [b"a".as_slice(), b""]);
    }

    #[test]
    fn the_json_buffer_holds_one_message_at_a_time() {
        let (left, right) = pair();
        for num in [u64::MAX, 0] {
            left.send_json(&WorkMessage { num }, 0).unwrap();
            assert_eq!(right.recv_json::<WorkMessage>(0).unwrap().unwrap().num, num);
        }
    }

    #[test]
    fn the_frames_of_a_message_take_the_place_of_those_before() {
        let (left, right) = pair();
        let messages = [vec!["a", "", "c"], vec!["d"], vec!["e", "f"]];
        let mut frames = Vec::new();
        for sent in messages {
            left.send_multipart(&sent, 0).unwrap();
            right.recv_frames(&mut frames, 0).unwrap();
            let received: Vec<_> = frames.iter().map(|frame| frame.as_str().unwrap()).collect();
            assert_eq!(received, sent);
        }
    }

    #[test]
    fn the_room_of_very_many_frames_is_given_back() {
        let (left, right) = pair();
        let mut frames = Vec::new();
        for count in [1000, 1] {
            left.send_multipart(vec![""; count], 0).unwrap();
            right.recv_frames(&mut frames, 0).unwrap();
            assert_eq!(frames.len(), count);
        }
        assert!(frames.capacity() <= ROOM, "{}", frames.capacity());
    }

    #[test]
    fn a_bad_message_is_taken_off_the_socket_whole() {
        let (left, right) = pair();
        left.send_multipart(["{}", "2", "3"], 0).unwrap();
        left.send("{}", 0).unwrap();
        left.send(b"\xff".as_slice(), 0).unwrap();
        left.send("no pickle", 0).unwrap();
        left.send_string("good", 0).unwrap();
        assert_eq!(
            reason(right.recv_json::<serde_json::Value>(0)),
            "not one frame (4 bytes in 3 frames: b\"{}\"…)"
        );
        assert!(
            reason(right.recv_json::<WorkMessage>(0)).starts_with("not the expected JSON: missing")
        );
        assert!(reason(right.recv_string(0)).starts_with("not UTF-8: "));
        assert!(reason(right.recv_pyobj(0)).starts_with("not a pickle of plain data: "));
        assert_eq!(right.recv_string(0).unwrap().unwrap(), "good");
    }

    #[test]
    fn the_sockets_own_errors_are_passed_on() {
        let (left, _right) = pair();
        assert!(matches!(left.recv_json::<WorkMessage>(zmq::DONTWAIT), Err(zmq::Error::EAGAIN)));
    }

    #[test]
    fn a_payload_arrives_as_the_kind_that_it_was_sent_as() {
        use crate::message::payload::Kind::{Bytes, Json, Multipart, Pyobj, String};

        let (left, right) = pair();
        let (texts, mut frames) = (["[1, null]".to_owned()], Vec::new());
        for kind in [Bytes, String, Json, Pyobj, Multipart] {
            let sent = Payload::from_texts(kind, &texts).unwrap();
            left.send_payload(&sent, 0).unwrap();
            right.recv_frames(&mut frames, 0).unwrap();
            assert_eq!(Payload::decode(kind, &frames).unwrap(), sent);
        }
    }
}
