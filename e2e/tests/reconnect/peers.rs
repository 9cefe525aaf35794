//! A client, what stands in the place of its peer, and how to tell that it is served.

use std::thread;
use std::time::Instant;

use e2e::{DEADLINE, Peers, endpoint};
use zmq::SocketEvent::DISCONNECTED;
use zmq::SocketType::{DEALER, PULL, PUSH, REP, REQ, ROUTER, SUB, XPUB};
use zmq::{CurveKeyPair, POLLIN, Socket, SocketType};

/// How soon what is mended is to be found, in milliseconds.
pub const SOON: i32 = 5000;

/// The first interval between attempts, and the longest, in milliseconds.
pub const INTERVALS: (i32, i32) = (10, 80);

/// The longest frame that a client takes.
pub const LIMIT: usize = 1000;

/// Each type of socket that connects in a pattern, and what it talks to.
pub const PATTERNS: [(SocketType, SocketType); 5] =
    [(REQ, REP), (SUB, XPUB), (PUSH, PULL), (PULL, PUSH), (DEALER, ROUTER)];

pub fn client(peers: &Peers, kind: SocketType) -> Socket {
    let client = peers.socket(kind);
    client.set_reconnect_ivl(INTERVALS.0).unwrap();
    client.set_reconnect_ivl_max(INTERVALS.1).unwrap();
    client.set_maxmsgsize(LIMIT.try_into().unwrap()).unwrap();
    client.set_rcvtimeo(SOON).unwrap();
    if kind == SUB {
        client.set_subscribe(b"").unwrap();
    }
    client
}

/// A socket in the place of a client's peer. Its endpoint is free when it is dropped.
pub struct Server {
    pub socket: Socket,
    pub peers: Peers,
}

impl Server {
    pub fn new(kind: SocketType) -> Self {
        let peers = Peers::new();
        let socket = peers.socket(kind);
        socket.set_rcvtimeo(SOON).unwrap();
        socket.set_sndtimeo(SOON).unwrap();
        Self { socket, peers }
    }

    pub fn bind(kind: SocketType, endpoint: &str) -> Self {
        let server = Self::new(kind);
        server.socket.bind(endpoint).unwrap();
        server
    }

    pub fn bind_with_curve(kind: SocketType, endpoint: &str, keys: &CurveKeyPair) -> Self {
        let server = Self::new(kind);
        server.socket.set_curve_server(true).unwrap();
        server.socket.set_curve_secretkey(&keys.secret_key).unwrap();
        server.socket.bind(endpoint).unwrap();
        server
    }

    /// Answers whom to let in by the statuses, then by 200.
    pub fn authenticate(&self, statuses: impl IntoIterator<Item = &'static str> + Send + 'static) {
        let handler = self.peers.bind(REP, "inproc://zeromq.zap.01");
        thread::spawn(move || {
            let mut statuses = statuses.into_iter();
            while let Ok(request) = handler.recv_multipart(0) {
                let status = statuses.next().unwrap_or("200");
                let reply = ["1.0", "1", status, "", "", ""];
                assert_eq!(request[1], b"1");
                if handler.send_multipart(reply, 0).is_err() {
                    break;
                }
            }
        });
    }
}

/// Sends what is to wait for a peer.
pub fn ask(client: &Socket) {
    match client.get_socket_type().unwrap() {
        REQ => client.send("1", 0).unwrap(),
        PUSH | DEALER => ["1", "2", "3"].into_iter().for_each(|text| client.send(text, 0).unwrap()),
        _ => {}
    }
}

/// Fails unless the client is served, and what it has sent arrives, once and in order.
pub fn assert_served(client: &Socket, server: &Socket) {
    let received = |socket: &Socket| String::from_utf8(socket.recv_bytes(0).unwrap()).unwrap();
    match client.get_socket_type().unwrap() {
        REQ => {
            assert_eq!(received(server), "1");
            server.send("answer", 0).unwrap();
            assert_eq!(received(client), "answer");
        }
        SUB => {
            subscribe(client, server);
            assert_eq!(received(server), "\u{1}");
            server.send("news", 0).unwrap();
            assert_eq!(received(client), "news");
        }
        PULL => {
            server.send("task", 0).unwrap();
            assert_eq!(received(client), "task");
        }
        kind => {
            client.send("4", 0).unwrap();
            for text in ["1", "2", "3", "4"] {
                if kind == DEALER {
                    let _routing_id = server.recv_bytes(0).unwrap();
                }
                assert_eq!(received(server), text);
            }
        }
    }
}

/// A subscriber subscribes again when its thread next enters libzmq.
pub fn subscribe(client: &Socket, server: &Socket) {
    let end = Instant::now() + DEADLINE;
    while server.poll(POLLIN, 10).unwrap() == 0 {
        assert_eq!(client.poll(POLLIN, 0), Ok(0), "news without a subscription");
        assert!(Instant::now() < end, "no subscription");
    }
}

/// Has the client fail three times at a peer that it cannot talk to, then puts the right one there.
pub fn mend(
    kind: SocketType,
    wrong: impl FnOnce(&str) -> Server,
    right: impl FnOnce(&str) -> Server,
) {
    let (peers, endpoint) = (Peers::new(), endpoint());
    mend_for(&peers, &client(&peers, kind), &endpoint, wrong, right);
}

pub fn mend_for(
    peers: &Peers,
    client: &Socket,
    endpoint: &str,
    wrong: impl FnOnce(&str) -> Server,
    right: impl FnOnce(&str) -> Server,
) {
    let wrong = wrong(endpoint);
    let events = peers.watch(client);
    client.connect(endpoint).unwrap();
    ask(client);
    for _attempt in 0..3 {
        events.wait_for(DISCONNECTED);
    }
    drop(wrong);
    assert_served(client, &right(endpoint).socket);
}
