//! Request-reply with Rust at both ends, and the article's claims about it.

use e2e::{Peers, Process, Stream, endpoint, rust};

fn server(endpoint: &str, flags: &[&str]) -> Process {
    rust("zmq_server").args(["--bind", endpoint]).args(flags).start()
}

fn client(endpoint: &str, flags: &[&str]) -> Process {
    rust("zmq_client").args(["--connect", endpoint]).args(flags).start()
}

/// The line that a client of an echoing server prints.
fn printed(token: &str) -> String {
    format!("b\"{token}\"\n")
}

#[test]
fn a_client_asks_and_is_answered() {
    let endpoint = endpoint();
    let server = server(&endpoint, &["--count", "1"]);
    let client = client(&endpoint, &[]).wait();
    assert_eq!((client.code, client.stdout), (Some(0), printed("new message")));
    let server = server.wait();
    let expected = "received bytes: b\"a message\"\nrequests answered: 1\n";
    assert_eq!((server.code, server.stdout.as_str()), (Some(0), expected));
}

/// C2: the server must answer every request, once. Holds: a REP socket receives no request before
/// it has answered the last one, and refuses a second reply to it (`EFSM`).
#[test]
fn c2_a_server_answers_every_request_once() {
    let endpoint = endpoint();
    let server = Peers::new().bind(zmq::REP, &endpoint);
    let client = client(&endpoint, &["--count", "2"]);
    for reply in ["first", "second"] {
        server.recv_bytes(0).unwrap();
        assert_eq!(server.recv_bytes(0), Err(zmq::Error::EFSM));
        server.send(reply, 0).unwrap();
        assert_eq!(server.send("once more", 0), Err(zmq::Error::EFSM));
    }
    assert_eq!(client.wait().stdout, "b\"first\"\nb\"second\"\n");
}

/// C3: a client cannot send again before it has its answer. Holds (`EFSM`), unless the socket is
/// relaxed (`ZMQ_REQ_RELAXED`): then it can, and drops the first answer.
#[test]
fn c3_a_client_cannot_ask_again_before_its_answer() {
    let endpoint = endpoint();
    let _server = server(&endpoint, &["--echo"]);
    let peers = Peers::new();
    let strict = peers.connect(zmq::REQ, &endpoint);
    strict.send("first", 0).unwrap();
    assert_eq!(strict.send("second", 0), Err(zmq::Error::EFSM));
    assert_eq!(strict.recv_bytes(0).unwrap(), b"first");

    let relaxed = peers.socket(zmq::REQ);
    relaxed.set_req_relaxed(true).unwrap();
    relaxed.set_req_correlate(true).unwrap();
    relaxed.connect(&endpoint).unwrap();
    relaxed.send("first", 0).unwrap();
    relaxed.send("second", 0).unwrap();
    assert_eq!(relaxed.recv_bytes(0).unwrap(), b"second");
}

/// C4: each of many clients gets only its own reply. Holds under load: a REP socket remembers who
/// sent the request, and libzmq sends the reply there.
#[test]
fn c4_each_of_many_clients_receives_its_own_reply() {
    let endpoint = endpoint();
    let server = server(&endpoint, &["--echo", "-q"]);
    let clients: Vec<_> = (0..50)
        .map(|number| {
            let token = format!("{number}-{:016x}", rand::random::<u64>());
            (client(&endpoint, &["--count", "20", "--message", &token]), token)
        })
        .collect();
    for (client, token) in clients {
        let ended = client.wait();
        assert_eq!((ended.code, ended.stdout), (Some(0), printed(&token).repeat(20)));
    }
    assert_eq!(server.interrupt().stdout, "requests answered: 1000\n");
}

