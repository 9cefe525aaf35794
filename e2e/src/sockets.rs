//! Plain sockets, in place of a program's peers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use serde_json::Value;
use zmq::{Context, CurveKeyPair, Socket, SocketEvent, SocketType};

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
    pub fn bind(&self, kind: SocketType, endpoint: &str) -> Socket {
        let socket = self.socket(kind);
        socket.bind(endpoint).unwrap_or_else(|error| panic!("cannot bind {endpoint}: {error}"));
        socket
    }

    /// A socket that is connected to `endpoint`. A SUB socket is subscribed to everything.
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

    /// Has libzmq tell what happens to `socket`, which is one of these.
    pub fn watch(&self, socket: &Socket) -> Events {
        static WATCHES: AtomicU32 = AtomicU32::new(0);
        let endpoint = format!("inproc://events-{}", WATCHES.fetch_add(1, Ordering::Relaxed));
        socket.monitor(&endpoint, SocketEvent::ALL.to_raw().into()).expect("a monitor");
        let monitor = self.connect(zmq::PAIR, &endpoint);
        monitor.set_rcvtimeo(-1).expect("no time-out");
        let (sender, events) = channel();
        // libzmq waits for its monitor: every event is received, whether or not the test asks.
        thread::spawn(move || {
            while let Ok(frames) = monitor.recv_multipart(0) {
                let &[e0, e1, v0, v1, v2, v3] = frames[0].as_slice() else {
                    panic!("no event: {frames:?}")
                };
                let event = u16::from_ne_bytes([e0, e1]);
                let _ = sender.send((event, u32::from_ne_bytes([v0, v1, v2, v3])));
                if event == SocketEvent::MONITOR_STOPPED.to_raw() {
                    break;
                }
            }
            drop(monitor);
            drop(sender);
        });
        Events(events)
    }

    /// A socket that is neither bound nor connected.
    pub fn socket(&self, kind: SocketType) -> Socket {
        let socket = self.0.socket(kind).expect("a socket");
        let deadline = i32::try_from(DEADLINE.as_millis()).expect("milliseconds");
        socket.set_rcvtimeo(deadline).expect("a time-out");
        socket.set_sndtimeo(deadline).expect("a time-out");
        socket.set_linger(0).expect("a linger time");
        socket
    }
}

/// Makes a socket that is about to bind a CURVE server, which lets in every key.
pub fn curve_server(server: &Socket, keys: &CurveKeyPair) {
    server.set_curve_server(true).expect("CURVE");
    server.set_curve_secretkey(&keys.secret_key).expect("a secret key");
}

/// Makes a socket that is about to connect to a server with these keys a CURVE client.
pub fn curve_client(client: &Socket, server: &CurveKeyPair) {
    let keys = CurveKeyPair::new().expect("new keys");
    client.set_curve_secretkey(&keys.secret_key).expect("a secret key");
    client.set_curve_publickey(&keys.public_key).expect("a public key");
    client.set_curve_serverkey(&server.public_key).expect("the server's key");
}

/// Sends a message of one frame.
pub fn send(socket: &Socket, frame: impl AsRef<[u8]>) {
    socket.send(frame.as_ref(), 0).expect("room for a message");
}

/// Receives the frames of a message.
pub fn receive(socket: &Socket) -> Vec<Vec<u8>> {
    socket.recv_multipart(0).expect("a message")
}

/// Receives a message of one frame, which is JSON.
pub fn receive_json(socket: &Socket) -> Value {
    let [frame]: [Vec<u8>; 1] = receive(socket).try_into().expect("one frame");
    serde_json::from_slice(&frame).expect("JSON")
}

/// What libzmq tells of a socket, from [`Peers::watch`] on.
pub struct Events(Receiver<(u16, u32)>);

impl Events {
    /// The number of the next event, and its value.
    pub fn next(&self) -> (u16, u32) {
        self.0.recv_timeout(DEADLINE).expect("an event")
    }

    /// Waits until the socket is closed, and with it its context, if nobody else has it.
    pub fn end(self) {
        let end = loop {
            if let Err(end) = self.0.recv_timeout(DEADLINE) {
                break end;
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected);
    }

    /// The value of the next event of this kind. Others are skipped.
    pub fn wait_for(&self, event: SocketEvent) -> u32 {
        loop {
            if let (number, value) = self.next()
                && number == event.to_raw()
            {
                return value;
            }
        }
    }
}

/// Receives a result of the pipeline: the consumer's id, and the task's number.
pub fn receive_result(collector: &Socket) -> (u64, u64) {
    let result = receive_json(collector);
    let field = |name: &str| result[name].as_u64().unwrap_or_else(|| panic!("no {name}: {result}"));
    (field("consumer_id"), field("num"))
}
