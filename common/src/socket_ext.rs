//! The article's list of calls for sending and receiving, on the zmq crate's sockets.
//!
//! `send_multipart` is the zmq crate's own; the bytes of a single frame are `send` and `recv_bytes`
//! there. The rest of the list is here, with the flags of the calls beside it (0, or
//! `zmq::DONTWAIT`). Each `recv_…` but `recv_frames` takes exactly one frame: a message of several is
//! a bad one, and is taken off the socket whole, so that the next receive starts with the next
//! message.

use std::cell::RefCell;

use serde::{Serialize, de::DeserializeOwned};
use zmq::{Message, Socket};

use crate::bad_message::{BadMessage, RecvError};
use crate::payload::{self, Payload};
use crate::pickle;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The socket's own error: `EAGAIN` after a time-out, `ETERM` on shutdown, …
    #[error(transparent)]
    Socket(#[from] zmq::Error),
    /// The value has no JSON form, a map with keys that are not strings, say.
    #[error("cannot be encoded as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The value has no pickled form.
    #[error("cannot be encoded as a pickle: {0}")]
    Pickle(#[from] serde_pickle::Error),
}

/// pyzmq's calls on a `zmq::Socket`. All of them pass on the socket's own errors.
pub trait SocketExt {
    /// pyzmq's `send_json`: `value` as JSON in one frame.
    ///
    /// # Errors
    ///
    /// The socket's own, and values that JSON cannot hold.
    fn send_json<T: Serialize + ?Sized>(&self, value: &T, flags: i32) -> Result<(), SendError>;

    /// pyzmq's `recv_json`.
    ///
    /// # Errors
    ///
    /// The socket's own, and messages that are not one frame of JSON with the fields of `T`.
    fn recv_json<T: DeserializeOwned>(&self, flags: i32) -> Result<T, RecvError>;

    /// pyzmq's `send_string`: `text` as UTF-8 in one frame.
    ///
    /// # Errors
    ///
    /// The socket's own.
    fn send_string(&self, text: &str, flags: i32) -> Result<(), SendError>;

    /// pyzmq's `recv_string`. To be called as `SocketExt::recv_string(&socket, 0)`: the zmq crate
    /// has a method of that name, which takes one frame and leaves the others of its message for
    /// the next receive.
    ///
    /// # Errors
    ///
    /// The socket's own, and messages that are not one frame of UTF-8.
    fn recv_string(&self, flags: i32) -> Result<String, RecvError>;

    /// pyzmq's `send_pyobj`: `value` as a Python pickle in one frame. `serde_pickle::to_value`
    /// makes one of any value that serde can serialise.
    ///
    /// Python's own `recv_pyobj` runs whatever code a pickle holds: let it read from trusted peers
    /// only.
    ///
    /// # Errors
    ///
    /// The socket's own, and values that have no pickled form.
    fn send_pyobj(&self, value: &serde_pickle::Value, flags: i32) -> Result<(), SendError>;

    /// pyzmq's `recv_pyobj`, for data: a pickle that would call or build anything else is a bad
    /// message.
    ///
    /// # Errors
    ///
    /// The socket's own, and messages that are not one frame with a pickle of plain data.
    fn recv_pyobj(&self, flags: i32) -> Result<serde_pickle::Value, RecvError>;

    /// pyzmq's `recv_multipart`, into `frames`, in the place of the message that they were before.
    /// The zmq crate has a method of that name, which copies each frame into memory of its own.
    ///
    /// # Errors
    ///
    /// The socket's own. `frames` are then still the message before, or a part of it.
    fn recv_frames(&self, frames: &mut Vec<Message>, flags: i32) -> zmq::Result<()>;

    /// Sends `payload` with the call of the article that its kind names.
    ///
    /// # Errors
    ///
    /// Those of that call.
    fn send_payload(&self, payload: &Payload, flags: i32) -> Result<(), SendError>;
}

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

impl SocketExt for Socket {
    fn send_json<T: Serialize + ?Sized>(&self, value: &T, flags: i32) -> Result<(), SendError> {
        JSON.with_borrow_mut(|json| {
            json.clear();
            serde_json::to_writer(&mut *json, value)?;
            Ok(self.send(json.as_slice(), flags)?)
        })
    }

    fn recv_json<T: DeserializeOwned>(&self, flags: i32) -> Result<T, RecvError> {
        recv_frame(self, flags, payload::decode_json)
    }

    fn send_string(&self, text: &str, flags: i32) -> Result<(), SendError> {
        Ok(self.send(text, flags)?)
    }

    fn recv_string(&self, flags: i32) -> Result<String, RecvError> {
        recv_frame(self, flags, |frame| payload::decode_utf8(frame).map(str::to_owned))
    }

    fn send_pyobj(&self, value: &serde_pickle::Value, flags: i32) -> Result<(), SendError> {
        let pickle = serde_pickle::value_to_vec(value, serde_pickle::SerOptions::new())?;
        Ok(self.send(pickle, flags)?)
    }

    fn recv_pyobj(&self, flags: i32) -> Result<serde_pickle::Value, RecvError> {
        recv_frame(self, flags, pickle::decode)
    }

    fn recv_frames(&self, frames: &mut Vec<Message>, flags: i32) -> zmq::Result<()> {
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

    fn send_payload(&self, payload: &Payload, flags: i32) -> Result<(), SendError> {
        match payload {
            Payload::Bytes(bytes) => Ok(self.send(*bytes, flags)?),
            Payload::String(text) => self.send_string(text, flags),
            Payload::Json(value) => self.send_json(value, flags),
            Payload::Pyobj(value) => self.send_pyobj(value, flags),
            Payload::Multipart(frames) => Ok(self.send_multipart(frames.iter().copied(), flags)?),
        }
    }
}

/// Receives one message and decodes its only frame. A message of several is taken off the socket
/// frame by frame, none of them kept but the first.
fn recv_frame<T>(
    socket: &Socket,
    flags: i32,
    decode: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, RecvError> {
    FRAME.with_borrow_mut(|frame| recv_into(frame, socket, flags, decode))
}

fn recv_into<T>(
    frame: &mut Message,
    socket: &Socket,
    flags: i32,
    decode: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, RecvError> {
    socket.recv(frame, flags)?;
    if !frame.get_more() {
        let decoded = decode(frame);
        return Ok(decoded.map_err(|reason| BadMessage::new(reason, &[&**frame]))?);
    }
    let (mut frames, mut bytes, mut next) = (1, frame.len(), Message::new());
    loop {
        socket.recv(&mut next, 0)?;
        frames += 1;
        bytes += next.len();
        if !next.get_more() {
            return Err(BadMessage::measured(payload::NOT_ONE_FRAME, frames, bytes, frame).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::WorkMessage;

    /// Two sockets of one context, connected.
    fn pair() -> (Socket, Socket) {
        let context = zmq::Context::new();
        let (left, right) =
            (context.socket(zmq::PAIR).unwrap(), context.socket(zmq::PAIR).unwrap());
        left.bind("inproc://pair").unwrap();
        right.connect("inproc://pair").unwrap();
        (left, right)
    }

    fn reason(received: Result<impl std::fmt::Debug, RecvError>) -> String {
        received.unwrap_err().to_string()
    }

    #[test]
    fn what_is_sent_is_received_with_every_call_of_the_articles_list() {
        let (left, right) = pair();
        left.send_json(&WorkMessage { num: 7 }, 0).unwrap();
        assert_eq!(right.recv_json::<WorkMessage>(0).unwrap(), WorkMessage { num: 7 });
        left.send_string("訊息", 0).unwrap();
        assert_eq!(SocketExt::recv_string(&right, 0).unwrap(), "訊息");
        let object =
            serde_pickle::Value::Tuple(vec![serde_pickle::Value::String("訊息".to_owned())]);
        left.send_pyobj(&object, 0).unwrap();
        assert_eq!(right.recv_pyobj(0).unwrap(), object);
        left.send_multipart(["a", ""], 0).unwrap();
        assert_eq!(right.recv_multipart(0).unwrap(), [b"a".as_slice(), b""]);
    }

    #[test]
    fn the_json_buffer_holds_one_message_at_a_time() {
        let (left, right) = pair();
        for num in [u64::MAX, 0] {
            left.send_json(&WorkMessage { num }, 0).unwrap();
            assert_eq!(right.recv_json::<WorkMessage>(0).unwrap().num, num);
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
        assert!(reason(SocketExt::recv_string(&right, 0)).starts_with("not UTF-8: "));
        assert!(reason(right.recv_pyobj(0)).starts_with("not a pickle of plain data: "));
        assert_eq!(SocketExt::recv_string(&right, 0).unwrap(), "good");
    }

    #[test]
    fn the_sockets_own_errors_are_passed_on() {
        let (left, _right) = pair();
        assert!(matches!(
            left.recv_json::<WorkMessage>(zmq::DONTWAIT),
            Err(RecvError::Socket(zmq::Error::EAGAIN))
        ));
    }
}
