//! An event of a socket monitor, and what it says in words.

use std::borrow::Cow;

use zmq::SocketEvent;

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

    /// `binds`: whether the socket does. Its authenticator then says more of whom it refuses.
    pub(super) fn log(&self, binds: bool) {
        let Self { kind, value, endpoint } = self;
        match *kind {
            SocketEvent::LISTENING => tracing::info!("listening on {endpoint}"),
            SocketEvent::ACCEPTED => tracing::info!("accepted a connection on {endpoint}"),
            SocketEvent::CONNECTED => tracing::info!("connected to {endpoint}"),
            SocketEvent::DISCONNECTED => tracing::info!("disconnected from {endpoint}"),
            SocketEvent::CONNECT_RETRIED => tracing::info!("retrying {endpoint} in {value} ms"),
            SocketEvent::HANDSHAKE_FAILED_NO_DETAIL => {
                tracing::info!("a handshake was broken off on {endpoint}");
            }
            SocketEvent::HANDSHAKE_FAILED_PROTOCOL => {
                tracing::warn!("a handshake failed on {endpoint}: {}", protocol_error(*value));
            }
            SocketEvent::HANDSHAKE_FAILED_AUTH if !binds => {
                tracing::warn!("{endpoint} refused this program's key (status {value})");
            }
            other => tracing::debug!("{other:?} {endpoint} ({value})"),
        }
    }
}

/// What a `ZMQ_PROTOCOL_ERROR_…` says, in words.
fn protocol_error(error: u32) -> Cow<'static, str> {
    match error {
        0x1100_0001 => "the keys do not match: most likely the server's".into(),
        0x1100_0002 => "one side uses CURVE, the other does not".into(),
        0x2000_0000..=0x2fff_ffff => "the authenticator gave no valid answer".into(),
        error => format!("the peer broke the protocol (error {error:#x})").into(),
    }
}
