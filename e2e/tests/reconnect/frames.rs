//! Frames over the limit, and messages that broke off.

use e2e::{Peers, endpoint};
use zmq::SocketEvent::{DISCONNECTED, HANDSHAKE_SUCCEEDED};
use zmq::SocketType::{DEALER, PULL, PUSH, REP, REQ, ROUTER, SUB, XPUB};

use crate::peers::{LIMIT, SOON, Server, client, subscribe};
use crate::strangers::{answer, handshake};

const TOO_LONG: [u8; LIMIT + 1] = [b'x'; LIMIT + 1];

#[test]
fn a_frame_over_the_limit_keeps_nothing_back_that_comes_after() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = Server::bind(PUSH, &endpoint);
    let events = server.peers.watch(&server.socket);
    let worker = client(&peers, PULL);
    worker.connect(&endpoint).unwrap();
    for round in 0..5_u8 {
        events.wait_for(HANDSHAKE_SUCCEEDED);
        server.socket.send([round].as_slice(), 0).unwrap();
        server.socket.send(TOO_LONG.as_slice(), 0).unwrap();
        events.wait_for(DISCONNECTED);
        assert_eq!(worker.recv_bytes(0).unwrap(), [round]);
    }
    events.wait_for(HANDSHAKE_SUCCEEDED);
    server.socket.send("last", 0).unwrap();
    assert_eq!(worker.recv_bytes(0).unwrap(), b"last");
}

#[test]
fn a_subscriber_subscribes_anew_after_a_frame_over_the_limit() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = Server::bind(XPUB, &endpoint);
    let subscriber = client(&peers, SUB);
    for topic in ["a", "b"] {
        subscriber.set_subscribe(topic.as_bytes()).unwrap();
    }
    subscriber.set_unsubscribe(b"").unwrap();
    subscriber.connect(&endpoint).unwrap();
    for _round in 0..3 {
        subscribe(&subscriber, &server.socket);
        for topic in [b"\x01a", b"\x01b"] {
            assert_eq!(server.socket.recv_bytes(0).unwrap(), topic);
        }
        server.socket.send([&b"a"[..], &TOO_LONG].concat(), 0).unwrap();
        for topic in [b"\x00a", b"\x00b"] {
            assert_eq!(server.socket.recv_bytes(0).unwrap(), topic);
        }
    }
    subscribe(&subscriber, &server.socket);
    let _again = [(); 2].map(|()| server.socket.recv_bytes(0).unwrap());
    for topic in ["c", "b"] {
        server.socket.send(topic, 0).unwrap();
    }
    assert_eq!(subscriber.recv_bytes(0).unwrap(), b"b");
}

/// As `zmq_client --timeout --retries` does.
#[test]
fn a_request_is_asked_again_after_an_answer_over_the_limit() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = Server::bind(REP, &endpoint);
    let client = client(&peers, REQ);
    client.set_req_relaxed(true).unwrap();
    client.set_req_correlate(true).unwrap();
    client.set_rcvtimeo(200).unwrap();
    client.set_sndtimeo(200).unwrap();
    client.connect(&endpoint).unwrap();
    for _round in 0..3 {
        client.send("long", 0).unwrap();
        assert_eq!(server.socket.recv_bytes(0).unwrap(), b"long");
        server.socket.send(TOO_LONG.as_slice(), 0).unwrap();
        assert_eq!(client.recv_bytes(0).unwrap_err(), zmq::Error::EAGAIN);
    }
    client.send("short", 0).unwrap();
    assert_eq!(server.socket.recv_bytes(0).unwrap(), b"short");
    server.socket.send("answer", 0).unwrap();
    client.set_rcvtimeo(SOON).unwrap();
    assert_eq!(client.recv_bytes(0).unwrap(), b"answer");
}

#[test]
fn a_message_that_broke_off_leaves_nothing() {
    let too_long = [&[2_u8][..], &(LIMIT as u64 + 1).to_be_bytes()].concat();
    let frame = |flags, text: &str| {
        [&[flags, u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat()
    };
    for (kind, wrong, right) in
        [(PULL, "PUSH", PUSH), (DEALER, "ROUTER", ROUTER), (REQ, "REP", REP)]
    {
        let (peers, endpoint) = (Peers::new(), endpoint());
        let client = client(&peers, kind);
        client.connect(&endpoint).unwrap();
        let half = [handshake(wrong), frame(1, ""), frame(1, "half"), too_long.clone()].concat();
        answer(&endpoint, &half, false);
        let server = Server::bind(right, &endpoint);
        if kind != PULL {
            client.send("question", 0).unwrap();
            let mut question = server.socket.recv_multipart(0).unwrap();
            assert_eq!(question.pop().unwrap(), b"question");
            server.socket.send_multipart(question, zmq::SNDMORE).unwrap();
        }
        server.socket.send_multipart(["one", "whole"], 0).unwrap();
        assert_eq!(client.recv_multipart(0).unwrap(), [&b"one"[..], b"whole"]);
    }
}
