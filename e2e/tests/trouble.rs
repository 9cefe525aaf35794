//! A connection that breaks, for whatever reason, is told and made again: what is mended at the other
//! end is found.

use std::fs;

use e2e::{Keys, Language, Peers, Process, Stream, endpoint, receive, receive_json, rust, send};
use zmq::SocketEvent;

/// A message that is over the programs' limit of 16 MiB.
const HUGE: usize = 17_000_000;

fn warning(process: &Process, text: &str) {
    let line = process.wait_for(Stream::Stderr, text);
    assert!(line.starts_with("warning: "), "{line}");
}

#[test]
fn an_answer_over_the_limit_is_told_and_does_not_keep_a_client_waiting() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = peers.bind(zmq::REP, &endpoint);
    let client = rust("zmq_client")
        .args(["--connect", &endpoint, "--timeout", "500ms", "--retries", "2", "--count", "3"])
        .start();
    assert_eq!(receive(&server), [b"a message"]);
    send(&server, vec![b'x'; HUGE]);
    let told = format!(
        "at {endpoint}: a frame of {HUGE} bytes is over the limit of 16777216 (--max-message-size)"
    );
    warning(&client, &told);
    let ended = client.wait();
    assert!(ended.stderr.ends_with("error: no answer within 500ms, asked 3 times\n"), "{ended:?}");
    assert_eq!(ended.code, Some(1));
}

#[test]
fn a_request_over_the_limit_is_told_with_its_size() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = rust("zmq_server").args(["--bind", &endpoint]).start();
    let client = peers.connect(zmq::REQ, &endpoint);
    send(&client, vec![b'x'; HUGE]);
    warning(&server, &format!("a peer on {endpoint}: a frame of {HUGE} bytes is over the limit"));
    let honest = peers.connect(zmq::REQ, &endpoint);
    send(&honest, "1");
    assert_eq!(receive(&honest), [b"new message"]);
}

#[test]
fn the_tasks_after_one_over_the_limit_arrive() {
    let (peers, tasks, results) = (Peers::new(), endpoint(), endpoint());
    let producer = peers.bind(zmq::PUSH, &tasks);
    let events = peers.watch(&producer);
    let collector = peers.bind(zmq::PULL, &results);
    let flags = ["--tasks-connect", &tasks, "--results-connect", &results, "--id", "1"];
    let consumer = rust("consumer").args(flags).start();
    send(&producer, vec![b'x'; HUGE]);
    warning(&consumer, &format!("at {tasks}: a frame of {HUGE} bytes is over the limit"));
    // What is sent before the producer knows that the connection is gone, goes with it.
    events.wait_for(SocketEvent::DISCONNECTED);
    events.wait_for(SocketEvent::HANDSHAKE_SUCCEEDED);
    send(&producer, "{\"num\": 7}");
    assert_eq!(receive_json(&collector)["num"], 7);
}

/// Request-reply and publish-subscribe share the article's port.
#[test]
fn a_peer_of_another_pattern_is_named_and_the_right_one_is_found_in_its_place() {
    let quick: &[&str] = &["--interval", "10ms"];
    for (program, wrong, own, right, flags) in [
        (
            "zmq_client",
            "publisher",
            "PUB socket cannot talk to a REQ socket",
            "zmq_server",
            &[][..],
        ),
        ("subscriber", "zmq_server", "REP socket cannot talk to a SUB socket", "publisher", quick),
    ] {
        let endpoint = endpoint();
        let other = rust(wrong).args(["--bind", &endpoint, "-v"]).start();
        other.wait_until_listening();
        let process = rust(program).args(["--connect", &endpoint]).start();
        warning(&process, &format!("at {endpoint}: a {own}"));
        other.wait_for(Stream::Stderr, &format!("a peer on {endpoint}: a "));
        other.kill();
        let _right = rust(right).args(["--bind", &endpoint]).args(flags).start();
        let ended = process.wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn a_client_whose_key_is_allowed_later_is_answered() {
    let (keys, endpoint) = (Keys::made_by(Language::Rust), endpoint());
    let folder = tempfile::tempdir().unwrap();
    let allowed = folder.path().to_str().unwrap();
    let _server = rust("zmq_server")
        .args(["--bind", &endpoint, "--curve-secret", &keys.path("server.key_secret")])
        .args(["--curve-allow", allowed])
        .start();
    let client = rust("zmq_client")
        .args(["--connect", &endpoint, "--curve-secret", &keys.path("alice.key_secret")])
        .args(["--curve-server", &keys.path("server.key")])
        .start();
    warning(&client, &format!("{endpoint} refused this program's key (status 400); trying again"));
    fs::copy(keys.path("alice.key"), folder.path().join("alice.key")).unwrap();
    let ended = client.wait();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "b\"new message\"\n"), "{ended:?}");
}

#[test]
fn a_client_with_another_servers_key_and_one_without_keys_are_told_so() {
    let (keys, endpoint) = (Keys::made_by(Language::Rust), endpoint());
    let _server = rust("zmq_server")
        .args(["--bind", &endpoint, "--curve-secret", &keys.path("server.key_secret")])
        .arg("--curve-allow-any")
        .start();
    let client = rust("zmq_client")
        .args(["--connect", &endpoint, "--curve-secret", &keys.path("alice.key_secret")])
        .args(["--curve-server", &keys.path("alice.key")])
        .start();
    warning(
        &client,
        &format!("at {endpoint}: the server has another key than --curve-server says"),
    );
    let client = rust("zmq_client").args(["--connect", &endpoint]).start();
    warning(&client, &format!("at {endpoint}: one side uses CURVE, the other does not"));
}

#[test]
fn what_is_no_zeromq_socket_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let client = rust("zmq_client").args(["--connect", &endpoint]).start();
    let (mut connection, _) = listener.accept().unwrap();
    std::io::Write::write_all(&mut connection, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    warning(&client, &format!("at {endpoint}: the peer does not speak ZeroMQ's protocol"));
}
