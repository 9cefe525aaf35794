//! CURVE on one side alone, another key, and clients that are refused.

use std::sync::mpsc::channel;
use std::thread;

use e2e::{DEADLINE, Peers, endpoint};
use zmq::SocketEvent::{DISCONNECTED, HANDSHAKE_FAILED_AUTH};
use zmq::SocketType::{PUB, PULL, PUSH, REP, REQ, SUB, XPUB};
use zmq::{CurveKeyPair, Socket, SocketType};

use crate::peers::{INTERVALS, PATTERNS, Server, ask, assert_served, client, mend, mend_for};

#[test]
fn curve_on_the_servers_side_alone_is_mended() {
    for (kind, right) in PATTERNS {
        let keys = CurveKeyPair::new().unwrap();
        mend(
            kind,
            |end| Server::bind_with_curve(right, end, &keys),
            |end| Server::bind(right, end),
        );
    }
}

fn curve_client(peers: &Peers, kind: SocketType, server: &CurveKeyPair) -> Socket {
    let keys = CurveKeyPair::new().unwrap();
    let client = client(peers, kind);
    client.set_curve_secretkey(&keys.secret_key).unwrap();
    client.set_curve_publickey(&keys.public_key).unwrap();
    client.set_curve_serverkey(&server.public_key).unwrap();
    client
}

#[test]
fn curve_on_the_clients_side_alone_is_mended() {
    for (kind, right) in PATTERNS {
        let (peers, keys) = (Peers::new(), CurveKeyPair::new().unwrap());
        mend_for(
            &peers,
            &curve_client(&peers, kind, &keys),
            &endpoint(),
            |end| Server::bind(right, end),
            |end| Server::bind_with_curve(right, end, &keys),
        );
    }
}

#[test]
fn a_server_with_another_key_gives_way_to_the_right_one() {
    for (kind, right) in PATTERNS {
        let (peers, keys) = (Peers::new(), CurveKeyPair::new().unwrap());
        let other = CurveKeyPair::new().unwrap();
        mend_for(
            &peers,
            &curve_client(&peers, kind, &keys),
            &endpoint(),
            |end| Server::bind_with_curve(right, end, &other),
            |end| Server::bind_with_curve(right, end, &keys),
        );
    }
}

#[test]
fn a_curve_server_of_another_pattern_gives_way_to_the_right_one() {
    for (kind, wrong, right) in [(REQ, PUB, REP), (SUB, REP, XPUB)] {
        let (peers, keys) = (Peers::new(), &CurveKeyPair::new().unwrap());
        let [wrong, right] =
            [wrong, right].map(|kind| move |end: &str| Server::bind_with_curve(kind, end, keys));
        mend_for(&peers, &curve_client(&peers, kind, keys), &endpoint(), wrong, right);
    }
}

/// The same server, which changes its mind.
#[test]
fn a_refused_client_gets_in_when_it_is_allowed() {
    for status in ["400", "500"] {
        for (kind, right) in PATTERNS {
            let (peers, keys) = (Peers::new(), CurveKeyPair::new().unwrap());
            let (client, endpoint) = (curve_client(&peers, kind, &keys), endpoint());
            let server = Server::new(right);
            server.authenticate([status; 3]);
            server.socket.set_curve_server(true).unwrap();
            server.socket.set_curve_secretkey(&keys.secret_key).unwrap();
            server.socket.bind(&endpoint).unwrap();
            let events = peers.watch(&client);
            client.connect(&endpoint).unwrap();
            ask(&client);
            for _attempt in 0..3 {
                assert_eq!(events.wait_for(HANDSHAKE_FAILED_AUTH).to_string(), status);
            }
            assert_served(&client, &server.socket);
        }
    }
}

/// A CURVE server that connects keeps one session for all of its connections.
#[test]
fn an_answer_about_an_earlier_connection_lets_nobody_in() {
    let (keys, endpoint) = (CurveKeyPair::new().unwrap(), endpoint());
    let server = Server::new(PULL);
    let (asked, question) = channel();
    let (answer, answers) = channel::<&str>();
    let handler = server.peers.bind(REP, "inproc://zeromq.zap.01");
    thread::spawn(move || {
        while handler.recv_multipart(0).is_ok() {
            asked.send(()).unwrap();
            let Ok(status) = answers.recv() else { break };
            handler.send_multipart(["1.0", "1", status, "", "", ""], 0).unwrap();
        }
    });
    server.socket.set_reconnect_ivl(INTERVALS.0).unwrap();
    server.socket.set_reconnect_ivl_max(INTERVALS.1).unwrap();
    server.socket.set_curve_server(true).unwrap();
    server.socket.set_curve_secretkey(&keys.secret_key).unwrap();
    let events = server.peers.watch(&server.socket);
    server.socket.connect(&endpoint).unwrap();

    let bind = || {
        let peers = Peers::new();
        let socket = curve_client(&peers, PUSH, &keys);
        socket.bind(&endpoint).unwrap();
        Server { socket, peers }
    };
    let first = bind();
    question.recv_timeout(DEADLINE).unwrap();
    drop(first);
    events.wait_for(DISCONNECTED);
    let second = bind();
    // Of the first connection, while the second one's is asked for.
    answer.send("200").unwrap();
    question.recv_timeout(DEADLINE).unwrap();
    answer.send("400").unwrap();
    assert_eq!(events.wait_for(HANDSHAKE_FAILED_AUTH), 400);
    question.recv_timeout(DEADLINE).unwrap();
    answer.send("200").unwrap();
    second.socket.send("task", 0).unwrap();
    assert_eq!(server.socket.recv_bytes(0).unwrap(), b"task");
}
