//! An event of a socket monitor, and what it says in words.

use std::borrow::Cow;
use std::io;

use zmq::{SocketEvent, SocketType};
use zmq_sys::protocol_error::{
    FRAME_SIZE, MAX_FRAME_SIZE, NO_HEARTBEAT, NO_READY, NO_WELCOME, NOT_ZMTP, SOCKET_TYPE,
};
use zmq_sys::{
    ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED,
    ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH,
};

use crate::message::text::os_words;

/// What is known of the socket itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub(super) kind: SocketType,
    /// The longest frame that it receives, in bytes (`ZMQ_MAXMSGSIZE`).
    pub(super) limit: i64,
}

/// Two frames: a 16-bit number and a 32-bit value in the host's byte order, then the endpoint
/// (`zmq_socket_monitor`).
pub(super) struct Event<'a> {
    pub(super) kind: SocketEvent,
    pub(super) value: u32,
    pub(super) endpoint: Cow<'a, str>,
}

impl<'a> Event<'a> {
    pub(super) fn parse(frames: &'a [Vec<u8>]) -> Option<Self> {
        let [event, endpoint] = frames else { return None };
        let &[e0, e1, v0, v1, v2, v3] = event.as_slice() else { return None };
        Some(Self {
            kind: SocketEvent::from_raw(u16::from_ne_bytes([e0, e1])),
            value: u32::from_ne_bytes([v0, v1, v2, v3]),
            endpoint: String::from_utf8_lossy(endpoint),
        })
    }

    /// Logs what `-v` shows.
    pub(super) fn log(&self) {
        let Self { kind, value, endpoint } = self;
        match *kind {
            SocketEvent::LISTENING => tracing::info!("listening on {endpoint}"),
            SocketEvent::ACCEPTED => tracing::info!("accepted a connection on {endpoint}"),
            SocketEvent::CONNECTED => tracing::info!("connected to {endpoint}"),
            SocketEvent::DISCONNECTED => tracing::info!("disconnected from {endpoint}"),
            SocketEvent::CONNECT_RETRIED => tracing::info!("retrying {endpoint} in {value} ms"),
            SocketEvent::HANDSHAKE_FAILED_NO_DETAIL => {
                tracing::info!("a handshake was broken off on {endpoint}: {}", os_error(*value));
            }
            other => tracing::debug!("{other:?} {endpoint} ({value})"),
        }
    }

    /// What is wrong with a connection, for everybody to know. `connects`: whether this socket does,
    /// and not its peer.
    pub(super) fn trouble(&self, own: Own, connects: bool) -> Option<String> {
        let Self { kind, value, endpoint } = self;
        match *kind {
            SocketEvent::HANDSHAKE_FAILED_PROTOCOL => {
                let what = protocol_error(*value, own, connects);
                Some(format!("{} {endpoint}: {what}", if connects { "at" } else { "a peer on" }))
            }
            // The authenticator of a socket that binds says more of whom it refuses.
            SocketEvent::HANDSHAKE_FAILED_AUTH if connects => {
                Some(format!("{endpoint} refused this program's key (status {value})"))
            }
            SocketEvent::HANDSHAKE_FAILED_NO_DETAIL if connects => Some(format!(
                "at {endpoint}: the handshake was broken off ({}); is that a ZeroMQ socket?",
                os_error(*value)
            )),
            SocketEvent::ACCEPT_FAILED => Some(format!(
                "{endpoint} cannot accept a connection: {}; those that wait are tried again",
                os_error(*value)
            )),
            _ => None,
        }
    }
}

/// What went wrong with a peer, and what to do about it, where we know.
fn protocol_error(error: u32, own: Own, connects: bool) -> Cow<'static, str> {
    let Own { kind, limit } = own;
    match error {
        // Numbers of a frame's size begin at the highest value of the others.
        FRAME_SIZE.. => {
            let size = error - FRAME_SIZE;
            let more = if size == MAX_FRAME_SIZE { " or more" } else { "" };
            format!(
                "a frame of {size} bytes{more} is over the limit of {limit} (--max-message-size); \
                 disconnected"
            )
            .into()
        }
        NOT_ZMTP => "the peer does not speak ZeroMQ's protocol".into(),
        NO_WELCOME => "the server has another key than --curve-server says".into(),
        NO_READY => format!("the server's socket is of another pattern than {kind:?}").into(),
        NO_HEARTBEAT => {
            "no heartbeat came in time; is --heartbeat shorter than a round trip takes?".into()
        }
        ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC => {
            "the keys do not match: most likely the server's".into()
        }
        ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH => {
            "one side uses CURVE, the other does not".into()
        }
        ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED => {
            "more came than a handshake takes".into()
        }
        0x2000_0000..=0x2fff_ffff => "the authenticator gave no valid answer".into(),
        _ if error & !0xff == SOCKET_TYPE => {
            let other = socket_type(error & 0xff);
            let which =
                if connects { "another program is there" } else { "it is for another program" };
            format!("a {other} socket cannot talk to a {kind:?} socket: {which}, or it has another pattern")
                .into()
        }
        error => format!("the peer broke the protocol (error {error:#x})").into(),
    }
}

