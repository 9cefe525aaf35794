//! A socket that connects tries again, whatever broke its connection (mended in zmq-sys: libzmq
//! 4.3.5 gives it up for good after an error in the protocol). In each test the first socket lives
//! on, and finds what takes the place of a peer that it could not talk to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Peers, endpoint};
use tempfile::tempdir;
use zmq::SocketEvent::{CONNECT_RETRIED, DISCONNECTED, HANDSHAKE_FAILED_AUTH, HANDSHAKE_SUCCEEDED};
use zmq::SocketType::{self, DEALER, PUB, PULL, PUSH, REP, REQ, ROUTER, SUB, XPUB};
use zmq::{CurveKeyPair, POLLIN, Socket};

/// How soon what is mended is to be found, in milliseconds.
const SOON: i32 = 5000;

/// The first interval between attempts, and the longest, in milliseconds.
const INTERVALS: (i32, i32) = (10, 80);

/// The longest frame that a client takes.
const LIMIT: usize = 1000;

const TOO_LONG: [u8; LIMIT + 1] = [b'x'; LIMIT + 1];

/// Each type of socket that connects in a pattern, and what it talks to.
const PATTERNS: [(SocketType, SocketType); 5] =
    [(REQ, REP), (SUB, XPUB), (PUSH, PULL), (PULL, PUSH), (DEALER, ROUTER)];

