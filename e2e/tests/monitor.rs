//! What a socket's monitor is told, on both sides, when a connection cannot be made or kept (what
//! libzmq 4.3.5 keeps to itself is mended in zmq-sys).

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;

use e2e::{Events, Peers, curve_client, curve_server, endpoint};
use nix::errno::Errno::{self, ECONNREFUSED, EINPROGRESS, EINVAL, ENOENT, ETIMEDOUT};
use tempfile::tempdir;
use zmq::SocketEvent::{
    self, CONNECT_DELAYED, CONNECT_RETRIED, HANDSHAKE_FAILED_AUTH, HANDSHAKE_FAILED_NO_DETAIL,
    HANDSHAKE_FAILED_PROTOCOL,
};
use zmq::SocketType::{self, DEALER, PUB, PULL, PUSH, REP, REQ, ROUTER, SUB};
use zmq::{CurveKeyPair, Socket};
use zmq_sys::protocol_error::{
    FRAME_SIZE, MAX_FRAME_SIZE, NO_HEARTBEAT, NO_READY, NO_WELCOME, NOT_ZMTP, SOCKET_TYPE,
};
use zmq_sys::{
    ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC as CRYPTOGRAPHIC,
    ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED as MALFORMED,
    ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH as MECHANISM_MISMATCH,
};

/// Two sockets, the client's and the server's, each with its monitor.
struct Pair {
    client: (Socket, Events),
    server: (Socket, Events),
    _peers: [Peers; 2],
}

impl Pair {
    fn new(
        [client, server]: [SocketType; 2],
        prepare: impl FnOnce(&Socket, &Socket, &Peers),
    ) -> Self {
        let (endpoint, peers) = (endpoint(), [Peers::new(), Peers::new()]);
        let [client, server] = [peers[0].socket(client), peers[1].socket(server)];
        prepare(&client, &server, &peers[1]);
        let [clients, servers] = [peers[0].watch(&client), peers[1].watch(&server)];
        server.bind(&endpoint).unwrap();
        client.connect(&endpoint).unwrap();
        Self { client: (client, clients), server: (server, servers), _peers: peers }
    }
}

/// An error of the other side's that a socket sees again and again.
fn is_told(events: &Events, event: SocketEvent, value: u32) {
    for _attempt in 0..3 {
        loop {
            let (number, seen) = events.next();
            if [HANDSHAKE_FAILED_NO_DETAIL, HANDSHAKE_FAILED_PROTOCOL, HANDSHAKE_FAILED_AUTH]
                .map(SocketEvent::to_raw)
                .contains(&number)
            {
                assert_eq!((number, format!("{seen:#x}")), (event.to_raw(), format!("{value:#x}")));
                break;
            }
        }
    }
}

#[test]
fn both_sides_are_told_of_another_pattern_and_which() {
    for (client, server) in [(REQ, PUB), (SUB, REP), (PUSH, REP), (PULL, PUB), (DEALER, PULL)] {
        let pair = Pair::new([client, server], |_, _, _| ());
        is_told(&pair.client.1, HANDSHAKE_FAILED_PROTOCOL, SOCKET_TYPE + server as u32);
        is_told(&pair.server.1, HANDSHAKE_FAILED_PROTOCOL, SOCKET_TYPE + client as u32);
    }
}

#[test]
fn under_curve_the_server_is_told_of_another_pattern_and_the_client_that_it_is_not_let_in() {
    for (client, server) in [(REQ, PUB), (SUB, REP)] {
        let pair = Pair::new([client, server], |client, server, _| {
            let keys = CurveKeyPair::new().unwrap();
            curve_server(server, &keys);
            curve_client(client, &keys);
        });
        is_told(&pair.client.1, HANDSHAKE_FAILED_PROTOCOL, NO_READY);
        is_told(&pair.server.1, HANDSHAKE_FAILED_PROTOCOL, SOCKET_TYPE + client as u32);
    }
}

#[test]
fn both_sides_are_told_of_curve_on_one_of_them() {
    for is_server in [false, true] {
        let pair = Pair::new([REQ, REP], |client, server, _| {
            let keys = CurveKeyPair::new().unwrap();
            if is_server { curve_server(server, &keys) } else { curve_client(client, &keys) }
        });
        for events in [&pair.client.1, &pair.server.1] {
            is_told(events, HANDSHAKE_FAILED_PROTOCOL, MECHANISM_MISMATCH);
        }
    }
}

#[test]
fn both_sides_are_told_of_another_servers_key() {
    let pair = Pair::new([REQ, REP], |client, server, _| {
        curve_server(server, &CurveKeyPair::new().unwrap());
        curve_client(client, &CurveKeyPair::new().unwrap());
    });
    is_told(&pair.client.1, HANDSHAKE_FAILED_PROTOCOL, NO_WELCOME);
    is_told(&pair.server.1, HANDSHAKE_FAILED_PROTOCOL, CRYPTOGRAPHIC);
}

#[test]
fn both_sides_are_told_of_a_refused_key() {
    let pair = Pair::new([REQ, REP], |client, server, peers| {
        let keys = CurveKeyPair::new().unwrap();
        curve_server(server, &keys);
        curve_client(client, &keys);
        let handler = peers.bind(REP, "inproc://zeromq.zap.01");
        thread::spawn(move || {
            while handler.recv_multipart(0).is_ok() {
                let _ = handler.send_multipart(["1.0", "1", "400", "", "", ""], 0);
            }
        });
    });
    for events in [&pair.client.1, &pair.server.1] {
        is_told(events, HANDSHAKE_FAILED_AUTH, 400);
    }
}

