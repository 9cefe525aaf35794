//! `zmq_server` against plain sockets.

use e2e::{Peers, Process, Stream, endpoint, receive, rust, send};
use zmq::Socket;

/// A server with `flags`, and a REQ socket connected to it.
fn server_and_client(flags: &[&str]) -> (Process, Socket) {
    let endpoint = endpoint();
    let server = rust("zmq_server").args(["--bind", &endpoint]).args(flags).start();
    (server, Peers::new().connect(zmq::REQ, &endpoint))
}

/// Sends a request of one frame, and returns the frames of the reply.
fn ask(client: &Socket, request: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
    send(client, request);
    receive(client)
}

#[test]
fn every_request_is_printed_as_it_came_and_answered() {
    let (server, client) = server_and_client(&[]);
    assert_eq!(ask(&client, "a message"), [b"new message"]);
    assert_eq!(ask(&client, b"\xff\"\0"), [b"new message"]);
    let ended = server.interrupt();
    assert_eq!(
        ended.stdout,
        "received bytes: b\"a message\"\nreceived bytes: b\"\\xff\\\"\\x00\"\nrequests answered: 2\n"
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn requests_of_any_number_of_frames_are_answered_empty_ones_included() {
    let (server, client) = server_and_client(&["--reply", "訊息"]);
    for frames in [&[""][..], &["", ""], &["one", "two", "", "four"]] {
        client.send_multipart(frames, 0).unwrap();
        assert_eq!(client.recv_multipart(0).unwrap(), ["訊息".as_bytes()]);
    }
    let ended = server.interrupt();
    assert_eq!(
        ended.stdout,
        "received bytes: b\"\"\nreceived multipart: [b\"\", b\"\"]\n\
         received multipart: [b\"one\", b\"two\", b\"\", b\"four\"]\nrequests answered: 3\n"
    );
}

#[test]
fn echo_returns_the_frames_as_they_came() {
    let (_server, client) = server_and_client(&["--echo", "--as", "json"]);
    assert_eq!(ask(&client, "{ \"a\" : 1 }"), [b"{ \"a\" : 1 }"]);
    let (_server, client) = server_and_client(&["--echo"]);
    for frames in [&[b"".as_slice()][..], &[b"\xff", b"", b"3"]] {
        client.send_multipart(frames, 0).unwrap();
        assert_eq!(client.recv_multipart(0).unwrap(), frames);
    }
}

/// A kind, a reply; a request, the frame that it is answered with, and what is printed.
type Case<'a> = (&'a str, &'a str, &'a [u8], &'a [u8], &'a str);

#[test]
fn each_kind_reads_prints_and_answers_in_its_own_way() {
    // Python's pickle.dumps(("a", 1), 4), and a pickle of {"b": None}.
    let tuple = b"\x80\x04\x95\x09\0\0\0\0\0\0\0\x8c\x01a\x94K\x01\x86\x94.".as_slice();
    let dict = b"\x80\x03}(X\x01\0\0\0bNu.".as_slice();
    let cases: [Case; 6] = [
        ("bytes", "no", b"yes", b"no", "received bytes: b\"yes\""),
        ("string", "不", "是".as_bytes(), "不".as_bytes(), "received string: 是"),
        ("json", "{\"b\": null}", b"[1, \"a\"]", b"{\"b\":null}", "received json: [1,\"a\"]"),
        ("json", "no json", b"2", b"\"no json\"", "received json: 2"),
        ("pyobj", "{\"b\": null}", tuple, dict, "received pyobj: (\"a\", 1)"),
        ("multipart", "no", b"yes", b"no", "received multipart: [b\"yes\"]"),
    ];
    for (kind, reply, request, expected, printed) in cases {
        let (server, client) = server_and_client(&["--as", kind, "--reply", reply]);
        assert_eq!(ask(&client, request), [expected], "{kind}");
        server.wait_for(Stream::Stdout, printed);
    }
}

#[test]
fn bad_requests_are_reported_counted_and_answered_with_an_error() {
    let (deep_json, deep_pickle) = (vec![b'['; 100_000], vec![b']'; 100_000]);
    let cases: [(&str, &[&[u8]], &str); 9] = [
        ("string", &[b"\xff"], "not UTF-8: "),
        ("string", &[b"a", b"b"], "not one frame (2 bytes in 2 frames: b\"a\"…)"),
        ("json", &[b"{"], "not JSON: "),
        (
            "json",
            &[b"[NaN]"],
            "NaN is not JSON; Python's json.dumps writes it unless allow_nan=False",
        ),
        ("json", &[b"{\"a\": -Infinity}"], "-Infinity is not JSON; "),
        ("json", &[&deep_json], "not JSON: recursion limit exceeded"),
        ("pyobj", &[b"no pickle"], "not a pickle of plain data: "),
        ("pyobj", &[b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."], "unresolved global"),
        ("pyobj", &[&deep_pickle], "not a pickle of plain data: cut off"),
    ];
    for (kind, frames, reason) in cases {
        let (server, client) = server_and_client(&["--as", kind, "--count", "1"]);
        client.send_multipart(frames, 0).unwrap();
        let reply = client.recv_multipart(0).unwrap();
        let reply = String::from_utf8_lossy(&reply[0]);
        assert!(reply.contains("error: ") && reply.contains(reason.trim_end()), "{kind}: {reply}");

        // The server goes on, and the bad request is none of those that it counts down.
        let good: &[u8] = if kind == "pyobj" { b"N." } else { b"1" };
        ask(&client, good);
        let ended = server.wait();
        assert!(ended.stderr.starts_with("warning: rejected a message: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
        assert!(ended.stdout.ends_with("requests answered: 1, rejected: 1\n"), "{}", ended.stdout);
        assert_eq!(ended.code, Some(0));
    }
}

#[test]
fn a_reply_may_begin_with_a_hyphen() {
    let (_server, client) = server_and_client(&["--reply", "-5"]);
    assert_eq!(ask(&client, "?"), [b"-5"]);
    let (_server, client) = server_and_client(&["--as", "json", "--reply", "--echo"]);
    assert_eq!(ask(&client, "1"), [b"\"--echo\""]);
}

#[test]
fn a_reply_that_cannot_be_sent_as_it_was_written_is_wrong_usage() {
    let server = rust("zmq_server").args(["--bind", &endpoint(), "--as", "pyobj"]);
    let ended = server.args(["--reply", "[-1e999]"]).start().wait();
    let error = "error: -1e999 is beyond the range of a Python float\n";
    assert!(ended.stderr.starts_with(error), "{}", ended.stderr);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

#[test]
fn echo_is_exact_where_the_request_is_no_json_for_us() {
    let (_server, client) = server_and_client(&["--echo"]);
    for request in ["[NaN, Infinity]", "\"\\ud800\"", "{\"b\": 1, \"a\": 1e999}"] {
        assert_eq!(ask(&client, request), [request.as_bytes()]);
    }
    let (_server, client) = server_and_client(&["--echo", "--as", "json"]);
    for request in ["\"\\ud800\"", "{\"b\": 1, \"a\": 1e999}"] {
        assert_eq!(ask(&client, request), [request.as_bytes()]);
    }
}

#[test]
fn an_error_is_sent_in_the_servers_kind() {
    let (_server, client) = server_and_client(&["--as", "json"]);
    let error: String = serde_json::from_slice(&ask(&client, "{")[0]).unwrap();
    assert!(error.starts_with("error: not JSON: "), "{error}");
}

#[test]
fn a_count_of_requests_ends_the_server_when_the_last_reply_is_delivered() {
    let (server, client) = server_and_client(&["--count", "2"]);
    ask(&client, "1");
    ask(&client, "2");
    let ended = server.wait();
    assert!(ended.stdout.ends_with("requests answered: 2\n"), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_server_that_ends_before_a_reply_has_received_and_fails() {
    let (server, client) = server_and_client(&["--exit-before-reply", "2"]);
    ask(&client, "1");
    client.send("2", 0).unwrap();
    let ended = server.wait();
    assert_eq!(ended.stdout, "received bytes: b\"1\"\nreceived bytes: b\"2\"\n");
    assert_eq!(ended.stderr, "error: ended before reply 2, as --exit-before-reply says\n");
    assert_eq!(ended.code, Some(1));
}

#[test]
fn one_server_listens_on_several_endpoints() {
    let (first, second) = (endpoint(), endpoint());
    let _server = rust("zmq_server").args(["--bind", &first, "--bind", &second]).start();
    let peers = Peers::new();
    for endpoint in [first, second] {
        assert_eq!(ask(&peers.connect(zmq::REQ, &endpoint), "hello"), [b"new message"]);
    }
}

#[test]
fn json_output_is_an_object_a_line() {
    let (server, client) = server_and_client(&["--format", "json", "--count", "2"]);
    ask(&client, "a message");
    ask(&client, b"\xff");
    assert_eq!(
        server.wait().stdout,
        "{\"kind\":\"bytes\",\"message\":\"a message\"}\n\
         {\"kind\":\"bytes\",\"message\":{\"hex\":\"ff\"}}\n\
         {\"answered\":2,\"rejected\":0}\n"
    );
}

#[test]
fn quiet_drops_the_line_a_message_and_keeps_the_summary() {
    let (server, client) = server_and_client(&["-q", "--as", "json"]);
    ask(&client, "1");
    ask(&client, "not JSON");
    let ended = server.interrupt();
    assert_eq!(ended.stdout, "requests answered: 1, rejected: 1\n");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_peer_that_sends_a_longer_frame_than_allowed_is_disconnected_and_the_others_are_served() {
    let (server, client) = server_and_client(&["-v", "--max-message-size", "100"]);
    assert_eq!(ask(&client, [b'x'; 100]), [b"new message"]);
    client.send([b'x'; 101].as_slice(), 0).unwrap();
    server.wait_for(Stream::Stderr, "disconnected from");
    let (endpoint, peers) = (client.get_last_endpoint().unwrap().unwrap(), Peers::new());
    assert_eq!(ask(&peers.connect(zmq::REQ, &endpoint), "short"), [b"new message"]);
}
