//! What goes in comes out, once, bit by bit: JSON and Python objects from one program to the other, in
//! Rust and in Python.

use Language::{Python, Rust};
use e2e::{Language, Peers, Stream, endpoint, rust};

/// JSON as its tokens can be, without spaces between them.
const JSON: [&str; 16] = [
    "0.24848973260623386",
    "0.1000000000000000055511151231257827021181583404541015625",
    "123456789012345678901234567890",
    "-123456789012345678901234567890",
    "-1",
    "-0",
    "1",
    "1.0",
    "1E+05",
    "1e999",
    "\"\\ud800\"",
    "\"訊\\\\\\/\\u0041\"",
    "{\"b\":1,\"a\":2}",
    "{\"a\":1,\"a\":1.0,\"a\":[]}",
    "[[],{},null,true,false]",
    "\"NaN\"",
];

/// Finite floats of any size, as JSON.
fn random_floats(count: usize) -> String {
    let floats = std::iter::repeat_with(|| f64::from_bits(rand::random()));
    let texts =
        floats.filter(|float| float.is_finite()).take(count).map(|float| format!("{float:?}"));
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}

/// What a server in `receiver` prints of `message`, which a client in `sender` sends.
fn printed(sender: Language, receiver: Language, kind: &str, message: &str) -> String {
    let endpoint = endpoint();
    let server =
        receiver.program("req-rep", "zmq_server").args(["--bind", &endpoint, "--as", kind]).start();
    // Python's argparse takes a text with a hyphen for an option, unless it is tied to its own.
    let message = format!("--message={message}");
    let client = sender
        .program("req-rep", "zmq_client")
        .args(["--connect", &endpoint, "--as", kind, &message])
        .start();
    let line = server.wait_for(Stream::Stdout, "received");
    let ended = client.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    line.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn json_is_sent_and_printed_as_it_was_written() {
    let floats = random_floats(4000);
    for text in JSON.into_iter().chain([floats.as_str()]) {
        let endpoint = endpoint();
        let server = Peers::new().bind(zmq::REP, &endpoint);
        let client =
            rust("zmq_client").args(["--connect", &endpoint, "--as", "json", "--message", text]);
        let client = client.start();
        let request = server.recv_bytes(0).unwrap();
        assert_eq!(String::from_utf8(request.clone()).unwrap(), text);
        server.send(request, 0).unwrap();
        assert_eq!(client.wait().stdout, format!("{text}\n"));
        assert_eq!(printed(Rust, Rust, "json", text), text);
    }
}

#[test]
fn python_objects_are_the_same_in_rust_and_in_python() {
    let floats = random_floats(4000);
    let texts = [
        floats.as_str(),
        "123456789012345678901234567890",
        "[-123456789012345678901234567890, 9223372036854775808, -9223372036854775809, -129, 256, 65536]",
        "[1, 1.0, -0.0, 1e2, 1e16, 1e-5, 5e-324, 1.7976931348623157e308, 123456789012345678.0]",
        "[true, false, null, [], [[]]]",
        "-5",
    ];
    for text in texts {
        let in_python = printed(Python, Python, "pyobj", text);
        for (sender, receiver) in [(Rust, Rust), (Rust, Python), (Python, Rust)] {
            let printed = printed(sender, receiver, "pyobj", text);
            let items = printed.split(", ").zip(in_python.split(", "));
            for (item, expected) in items {
                assert_eq!(item, expected, "{sender:?} to {receiver:?}");
            }
            assert_eq!(printed.len(), in_python.len());
        }
    }
}

#[test]
fn the_keys_of_a_python_dict_keep_their_order() {
    let dict = "{\"b\": 1, \"a\": {\"z\": [], \"y\": null}}";
    let in_python = "{'b': 1, 'a': {'z': [], 'y': None}}";
    for (sender, receiver, expected) in [
        (Rust, Python, in_python.to_owned()),
        (Python, Rust, in_python.replace('\'', "\"")),
        (Rust, Rust, in_python.replace('\'', "\"")),
    ] {
        assert_eq!(printed(sender, receiver, "pyobj", dict), expected);
    }
}

/// `json.loads` reads NaN, Infinity and -Infinity, and `json.dumps` writes them.
#[test]
fn what_python_sends_as_json_and_is_not_is_named() {
    for constant in ["NaN", "Infinity", "-Infinity"] {
        let endpoint = endpoint();
        let server = rust("zmq_server").args(["--bind", &endpoint, "--as", "json"]).start();
        let message = format!("--message=[1, {constant}]");
        let client = Python
            .program("req-rep", "zmq_client")
            .args(["--connect", &endpoint, "--as", "json", &message])
            .start();
        let reason =
            format!("{constant} is not JSON; Python's json.dumps writes it unless allow_nan=False");
        server.wait_for(Stream::Stderr, &format!("warning: rejected a message: {reason} ("));
        assert!(client.wait().stdout.contains(&reason));
    }
}

/// As JSON, a lone surrogate is an escape, and stays one. As a Python object it is a code point.
#[test]
fn a_lone_surrogate_from_python_is_printed_as_it_came() {
    assert_eq!(printed(Python, Rust, "json", "\"\\ud800\""), "\"\\ud800\"");
    assert_eq!(printed(Python, Rust, "pyobj", "\"\\ud800\""), "\"\\u{d800}\"");
    assert_eq!(printed(Rust, Rust, "pyobj", "\"\\ud800\""), "\"\\u{d800}\"");
}

#[test]
fn floats_that_json_has_not_print_as_in_python() {
    assert_eq!(printed(Python, Rust, "pyobj", "[NaN, Infinity, -Infinity]"), "[nan, inf, -inf]");
}
