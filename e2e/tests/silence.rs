//! A program that waits for a peer says so once, with the reason, and again when the wait is over.

use e2e::{DefaultPorts, Peers, Process, Stream, endpoint, rust};

/// Each program that connects, with the flag that says where, and flags that keep its second socket,
/// if it has one, out of the way.
const CONNECTS: [(&str, &str, &[&str]); 6] = [
    ("zmq_client", "--connect", &[]),
    ("subscriber", "--connect", &[]),
    ("producer", "--connect", &["--count", "0"]),
    ("consumer", "--tasks-connect", &["--results-bind", "tcp://127.0.0.1:*"]),
    ("consumer", "--results-connect", &["--tasks-bind", "tcp://127.0.0.1:*"]),
    ("resultcollector", "--connect", &[]),
];

/// Each program that binds, the type of its peer, and what it says while it is alone.
const BINDS: [(&str, &str, &[&str], zmq::SocketType, &str); 6] = [
    ("zmq_server", "--bind", &[], zmq::REQ, "; waiting"),
    (
        "publisher",
        "--bind",
        &["--interval", "1h"],
        zmq::SUB,
        ": what is published now, nobody receives",
    ),
    ("publisher", "--bind", &["--wait-for", "1"], zmq::SUB, "; waiting"),
    ("producer", "--bind", &[], zmq::PULL, "; waiting"),
    ("consumer", "--results-bind", &["--tasks-bind", "tcp://127.0.0.1:*"], zmq::PULL, "; waiting"),
    ("resultcollector", "--bind", &[], zmq::PUSH, "; waiting"),
];

fn note(process: &Process, text: &str) {
    let line = process.wait_for(Stream::Stderr, text);
    assert_eq!(line, format!("note: {text}"));
    assert_eq!(process.count(Stream::Stderr, text), 1, "{text}");
}

#[test]
fn a_peer_that_does_not_answer_is_named_with_the_oss_reason_and_so_is_its_coming() {
    let peers = Peers::new();
    let started = CONNECTS.map(|(program, flag, others)| {
        let endpoint = endpoint();
        let process = rust(program).args([flag, &endpoint]).args(others).start();
        (program, flag, endpoint, process)
    });
    for (program, flag, endpoint, process) in started {
        note(&process, &format!("nobody answers at {endpoint}: connection refused; waiting"));
        let kind = match (program, flag) {
            ("zmq_client", _) => zmq::REP,
            ("subscriber", _) => zmq::PUB,
            ("producer", _) | (_, "--results-connect") => zmq::PULL,
            _ => zmq::PUSH,
        };
        let _peer = peers.bind(kind, &endpoint);
        note(&process, &format!("connected to {endpoint}"));
    }
}

#[test]
fn a_peer_that_has_left_is_missed_again() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let client = rust("zmq_client").args(["--connect", &endpoint]).start();
    let server = peers.bind(zmq::REP, &endpoint);
    server.recv_bytes(0).unwrap();
    drop(server);
    note(&client, &format!("nobody answers at {endpoint}: connection refused; waiting"));
}

/// Its address is known from the second attempt on.
#[test]
fn a_name_is_told_of_at_each_attempt() {
    let _ports = DefaultPorts::take();
    let client = rust("zmq_client").args(["--connect", "tcp://localhost:5555"]).start();
    note(&client, "nobody answers at tcp://localhost:5555: connection refused; waiting");
    let _publisher = rust("publisher").args(["--bind", "tcp://127.0.0.1:5555"]).start();
    let warning = "warning: at tcp://localhost:5555: a PUB socket cannot talk to a REQ socket";
    client.wait_for(Stream::Stderr, warning);
}

#[test]
fn each_of_several_endpoints_is_named() {
    let endpoints = [endpoint(), endpoint()];
    let flags = endpoints.iter().flat_map(|endpoint| ["--connect", endpoint]);
    let subscriber = rust("subscriber").args(flags).start();
    for endpoint in &endpoints {
        note(&subscriber, &format!("nobody answers at {endpoint}: connection refused; waiting"));
    }
}

#[test]
fn names_and_paths_that_lead_nowhere_are_told_from_ports_that_nobody_listens_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nobody").display().to_string();
    for (endpoint, reason) in [
        ("tcp://no.such.host.invalid:5555", "the name no.such.host.invalid cannot be resolved ("),
        (&format!("ipc://{path}"), "no such file or directory; waiting"),
    ] {
        let client = rust("zmq_client").args(["--connect", endpoint]).start();
        let line = client.wait_for(Stream::Stderr, "nobody answers at");
        let expected = format!("note: nobody answers at {endpoint}: {reason}");
        assert!(line.starts_with(&expected), "{line}");
    }
}

#[test]
fn a_socket_that_nobody_has_connected_to_says_so_and_so_does_the_first_peer() {
    let peers = Peers::new();
    let started = BINDS.map(|(program, flag, others, kind, alone)| {
        let endpoint = endpoint();
        let process = rust(program).args([flag, &endpoint]).args(others).start();
        (kind, alone, endpoint, process)
    });
    for (kind, alone, endpoint, process) in started {
        note(&process, &format!("nobody is connected to {endpoint}{alone}"));
        let _peer = peers.connect(kind, &endpoint);
        note(&process, &format!("a peer has connected to {endpoint}"));
    }
}

/// A consumer that leaves a producer alone is missed; a client that leaves a server is not.
#[test]
fn a_pipeline_that_stands_still_says_so_again() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let producer = rust("producer").args(["--bind", &endpoint, "--count", "0", "-v"]).start();
    let consumer = peers.connect(zmq::PULL, &endpoint);
    consumer.recv_bytes(0).unwrap();
    drop(consumer);
    note(&producer, &format!("nobody is connected to {endpoint}; waiting"));
}

#[test]
fn an_ipv6_address_needs_brackets_and_works_with_them() {
    let client = rust("zmq_client").args(["--connect", "tcp://::1:5555"]).start().wait();
    assert_eq!(client.code, Some(2));
    assert!(client.stderr.contains("an IPv6 address stands in brackets"), "{}", client.stderr);
    let server = rust("zmq_server").args(["-v", "--bind", "tcp://[::1]:*"]).start();
    let endpoint = server.wait_until_listening();
    let client = rust("zmq_client").args(["--connect", &endpoint]).start().wait();
    assert_eq!(client.stdout, "b\"new message\"\n");
}

/// libzmq asks a name server in an I/O thread, which serves no other connection meanwhile.
#[test]
fn a_name_that_is_unknown_holds_up_no_other_connection() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let publisher = peers.bind(zmq::XPUB, &endpoint);
    let subscriber = rust("subscriber")
        .args(["--connect", "tcp://no.such.host.invalid:5555", "--connect", &endpoint])
        .start();
    publisher.recv_bytes(0).unwrap();
    publisher.send_multipart(["client1", "1"], 0).unwrap();
    assert_eq!(subscriber.wait().stdout, "[b\"client1\", b\"1\"]\n");
}