fn client(peers: &Peers, kind: SocketType) -> Socket {
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
struct Server {
    socket: Socket,
    peers: Peers,
}

impl Server {
    fn new(kind: SocketType) -> Self {
        let peers = Peers::new();
        let socket = peers.socket(kind);
        socket.set_rcvtimeo(SOON).unwrap();
        socket.set_sndtimeo(SOON).unwrap();
        Self { socket, peers }
    }

    fn bind(kind: SocketType, endpoint: &str) -> Self {
        let server = Self::new(kind);
        server.socket.bind(endpoint).unwrap();
        server
    }

    fn bind_with_curve(kind: SocketType, endpoint: &str, keys: &CurveKeyPair) -> Self {
        let server = Self::new(kind);
        server.socket.set_curve_server(true).unwrap();
        server.socket.set_curve_secretkey(&keys.secret_key).unwrap();
        server.socket.bind(endpoint).unwrap();
        server
    }

    /// Answers whom to let in by the statuses, then by 200.
    fn authenticate(&self, statuses: impl IntoIterator<Item = &'static str> + Send + 'static) {
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
fn ask(client: &Socket) {
    match client.get_socket_type().unwrap() {
        REQ => client.send("1", 0).unwrap(),
        PUSH | DEALER => ["1", "2", "3"].into_iter().for_each(|text| client.send(text, 0).unwrap()),
        _ => {}
    }
}

/// Fails unless the client is served, and what it has sent arrives, once and in order.
fn assert_served(client: &Socket, server: &Socket) {
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
fn subscribe(client: &Socket, server: &Socket) {
    let end = Instant::now() + DEADLINE;
    while server.poll(POLLIN, 10).unwrap() == 0 {
        assert_eq!(client.poll(POLLIN, 0), Ok(0), "news without a subscription");
        assert!(Instant::now() < end, "no subscription");
    }
}

/// Has the client fail three times at a peer that it cannot talk to, then puts the right one there.
fn mend(kind: SocketType, wrong: impl FnOnce(&str) -> Server, right: impl FnOnce(&str) -> Server) {
    let (peers, endpoint) = (Peers::new(), endpoint());
    mend_for(&peers, &client(&peers, kind), &endpoint, wrong, right);
}

fn mend_for(
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

#[test]
fn a_peer_of_another_pattern_gives_way_to_the_right_one() {
    for (kind, right) in PATTERNS {
        for wrong in [REP, PUB, PULL].into_iter().filter(|&wrong| {
            // DEALER and REP do talk.
            wrong != right && !(kind == SUB && wrong == PUB) && !(kind == DEALER && wrong == REP)
        }) {
            mend(kind, |end| Server::bind(wrong, end), |end| Server::bind(right, end));
        }
    }
}

#[test]
fn a_peer_of_another_pattern_gives_way_to_the_right_one_over_ipc() {
    let folder = tempdir().unwrap();
    let endpoint = format!("ipc://{}", folder.path().join("socket").display());
    let peers = Peers::new();
    let [wrong, right] = [PUB, REP].map(|kind| move |end: &str| Server::bind(kind, end));
    mend_for(&peers, &client(&peers, REQ), &endpoint, wrong, right);
}

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

/// Accepts three connections, one after the other, sends each of them `answer`, and closes it at
/// once, or else when the client has.
fn answer(endpoint: &str, answer: &[u8], hangs_up: bool) {
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    answer_with(&listener, answer, hangs_up, 3);
}

fn accept(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let (accepted, connection) = channel();
    thread::spawn(move || {
        let (connection, _) = listener.accept().unwrap();
        // Its port is to be free again when the connection is told of.
        drop(listener);
        accepted.send(connection)
    });
    connection.recv_timeout(DEADLINE).unwrap()
}

fn answer_with(listener: &TcpListener, answer: &[u8], hangs_up: bool, times: usize) {
    for _attempt in 0..times {
        let mut connection = accept(listener);
        connection.set_read_timeout(Some(DEADLINE)).unwrap();
        // The client may have closed it by now.
        let _ = connection.write_all(answer);
        if !hangs_up {
            let _ = connection.read_to_end(&mut Vec::new());
        }
    }
}

/// What a socket without security sends before its first message.
fn handshake(kind: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    let size = u8::try_from(kind.len()).unwrap();
    bytes.extend([4, 22 + size, 5]);
    bytes.extend(b"READY\x0bSocket-Type");
    bytes.extend([0, 0, 0, size]);
    bytes.extend(kind.bytes());
    bytes
}

fn mend_answers(what: &[u8], hangs_up: bool) {
    for (kind, right) in PATTERNS {
        let (peers, endpoint) = (Peers::new(), endpoint());
        let client = client(&peers, kind);
        client.set_handshake_ivl(100).unwrap();
        client.connect(&endpoint).unwrap();
        ask(&client);
        answer(&endpoint, what, hangs_up);
        assert_served(&client, &Server::bind(right, &endpoint).socket);
    }
}

#[test]
fn http_gives_way_and_is_told_nothing() {
    mend_answers(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", false);
}

#[test]
fn ssh_gives_way_and_is_told_nothing() {
    mend_answers(b"SSH-2.0-OpenSSH_9.6\r\n", false);
}

#[test]
fn who_closes_each_connection_gives_way() {
    mend_answers(b"", true);
}

#[test]
fn who_says_nothing_gives_way() {
    mend_answers(b"", false);
}

#[test]
fn who_breaks_off_in_the_greeting_gives_way() {
    mend_answers(&handshake("REP")[..40], true);
}

#[test]
fn who_speaks_nonsense_after_the_greeting_gives_way() {
    mend_answers(&[&handshake("REP")[..64], &[b'?'; 300]].concat(), false);
}

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

#[test]
fn attempts_come_ever_less_often_until_one_is_of_use() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let greetings = [
        ("a close", Vec::new(), true),
        ("nonsense", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), false),
        ("another pattern", handshake("PUB"), false),
        ("a close after the handshake", handshake("PUSH"), true),
        ("a frame over the limit", [handshake("PUSH"), vec![2; 9]].concat(), false),
    ];
    let client = client(&peers, PULL);
    let events = peers.watch(&client);
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    client.connect(&endpoint).unwrap();
    let mut intervals = vec![10, 20, 40, 80];
    for (what, bytes, hangs_up) in greetings {
        answer_with(&listener, &bytes, hangs_up, 4);
        for interval in intervals {
            assert_eq!(events.wait_for(CONNECT_RETRIED), interval, "{what}");
        }
        intervals = vec![80; 4];
    }
    drop(listener);

    let server = Server::bind(PUSH, &endpoint);
    server.socket.send("of use", 0).unwrap();
    assert_eq!(client.recv_bytes(0).unwrap(), b"of use");
    drop(server);
    events.wait_for(DISCONNECTED);
    assert_eq!(events.wait_for(CONNECT_RETRIED), 10);
}

#[test]
fn a_connection_that_has_stood_for_long_was_of_use() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let client = client(&peers, PUSH);
    let events = peers.watch(&client);
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    client.connect(&endpoint).unwrap();
    answer_with(&listener, b"", true, 3);
    for interval in [10, 20, 40] {
        assert_eq!(events.wait_for(CONNECT_RETRIED), interval);
    }
    let mut connection = accept(&listener);
    connection.write_all(&handshake("PULL")).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(2 * 80))).unwrap();
    assert!(connection.read_to_end(&mut Vec::new()).is_err(), "it stands");
    drop(connection);
    assert_eq!(events.wait_for(CONNECT_RETRIED), 10);
}

/// Drops all of it elsewhere, and tells when that is done.
fn end(socket: Socket, peers: Peers) -> Receiver<()> {
    let (ended, end) = channel();
    thread::spawn(move || {
        drop(socket);
        drop(peers);
        ended.send(()).unwrap();
    });
    end
}

#[test]
fn a_program_ends_at_once_while_it_waits_for_the_next_attempt() {
    for (kind, _) in PATTERNS {
        let (peers, endpoint) = (Peers::new(), endpoint());
        let client = client(&peers, kind);
        client.set_reconnect_ivl(60_000).unwrap();
        client.set_reconnect_ivl_max(60_000).unwrap();
        let events = peers.watch(&client);
        let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
        client.connect(&endpoint).unwrap();
        ask(&client);
        answer_with(&listener, &[&handshake("REP")[..64], &[b'?'; 300]].concat(), false, 1);
        assert_eq!(events.wait_for(CONNECT_RETRIED), 60_000);
        drop(events);
        end(client, peers).recv_timeout(e2e::PROMPTLY).unwrap();
    }
}

#[test]
fn what_a_closed_socket_holds_is_delivered_when_the_right_peer_comes() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let client = client(&peers, PUSH);
    client.set_linger(-1).unwrap();
    client.connect(&endpoint).unwrap();
    ask(&client);
    let ended = end(client, peers);
    answer(&endpoint, &handshake("PUB"), false);
    let server = Server::bind(PULL, &endpoint);
    for text in ["1", "2", "3"] {
        assert_eq!(server.socket.recv_bytes(0).unwrap(), text.as_bytes());
    }
    ended.recv_timeout(DEADLINE).unwrap();
}

#[test]
fn a_closed_socket_waits_for_the_right_peer_no_longer_than_it_is_told_to() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let _wrong = Server::bind(PUB, &endpoint);
    let client = client(&peers, PUSH);
    client.set_linger(200).unwrap();
    client.connect(&endpoint).unwrap();
    ask(&client);
    end(client, peers).recv_timeout(DEADLINE).unwrap();
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
