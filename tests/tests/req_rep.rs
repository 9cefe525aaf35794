//! Request-reply with Rust at both ends.

use e2e::{Process, Stream, endpoint, rust};

fn server(endpoint: &str, flags: &[&str]) -> Process {
    rust("zmq_server").args(["--bind", endpoint]).args(flags).start()
}

fn client(endpoint: &str, flags: &[&str]) -> Process {
    rust("zmq_client").args(["--connect", endpoint]).args(flags).start()
}

/// A line of a client's stdout, as a server that echoes has it print.
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

#[test]
fn fifty_clients_at_once_receive_each_its_own_reply() {
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

#[test]
fn a_client_that_is_killed_leaves_the_server_to_the_others_and_comes_back() {
    let endpoint = endpoint();
    let _server = server(&endpoint, &["--echo", "-q"]);
    let other = client(&endpoint, &["--message", "other", "--count", "0"]);
    for round in 0..5 {
        let token = format!("round {round}");
        let client = client(&endpoint, &["--message", &token, "--count", "0"]);
        // In the midst of asking.
        client.wait_for_lines(Stream::Stdout, &token, 10);
        client.kill();
    }
    let back = client(&endpoint, &["--message", "back"]).wait();
    assert_eq!(back.stdout, printed("back"));
    let ended = other.interrupt();
    assert!(ended.stdout.lines().all(|line| line == "b\"other\"" || line.starts_with("requests")));
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_server_that_is_restarted_between_two_requests_is_found_again() {
    let endpoint = endpoint();
    let first = server(&endpoint, &["--reply", "first"]);
    let client = client(&endpoint, &["-v", "--count", "2", "--interval", "1s"]);
    client.wait_for(Stream::Stdout, "first");
    first.kill();
    client.wait_for(Stream::Stderr, "disconnected");
    let _second = server(&endpoint, &["--reply", "second"]);
    assert_eq!(client.wait().stdout, "b\"first\"\nb\"second\"\n");
}
