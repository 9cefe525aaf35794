//! Plain sockets, in place of a program's peers.

use serde_json::Value;
use zmq::{Context, Socket, SocketType};

use crate::DEADLINE;

/// Sockets with their own context. A send or receive fails after [`DEADLINE`], and messages that
/// are not sent when a socket is closed are dropped.
#[derive(Default)]
pub struct Peers(Context);

impl Peers {
    /// A context without sockets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket that is bound to `endpoint`.
    #[must_use]
    pub fn bind(&self, kind: SocketType, endpoint: &str) -> Socket {
        let socket = self.socket(kind);
        socket.bind(endpoint).unwrap_or_else(|error| panic!("cannot bind {endpoint}: {error}"));
        socket
    }

    /// A socket that is connected to `endpoint`. A SUB socket is subscribed to everything.
    #[must_use]
    pub fn connect(&self, kind: SocketType, endpoint: &str) -> Socket {
        let socket = self.socket(kind);
        if kind == zmq::SUB {
            socket.set_subscribe(b"").expect("a subscription");
        }
        socket
            .connect(endpoint)
            .unwrap_or_else(|error| panic!("cannot connect to {endpoint}: {error}"));
        socket
    }

    /// A socket that is neither bound nor connected.
    #[must_use]
    pub fn socket(&self, kind: SocketType) -> Socket {
        let socket = self.0.socket(kind).expect("a socket");
        let deadline = i32::try_from(DEADLINE.as_millis()).expect("milliseconds");
        socket.set_rcvtimeo(deadline).expect("a time-out");
        socket.set_sndtimeo(deadline).expect("a time-out");
        socket.set_linger(0).expect("a linger time");
        socket
    }
}

/// Sends a message of one frame.
pub fn send(socket: &Socket, frame: impl AsRef<[u8]>) {
    socket.send(frame.as_ref(), 0).expect("room for a message");
}

/// Receives the frames of a message.
#[must_use]
pub fn receive(socket: &Socket) -> Vec<Vec<u8>> {
    socket.recv_multipart(0).expect("a message")
}

/// Receives a message of one frame, which is JSON.
#[must_use]
pub fn receive_json(socket: &Socket) -> Value {
    let [frame]: [Vec<u8>; 1] = receive(socket).try_into().expect("one frame");
    serde_json::from_slice(&frame).expect("JSON")
}

/// Receives a result of the pipeline: the consumer's id, and the task's number.
#[must_use]
pub fn receive_result(collector: &Socket) -> (u64, u64) {
    let result = receive_json(collector);
    let field = |name: &str| result[name].as_u64().unwrap_or_else(|| panic!("no {name}: {result}"));
    (field("consumer_id"), field("num"))
}