/// The name of a `ZMQ_…` socket type.
fn socket_type(number: u32) -> &'static str {
    const NAMES: [&str; 12] = [
        "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
        "STREAM",
    ];
    let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
    name.copied().unwrap_or("foreign")
}

/// The OS's words for an error number, without the number.
pub(super) fn os_error(number: u32) -> String {
    let error = io::Error::from_raw_os_error(number.try_into().unwrap_or_default());
    if error.kind() == io::ErrorKind::TimedOut {
        return "no answer in time".to_owned();
    }
    os_words(&error).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(kind: SocketEvent, value: u32, connects: bool) -> Option<String> {
        let event = Event { kind, value, endpoint: "tcp://a:1".into() };
        event.trouble(Own { kind: zmq::REQ, limit: 100 }, connects)
    }

    #[test]
    fn each_trouble_names_the_endpoint_and_what_is_wrong() {
        let protocol = SocketEvent::HANDSHAKE_FAILED_PROTOCOL;
        for (value, words) in [
            (FRAME_SIZE + 133, "a frame of 133 bytes is over the limit of 100"),
            (FRAME_SIZE + MAX_FRAME_SIZE, "1073741823 bytes or more"),
            (SOCKET_TYPE + 1, "a PUB socket cannot talk to a REQ socket"),
            (SOCKET_TYPE + 0xff, "a foreign socket"),
            (NOT_ZMTP, "does not speak ZeroMQ's protocol"),
            (NO_WELCOME, "another key than --curve-server says"),
            (NO_READY, "another pattern than REQ"),
            (NO_HEARTBEAT, "is --heartbeat shorter"),
            (ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, "the keys do not match"),
            (ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED, "more came than"),
            (ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, "one side uses CURVE"),
            (0x2000_0001, "the authenticator"),
            (7, "error 0x7"),
        ] {
            let line = trouble(protocol, value, true).unwrap();
            assert!(line.starts_with("at tcp://a:1: ") && line.contains(words), "{line}");
            let line = trouble(protocol, value, false).unwrap();
            assert!(line.starts_with("a peer on tcp://a:1: "), "{line}");
        }
    }

    #[test]
    fn a_refused_key_is_for_the_one_it_belongs_to() {
        let auth = SocketEvent::HANDSHAKE_FAILED_AUTH;
        assert!(trouble(auth, 400, true).unwrap().contains("refused this program's key"));
        assert_eq!(trouble(auth, 400, false), None);
        let closed = SocketEvent::HANDSHAKE_FAILED_NO_DETAIL;
        assert!(trouble(closed, 104, true).unwrap().contains("connection reset by peer"));
        assert!(trouble(closed, 110, true).unwrap().contains("(no answer in time)"));
        assert_eq!(trouble(closed, 104, false), None);
        assert!(trouble(SocketEvent::ACCEPT_FAILED, 24, false).unwrap().contains("open files"));
    }

    #[test]
    fn an_event_is_two_frames() {
        let number =
            [SocketEvent::CONNECT_RETRIED.to_raw().to_ne_bytes().as_slice(), &7_u32.to_ne_bytes()]
                .concat();
        let frames = [number.clone(), b"tcp://a:1".to_vec()];
        let event = Event::parse(&frames).unwrap();
        assert_eq!(event.kind, SocketEvent::CONNECT_RETRIED);
        assert_eq!((event.value, &*event.endpoint), (7, "tcp://a:1"));
        assert!(Event::parse(&[number]).is_none());
        assert!(Event::parse(&[b"short".to_vec(), b"tcp://a:1".to_vec()]).is_none());
    }
}