#[test]
fn who_receives_a_frame_over_the_limit_is_told_its_size() {
    for curve in [false, true] {
        let pair = Pair::new([PULL, PUSH], |client, server, _| {
            client.set_maxmsgsize(1000).unwrap();
            if curve {
                let keys = CurveKeyPair::new().unwrap();
                curve_server(server, &keys);
                curve_client(client, &keys);
            }
        });
        for size in [1001_u32, 70_000, 5_000_000] {
            pair.server.0.send(vec![0; size.try_into().unwrap()], 0).unwrap();
            let told = pair.client.1.wait_for(HANDSHAKE_FAILED_PROTOCOL);
            assert_eq!(told, FRAME_SIZE + size + if curve { 33 } else { 0 });
            // Not to send the next one to a connection that is gone.
            pair.server.1.wait_for(SocketEvent::DISCONNECTED);
            pair.server.1.wait_for(SocketEvent::HANDSHAKE_SUCCEEDED);
        }
    }
}

/// A peer that is no socket of libzmq's: what it sends to each of the connections that it accepts.
fn stranger(endpoint: &str, says: Vec<u8>) {
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    thread::spawn(move || {
        // They are kept open.
        let mut connections = Vec::new();
        while let Ok((mut connection, _)) = listener.accept() {
            let _ = connection.write_all(&says);
            connections.push(connection);
        }
    });
}

/// What a PUSH socket sends before its first message.
fn handshake() -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    bytes.extend(b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH");
    bytes
}

#[test]
fn a_server_is_told_of_what_is_not_libzmq() {
    let greeting = |mechanism: &str| {
        let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
        bytes.extend(mechanism.bytes());
        bytes.resize(64, 0);
        bytes
    };
    let long = [&[6][..], &(1_u64 << 24).to_be_bytes()].concat();
    // A revision of ZMTP without security, and the type of the socket.
    let old = [&greeting("NULL")[..10], &[1, 3]].concat();
    for (curve, says, value) in [
        (false, b"GET / HTTP/1.1\r\n\r\n".to_vec(), NOT_ZMTP),
        (true, b"GET / HTTP/1.1\r\n\r\n".to_vec(), NOT_ZMTP),
        (false, [greeting("NULL"), long.clone()].concat(), MALFORMED),
        (true, [greeting("CURVE"), long].concat(), MALFORMED),
        (true, greeting("NULL"), MECHANISM_MISMATCH),
        (true, old, MECHANISM_MISMATCH),
        (true, b"\x01\x00".to_vec(), MECHANISM_MISMATCH),
    ] {
        let (peers, endpoint) = (Peers::new(), endpoint());
        let server = peers.socket(REP);
        if curve {
            curve_server(&server, &CurveKeyPair::new().unwrap());
        }
        let events = peers.watch(&server);
        server.bind(&endpoint).unwrap();
        let connect = || TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
        let _connections = [(); 3].map(|()| {
            let mut connection = connect();
            connection.write_all(&says).unwrap();
            connection
        });
        is_told(&events, HANDSHAKE_FAILED_PROTOCOL, value);
    }
}

#[test]
fn a_client_is_told_of_what_is_not_libzmq() {
    let huge = [&handshake()[..], &[2], &(1_u64 << 40).to_be_bytes()].concat();
    for (says, event, value) in [
        (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), HANDSHAKE_FAILED_PROTOCOL, NOT_ZMTP),
        (Vec::new(), HANDSHAKE_FAILED_NO_DETAIL, ETIMEDOUT as u32),
        (handshake()[..64].to_vec(), HANDSHAKE_FAILED_NO_DETAIL, ETIMEDOUT as u32),
        (handshake(), HANDSHAKE_FAILED_PROTOCOL, NO_HEARTBEAT),
        (huge, HANDSHAKE_FAILED_PROTOCOL, FRAME_SIZE + MAX_FRAME_SIZE),
    ] {
        let (peers, endpoint) = (Peers::new(), endpoint());
        stranger(&endpoint, says);
        let client = peers.socket(PULL);
        client.set_maxmsgsize(1000).unwrap();
        if event == HANDSHAKE_FAILED_NO_DETAIL {
            client.set_handshake_ivl(100).unwrap();
        }
        if value == NO_HEARTBEAT {
            client.set_heartbeat_ivl(50).unwrap();
            client.set_heartbeat_timeout(50).unwrap();
        }
        let events = peers.watch(&client);
        client.connect(&endpoint).unwrap();
        is_told(&events, event, value);
    }
}

#[test]
fn a_client_is_told_why_nobody_is_there() {
    let folder = tempdir().unwrap();
    let nobody = format!("ipc://{}", folder.path().join("socket").display());
    for (endpoint, reason) in [
        (endpoint(), ECONNREFUSED),
        (nobody, ENOENT),
        ("tcp://no-such-name.invalid:5555".to_owned(), EINVAL),
    ] {
        let peers = Peers::new();
        let client = peers.socket(ROUTER);
        let events = peers.watch(&client);
        client.connect(&endpoint).unwrap();
        for _attempt in 0..2 {
            let told = loop {
                let told = Errno::from_raw(events.wait_for(CONNECT_DELAYED).try_into().unwrap());
                if told != EINPROGRESS {
                    break told;
                }
            };
            assert_eq!(told, reason, "{endpoint}");
            assert_eq!(events.next().0, CONNECT_RETRIED.to_raw());
        }
    }
}
