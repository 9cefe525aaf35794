//! What a peer may cost, and do, before its handshake is done (mended in zmq-sys), and after it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use e2e::{DEADLINE, Peers, curve_client, curve_server, endpoint};
use zmq::SocketEvent::{DISCONNECTED, HANDSHAKE_SUCCEEDED};
use zmq::{CurveKeyPair, PUB, PULL, PUSH, REP, REQ, SUB, XPUB};

const MIB: u64 = 1 << 20;

fn greeting(mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    bytes.extend(mechanism.bytes());
    bytes.resize(64, 0);
    bytes
}

/// Sends `bytes`, and waits until the other side closes the connection. Returns what it has sent.
fn hang_up_on(endpoint: &str, bytes: &[u8]) -> Vec<u8> {
    let mut connection = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    connection.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    if let Err(error) = connection.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it is not closed");
    }
    answer
}

/// Were there room for its frame, the server would wait for the rest of it.
#[test]
fn a_long_frame_before_the_handshake_is_done_ends_the_connection_by_its_size() {
    let peers = Peers::new();
    for (mechanism, limit) in [("NULL", -1), ("CURVE", -1), ("CURVE", 16 * (1 << 20))] {
        let (server, endpoint) = (peers.socket(REP), endpoint());
        if mechanism == "CURVE" {
            curve_server(&server, &CurveKeyPair::new().unwrap());
        }
        server.set_maxmsgsize(limit).unwrap();
        server.bind(&endpoint).unwrap();
        for size in [8193, 16 * MIB, 1 << 40] {
            for flags in [2, 6] {
                let size = u64::to_be_bytes(size);
                hang_up_on(&endpoint, &[&greeting(mechanism), &[flags][..], &size].concat());
            }
        }
    }
}

#[test]
fn a_handshake_fits_whatever_the_limit_and_a_frame_after_it_may_be_as_long() {
    const LIMIT: i64 = 3 << 20;
    let longest = usize::try_from(LIMIT).unwrap();
    for curve in [false, true] {
        // What a message is longer by under CURVE.
        let overhead = if curve { 33 } else { 0 };
        for (limit, size) in [(0, 0), (100, 100), (LIMIT, longest), (-1, 2 * longest)] {
            let (peers, endpoint) = (Peers::new(), endpoint());
            let (server, client) = (peers.socket(PULL), peers.socket(PUSH));
            if curve {
                let keys = CurveKeyPair::new().unwrap();
                curve_server(&server, &keys);
                curve_client(&client, &keys);
            }
            for socket in [&server, &client] {
                socket.set_maxmsgsize(if limit < 0 { limit } else { limit + overhead }).unwrap();
            }
            client.set_identity(&[b'i'; 255]).unwrap();
            server.bind(&endpoint).unwrap();
            client.connect(&endpoint).unwrap();
            client.send(vec![b'x'; size], 0).unwrap();
            assert_eq!(server.recv_bytes(0).unwrap().len(), size, "{curve} {limit}");
        }
    }
}

/// A publisher's limit: what arrives there are subscriptions.
#[test]
fn a_subscription_over_the_limit_ends_the_connection_and_others_go_on() {
    let peers = Peers::new();
    for curve in [false, true] {
        let keys = CurveKeyPair::new().unwrap();
        let (publisher, endpoint) = (peers.socket(XPUB), endpoint());
        if curve {
            curve_server(&publisher, &keys);
        }
        publisher.set_maxmsgsize(1024).unwrap();
        let events = peers.watch(&publisher);
        publisher.bind(&endpoint).unwrap();
        let subscriber = |topic: &[u8]| {
            let subscriber = peers.socket(SUB);
            if curve {
                curve_client(&subscriber, &keys);
            }
            subscriber.set_subscribe(topic).unwrap();
            subscriber.connect(&endpoint).unwrap();
            subscriber
        };
        let honest = subscriber(b"a");
        assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x01a");
        let topic = vec![b'x'; 20_000];
        let _greedy = subscriber(&topic);
        events.wait_for(DISCONNECTED);
        publisher.send("a", 0).unwrap();
        assert_eq!(honest.recv_bytes(0).unwrap(), b"a");
    }
}

/// Taken for ZMTP 1.0, which knows no greeting, they would be received as messages.
#[test]
fn what_is_not_zmtp_is_refused_at_once_and_told_nothing() {
    let peers = Peers::new();
    for curve in [false, true] {
        let (server, endpoint) = (peers.socket(PULL), endpoint());
        if curve {
            curve_server(&server, &CurveKeyPair::new().unwrap());
        }
        server.bind(&endpoint).unwrap();
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"hi",
            b"\n\n",
        ] {
            // Nothing but the signature, which both sides send at once.
            let signature = &greeting("NULL")[..10];
            assert!(signature.starts_with(&hang_up_on(&endpoint, bytes)));
        }
        assert_eq!(server.recv_bytes(zmq::DONTWAIT).unwrap_err(), zmq::Error::EAGAIN);
    }
}

#[test]
fn zmtp_1_is_still_spoken() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let (puller, publisher) = (peers.bind(PULL, &endpoint), peers.socket(PUB));
    let address = endpoint.strip_prefix("tcp://").unwrap();
    // An anonymous peer, as libzmq 2 says it; a message of two frames; byte by byte.
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_nodelay(true).unwrap();
    for byte in b"\x01\x00\x04\x01one\x04\x00two" {
        connection.write_all(&[*byte]).unwrap();
    }
    assert_eq!(puller.recv_multipart(0).unwrap(), [b"one", b"two"]);
    // A named one, to which is sent what is published.
    let endpoint = e2e::endpoint();
    publisher.bind(&endpoint).unwrap();
    let mut connection = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    connection.write_all(b"\x05\x00name").unwrap();
    let mut signature = [0; 10];
    connection.read_exact(&mut signature).unwrap();
    // It has been let in when it has been sent something.
    connection.set_nonblocking(true).unwrap();
    let mut news = [0; 6];
    loop {
        publisher.send("news", 0).unwrap();
        match connection.read_exact(&mut news) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            read => break read.unwrap(),
        }
    }
    assert_eq!(&news, b"\x05\x00news");
}

#[test]
fn an_honest_client_gets_in_between() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let keys = CurveKeyPair::new().unwrap();
    let (server, client) = (peers.socket(REP), peers.socket(REQ));
    curve_server(&server, &keys);
    curve_client(&client, &keys);
    let events = peers.watch(&server);
    server.bind(&endpoint).unwrap();
    let unfinished = [&greeting("CURVE")[..], &[6], &8192_u64.to_be_bytes()].concat();
    let _strangers: Vec<_> = (0..100)
        .map(|_| {
            let mut stranger =
                TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
            stranger.write_all(&unfinished).unwrap();
            stranger
        })
        .collect();
    client.connect(&endpoint).unwrap();
    events.wait_for(HANDSHAKE_SUCCEEDED);
    client.send("a message", 0).unwrap();
    assert_eq!(server.recv_bytes(0).unwrap(), b"a message");
}
