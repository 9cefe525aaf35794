//! `zmq_client` against plain sockets.

use e2e::{Peers, Process, Stream, endpoint, receive, rust, send};
use zmq::Socket;

/// A REP socket, and a client with `flags` that asks it.
fn server_and_client(flags: &[&str]) -> (Socket, Process) {
    let endpoint = endpoint();
    let server = Peers::new().bind(zmq::REP, &endpoint);
    (server, rust("zmq_client").args(["--connect", &endpoint]).args(flags).start())
}

/// Receives a request, and answers it with one frame.
fn answer(server: &Socket, reply: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
    let request = receive(server);
    send(server, reply);
    request
}

#[test]
fn the_answer_is_printed_as_it_came_and_nothing_else() {
    let (server, client) = server_and_client(&[]);
    assert_eq!(answer(&server, b"\xffnew\n"), [b"a message"]);
    let ended = client.wait();
    assert_eq!(ended.stdout, "b\"\\xffnew\\n\"\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

/// A kind, a text; the frame that it is sent as, the reply, and how that is printed as text and as
/// JSON.
type Case<'a> = (&'a str, &'a str, &'a [u8], &'a [u8], &'a str, &'a str);

#[test]
fn each_kind_sends_reads_and_prints_in_its_own_way() {
    // Python's pickle.dumps(("a", 1), 4), and a pickle of {"b": None}.
    let tuple = b"\x80\x04\x95\x09\0\0\0\0\0\0\0\x8c\x01a\x94K\x01\x86\x94.".as_slice();
    let dict = b"\x80\x03}(X\x01\0\0\0bNu.".as_slice();
    let cases: [Case; 6] = [
        ("bytes", "是", "是".as_bytes(), b"no", "b\"no\"", r#""no""#),
        ("string", "是", "是".as_bytes(), "不".as_bytes(), "不", r#""不""#),
        ("json", "[1, null]", b"[1,null]", b"{\"a\": 2}", r#"{"a":2}"#, r#"{"a":2}"#),
        ("json", "no json", b"\"no json\"", b"2", "2", "2"),
        ("pyobj", "{\"b\": null}", dict, tuple, r#"("a", 1)"#, r#"["a",1]"#),
        ("multipart", "yes", b"yes", b"no", "[b\"no\"]", r#"["no"]"#),
    ];
    for (kind, message, sent, reply, text, json) in cases {
        for format in ["text", "json"] {
            let flags = ["--as", kind, "--message", message, "--format", format];
            let (server, client) = server_and_client(&flags);
            assert_eq!(answer(&server, reply), [sent], "{kind}");
            let expected = match format {
                "text" => format!("{text}\n"),
                _ => format!("{{\"kind\":\"{kind}\",\"message\":{json}}}\n"),
            };
            assert_eq!(client.wait().stdout, expected);
        }
    }
}

#[test]
fn a_text_may_begin_with_a_hyphen() {
    for (kind, message, sent) in [
        ("bytes", "-1", b"-1".as_slice()),
        ("string", "--count", b"--count"),
        ("json", "-1.50", b"-1.50"),
        ("json", "-x", b"\"-x\""),
        ("pyobj", "-5", b"\x80\x03J\xfb\xff\xff\xff."),
        ("multipart", "-", b"-"),
    ] {
        let (server, client) = server_and_client(&["--as", kind, "--message", message]);
        assert_eq!(answer(&server, sent), [sent], "{kind}");
        assert_eq!(client.wait().code, Some(0));
    }
}

#[test]
fn what_cannot_be_sent_as_it_was_written_is_wrong_usage() {
    // Not longer than a command line can be.
    let deep = "[".repeat(100_000);
    let long = "9".repeat(5000);
    for (kind, message, reason) in [
        ("json", deep.as_str(), "not JSON: recursion limit exceeded: nested more than 128 deep"),
        ("pyobj", &deep, "not JSON: recursion limit exceeded: nested more than 128 deep"),
        ("pyobj", "1e999", "1e999 is beyond the range of a Python float"),
        ("pyobj", &long, "an integer of 5000 digits is too long: Python reads at most 4300"),
    ] {
        let ended = rust("zmq_client").args(["--as", kind, "--message", message]).start().wait();
        assert!(ended.stderr.starts_with(&format!("error: {reason}\n")), "{}", ended.stderr);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    }
}

#[test]
fn text_is_printed_as_text_on_one_line() {
    let (server, client) = server_and_client(&["--as", "string"]);
    answer(&server, "訊息 \"a\" C:\\new\n\x1b[2J\u{202e}");
    assert_eq!(client.wait().stdout, "訊息 \"a\" C:\\new\\n\\x1b[2J\\u{202e}\n");
}

#[test]
fn a_pickled_dict_loses_no_key_in_json() {
    // pickle.dumps({1: "int", "1": float("nan")}, 4), and {"b": 2**64, "a": 1.0}.
    let mixed = b"\x80\x04}(K\x01\x8c\x03int\x8c\x011G\x7f\xf8\0\0\0\0\0\0u.".as_slice();
    let strings =
        b"\x80\x04}(\x8c\x01b\x8a\x09\0\0\0\0\0\0\0\0\x01\x8c\x01aG\x3f\xf0\0\0\0\0\0\0u.";
    for (pickle, text, json) in [
        (mixed, r#"{1: "int", "1": nan}"#, r#"[[1,"int"],["1",{"float":"nan"}]]"#),
        (
            strings,
            r#"{"b": 18446744073709551616, "a": 1.0}"#,
            r#"{"b":18446744073709551616,"a":1.0}"#,
        ),
    ] {
        let (server, client) = server_and_client(&["--as", "pyobj"]);
        answer(&server, pickle);
        assert_eq!(client.wait().stdout, format!("{text}\n"));
        let (server, client) = server_and_client(&["--as", "pyobj", "--format", "json"]);
        answer(&server, pickle);
        let expected = format!("{{\"kind\":\"pyobj\",\"message\":{json}}}\n");
        assert_eq!(client.wait().stdout, expected);
    }
}

#[test]
fn a_multipart_message_has_a_frame_a_text() {
    let (server, client) = server_and_client(&[
        "--as",
        "multipart",
        "--message",
        "1",
        "--message",
        "",
        "--message",
        "3",
    ]);
    assert_eq!(server.recv_multipart(0).unwrap(), [b"1".as_slice(), b"", b"3"]);
    server.send_multipart(["a", ""], 0).unwrap();
    assert_eq!(client.wait().stdout, "[b\"a\", b\"\"]\n");
}

#[test]
fn several_texts_for_one_frame_are_wrong_usage() {
    let client = rust("zmq_client").args(["--message", "1", "--message", "2"]).start();
    let ended = client.wait();
    assert!(
        ended.stderr.starts_with("error: a bytes message is one text, not 2\n"),
        "{}",
        ended.stderr
    );
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

#[test]
fn requests_are_counted_and_paced() {
    let (server, client) = server_and_client(&["--count", "3", "--interval", "1ms"]);
    for reply in ["1", "2", "3"] {
        answer(&server, reply);
    }
    let ended = client.wait();
    assert_eq!(ended.stdout, "b\"1\"\nb\"2\"\nb\"3\"\n");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn requests_without_end_go_on_until_the_client_is_interrupted() {
    let (server, client) = server_and_client(&["--count", "0", "-q"]);
    for _ in 0..10 {
        answer(&server, "reply");
    }
    server.recv_bytes(0).unwrap();
    let ended = client.interrupt();
    assert_eq!(ended.stdout, "requests answered: 10\n");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn requests_go_to_several_servers_in_turn() {
    let (first, second, peers) = (endpoint(), endpoint(), Peers::new());
    let servers = [peers.bind(zmq::REP, &first), peers.bind(zmq::REP, &second)];
    let client = rust("zmq_client")
        .args(["--connect", &first, "--connect", &second, "--count", "4"])
        .start();
    for server in [&servers[0], &servers[1], &servers[0], &servers[1]] {
        answer(server, "reply");
    }
    assert_eq!(client.wait().code, Some(0));
}

#[test]
fn a_bad_answer_is_reported_the_good_ones_are_printed_and_the_client_fails() {
    let (server, client) = server_and_client(&["--as", "json", "--count", "3"]);
    answer(&server, "1");
    server.recv_bytes(0).unwrap();
    server.send_multipart(["2", "2"], 0).unwrap();
    answer(&server, "3");
    let ended = client.wait();
    assert_eq!(ended.stdout, "1\n3\n");
    assert_eq!(
        ended.stderr,
        "warning: rejected a message: not one frame (2 bytes in 2 frames: b\"2\"…)\n\
         error: 1 of 3 answers were bad\n"
    );
    assert_eq!(ended.code, Some(1));
}

#[test]
fn without_an_answer_in_time_the_client_asks_again_and_then_fails_with_one_line() {
    let endpoint = endpoint();
    // A REP socket would have to answer; a ROUTER socket may receive without end.
    let server = Peers::new().bind(zmq::ROUTER, &endpoint);
    let client = rust("zmq_client")
        .args(["--connect", &endpoint, "--timeout", "500ms", "--retries", "2"])
        .start();
    for _ in 0..3 {
        assert_eq!(server.recv_multipart(0).unwrap().last().unwrap(), b"a message");
    }
    let ended = client.wait();
    let errors: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(errors, ["error: no answer within 500ms, asked 3 times"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
}

#[test]
fn the_answer_to_an_earlier_attempt_is_not_taken_for_the_last_ones() {
    let endpoint = endpoint();
    // A REP socket answers what came last; a ROUTER socket answers whatever the test says.
    let server = Peers::new().bind(zmq::ROUTER, &endpoint);
    let client = rust("zmq_client")
        .args(["--connect", &endpoint, "--timeout", "500ms", "--retries", "50"])
        .start();
    let first = receive(&server);
    let reply = |request: &[Vec<u8>], text: &str| {
        let (_text, envelope) = request.split_last().unwrap();
        let frames = envelope.iter().cloned().chain([text.as_bytes().to_vec()]);
        server.send_multipart(frames, 0).unwrap();
    };
    // On a busy machine the answer in time may be late itself: then the client asks once more.
    while !client.has_ended() {
        if server.poll(zmq::POLLIN, 10).unwrap() > 0 {
            let again = receive(&server);
            reply(&first, "late");
            reply(&again, "in time");
        }
    }
    let ended = client.wait();
    assert_eq!(ended.stdout, "b\"in time\"\n");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn verbose_shows_the_life_of_the_connection() {
    let endpoint = endpoint();
    let client = rust("zmq_client").args(["-v", "--connect", &endpoint, "--count", "2"]).start();
    client.wait_for(Stream::Stderr, &format!("info: retrying {endpoint} in "));
    let server = Peers::new().bind(zmq::REP, &endpoint);
    answer(&server, "1");
    client.wait_for(Stream::Stderr, &format!("info: connected to {endpoint}"));
    drop(server);
    client.wait_for(Stream::Stderr, &format!("info: disconnected from {endpoint}"));
}

#[test]
fn with_latency_the_end_tells_how_long_the_answers_took() {
    let flags = ["--latency", "--count", "3", "--quiet"];
    for format in ["text", "json"] {
        let (server, client) = server_and_client(&[&flags[..], &["--format", format]].concat());
        for _ in 0..3 {
            answer(&server, "x");
        }
        let stdout = client.wait().stdout;
        if format == "text" {
            let summary = " µs\nrequests answered: 3\n";
            assert!(
                stdout.starts_with("round trip: p50 ") && stdout.ends_with(summary),
                "{stdout}"
            );
        } else {
            let summary: serde_json::Value = serde_json::from_str(&stdout).unwrap();
            let round_trip = &summary["round_trip"];
            assert_eq!((&summary["answered"], &round_trip["count"]), (&3.into(), &3.into()));
            assert!(round_trip["max_us"].as_f64() >= round_trip["p50_us"].as_f64(), "{stdout}");
        }
    }
}

/// With one to come each microsecond, an answer counts for each microsecond that it takes.
#[test]
fn a_late_answer_counts_for_the_requests_that_it_held_up() {
    let (server, client) = server_and_client(&[
        "--latency",
        "--count",
        "2",
        "--interval",
        "1us",
        "--format",
        "json",
        "--quiet",
    ]);
    answer(&server, "x");
    answer(&server, "x");
    let summary: serde_json::Value = serde_json::from_str(&client.wait().stdout).unwrap();
    let [count, longest] =
        ["count", "max_us"].map(|of| summary["round_trip"][of].as_f64().unwrap());
    // Times are kept within 0.1 %.
    assert!(count >= 0.998 * longest, "{summary}");
}