/// C5: a client that dies leaves the server unharmed, and can come back. Holds, even when the
/// client is killed with requests in flight: a reply without a receiver is dropped.
#[test]
fn c5_a_client_that_dies_leaves_the_server_unharmed_and_comes_back() {
    let endpoint = endpoint();
    let _server = server(&endpoint, &["--echo", "-q"]);
    let other = client(&endpoint, &["--message", "other", "--count", "0"]);
    for round in 0..5 {
        let token = format!("round {round}");
        let client = client(&endpoint, &["--message", &token, "--count", "0"]);
        // With requests in flight.
        client.wait_for_lines(Stream::Stdout, &token, 10);
        client.kill();
    }
    let back = client(&endpoint, &["--message", "back"]).wait();
    assert_eq!(back.stdout, printed("back"));
    let ended = other.interrupt();
    assert!(ended.stdout.lines().all(|line| line == "b\"other\"" || line.starts_with("requests")));
    assert_eq!(ended.code, Some(0));
}

/// C6: a server that dies after it has answered can be restarted, and both go on. Holds: the
/// client reconnects by itself.
#[test]
fn c6_a_server_that_dies_after_answering_is_found_again() {
    let endpoint = endpoint();
    let first = server(&endpoint, &["--reply", "first"]);
    // The time in which it has to see that the server is gone: asked too early, that one would take
    // the request with it.
    let client = client(&endpoint, &["-v", "--count", "2", "--interval", "3s"]);
    client.wait_for(Stream::Stdout, "first");
    first.kill();
    client.wait_for(Stream::Stderr, "disconnected");
    let _second = server(&endpoint, &["--reply", "second"]);
    assert_eq!(client.wait().stdout, "b\"first\"\nb\"second\"\n");
}

/// C7: a server that dies between receiving and answering leaves the client waiting indefinitely.
/// Holds: the request died with the server, so the client keeps waiting even when it is connected
/// to the next server, which answers others. The remedy is to resend after a time-out.
#[test]
fn c7_server_dying_before_the_reply_leaves_the_client_waiting() {
    let endpoint = endpoint();
    let first = server(&endpoint, &["--exit-before-reply", "2"]);
    let client_of_two =
        |flags: &[&str]| client(&endpoint, &[&["-v", "--count", "2"], flags].concat());
    let waiting = client_of_two(&[]);
    assert_eq!(first.wait().code, Some(1));

    let second = server(&endpoint, &["--count", "1"]);
    waiting.wait_for_lines(Stream::Stderr, "connected to", 2);
    assert_eq!(client(&endpoint, &[]).wait().stdout, printed("new message"));
    assert_eq!(second.wait().stdout, "received bytes: b\"a message\"\nrequests answered: 1\n");
    let ended = waiting.interrupt();
    assert_eq!((ended.code, ended.stdout), (Some(130), printed("new message")));

    let first = server(&endpoint, &["--exit-before-reply", "2"]);
    let asking_again = client_of_two(&["--timeout", "300ms", "--retries", "100"]);
    assert_eq!(first.wait().code, Some(1));
    let _second = server(&endpoint, &["--reply", "of the second"]);
    let ended = asking_again.wait();
    let replies = printed("new message") + &printed("of the second");
    assert_eq!((ended.code, ended.stdout), (Some(0), replies), "{}", ended.stderr);
}

/// The remedy for C7 under load. Each server puts its name into its replies: a stale reply,
/// mistaken for that to a later request, would come from a server that is gone.
#[test]
fn a_client_that_asks_again_outlives_ten_servers_and_takes_no_stale_reply() {
    let endpoint = endpoint();
    let name = |generation: usize| format!("server {generation:2}");
    let start = |generation| server(&endpoint, &["--reply", &name(generation), "-q"]);
    let mut current = start(0);
    let flags = ["--count", "1000", "--timeout", "300ms", "--retries", "100", "--interval", "1ms"];
    let client = client(&endpoint, &flags);
    for generation in 1..=10 {
        client.wait_for_lines(Stream::Stdout, &name(generation - 1), 20);
        current.kill();
        current = start(generation);
    }
    let ended = client.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let replies: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(replies.len(), 1000);
    assert!(replies.is_sorted(), "{}", ended.stdout);
    assert!(replies.iter().all(|reply| reply.starts_with("b\"server ")), "{}", ended.stdout);
}
