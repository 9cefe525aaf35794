//! What all programs have in common: help, exit codes, error lines, warnings, stdout.

use e2e::{PROGRAMS, Peers, endpoint, rust, shell};

/// The flags of sockets that bind, each with flags that keep a second socket of the program, if it
/// has one, off the default ports.
const BIND_FLAGS: [(&str, &str, &[&str]); 6] = [
    ("zmq_server", "--bind", &[]),
    ("publisher", "--bind", &[]),
    ("producer", "--bind", &[]),
    ("consumer", "--tasks-bind", &["--results-connect", "tcp://localhost:1"]),
    ("consumer", "--results-bind", &[]),
    ("resultcollector", "--bind", &[]),
];

/// The flags of sockets that connect.
const CONNECT_FLAGS: [(&str, &str); 6] = [
    ("zmq_client", "--connect"),
    ("subscriber", "--connect"),
    ("producer", "--connect"),
    ("consumer", "--tasks-connect"),
    ("consumer", "--results-connect"),
    ("resultcollector", "--connect"),
];

#[test]
fn help_names_every_flag_with_its_default() {
    let flags: [(&str, &[&str]); 7] = [
        (
            "zmq_server",
            &[
                "--bind <E> tcp://*:5555",
                "--reply <TEXT> new message",
                "--echo",
                "--as <KIND> bytes",
                "--count <N> 0",
                "--exit-before-reply <N>",
            ],
        ),
        (
            "zmq_client",
            &[
                "--connect <E> tcp://localhost:5555",
                "--message <TEXT> a message",
                "--as <KIND> bytes",
                "--count <N> 1",
                "--interval <D> 0",
                "--timeout <D> none",
                "--retries <N> 0",
                "--latency",
            ],
        ),
        (
            "publisher",
            &[
                "--bind <E> tcp://*:5555",
                "--topic <T> client1 client2",
                "--count <N> 0",
                "--interval <D> 500ms",
                "--wait-for <N> 0",
                "--hwm <N> 1000",
                "--as <KIND> bytes",
            ],
        ),
        (
            "subscriber",
            &[
                "[TOPIC]... client1",
                "--connect <E> tcp://localhost:5555",
                "--count <N> 1",
                "--hwm <N> 1000",
                "--work <D> 0",
                "--as <KIND> bytes",
            ],
        ),
        ("producer", &["--bind <E> tcp://*:5577", "--connect <E>", "--count <N> 2000"]),
        (
            "consumer",
            &[
                "--tasks-connect <E> tcp://localhost:5577",
                "--tasks-bind <E>",
                "--results-bind <E> tcp://*:5578",
                "--results-connect <E>",
                "--id <N> random",
                "--work <D> 0",
            ],
        ),
        (
            "resultcollector",
            &["--connect <E> tcp://localhost:5578", "--bind <E>", "--count <N> 1000"],
        ),
    ];
    let common = [
        "--verbose",
        "--quiet",
        "--format <FORMAT> text",
        "--max-message-size <BYTES> 16777216",
        "--heartbeat <D> 0",
        "--help",
        "--version",
    ];
    for (program, flags) in flags {
        let ended = rust(program).arg("--help").start().wait();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        for flag in flags.iter().chain(&common) {
            // The flag's name, and then the default's words, before the next flag.
            let (name, default) = match flag.split_once("> ").or(flag.split_once("... ")) {
                Some((name, default)) => (name, default),
                None => (*flag, ""),
            };
            let (_, after) =
                ended.stdout.split_once(name).unwrap_or_else(|| panic!("{program} has no {flag}"));
            let described =
                after.split("\n  -").next().unwrap().split("\n      --").next().unwrap();
            assert!(default.split(' ').all(|word| described.contains(word)), "{flag}: {described}");
        }
    }
}

#[test]
fn the_version_is_the_packages() {
    for program in PROGRAMS {
        let ended = rust(program).arg("--version").start().wait();
        let expected = format!("{program} {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!((ended.code, ended.stdout), (Some(0), expected));
    }
}

#[test]
fn what_is_no_endpoint_is_wrong_usage() {
    let bind_flags = BIND_FLAGS.iter().map(|(program, flag, _)| (*program, *flag));
    for (program, flag) in bind_flags.chain(CONNECT_FLAGS) {
        for (endpoint, reason) in [
            ("localhost:5555", "an endpoint is TRANSPORT://ADDRESS"),
            ("tcp://localhost", "a tcp:// endpoint ends in a port"),
            ("inproc://here", "inproc:// connects sockets within one process"),
            ("carrier-pigeon://coop", "has no carrier-pigeon:// transport"),
        ] {
            let ended = rust(program).args([flag, endpoint]).start().wait();
            assert!(ended.stderr.starts_with("error: invalid value '"), "{}", ended.stderr);
            assert!(ended.stderr.contains(reason), "{}", ended.stderr);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{program} {flag}");
        }
    }
}

#[test]
fn other_wrong_usage_differs_from_failure() {
    for (program, flags) in [
        ("zmq_server", &["--bogus"][..]),
        ("zmq_server", &["-v", "-q"]),
        ("zmq_client", &["--as", "xml"]),
        ("zmq_client", &["--interval", "soon"]),
        ("zmq_client", &["--retries", "3"]),
        ("publisher", &["--hwm", "-1"]),
        ("producer", &["--count", "many"]),
        ("producer", &["--bind", "tcp://*:*", "--connect", "tcp://localhost:1"]),
        ("consumer", &["--max-message-size", "0"]),
    ] {
        let ended = rust(program).args(flags).start().wait();
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{program} {flags:?}");
    }
}

#[test]
fn an_endpoint_that_cannot_be_bound_is_one_line_and_a_hint() {
    let (taken, nowhere) = (endpoint(), "tcp://no.such.interface.invalid:5555");
    let _holder = Peers::new().bind(zmq::REP, &taken);
    for (program, flag, others) in BIND_FLAGS {
        for (endpoint, reason) in
            [(taken.as_str(), "Address already in use"), (nowhere, "No such device")]
        {
            for verbosity in ["-q", "-v"] {
                let flags = [verbosity, flag, endpoint];
                let ended = rust(program).args(flags).args(others).start().wait();
                // The consumer's other socket may log its connections meanwhile.
                let lines = ended.stderr.lines().filter(|line| !line.starts_with("info: "));
                let [error, hint] = lines.collect::<Vec<_>>().try_into().unwrap();
                assert_eq!(error, format!("error: cannot bind {endpoint}: {reason}"), "{program}");
                assert!(hint.starts_with("hint: "), "{hint}");
                assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{program} {flag}");
            }
        }
    }
}

#[test]
fn an_endpoint_that_cannot_be_connected_to_is_one_line() {
    for (program, flag) in CONNECT_FLAGS {
        let ended = rust(program).args([flag, "tcp://*:5555"]).start().wait();
        assert_eq!(ended.stderr, "error: cannot connect to tcp://*:5555: Invalid argument\n");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{program} {flag}");
    }
}

#[test]
fn binding_every_interface_warns_once_with_the_ways_out() {
    for (program, flag, others) in BIND_FLAGS {
        for (endpoint, warnings) in [("tcp://*:*", 1), ("tcp://127.0.0.1:*", 0)] {
            let process = rust(program).args(["-v", flag, endpoint]).args(others).start();
            process.wait_until_listening();
            // The warning follows the socket's event; the signal arrives after both.
            let ended = process.interrupt();
            let warning = "warning: tcp://*:* lets in every host that can reach this one; lock it \
                           with --curve-secret and --curve-allow, or keep it on this host: \
                           tcp://127.0.0.1:*\n";
            assert_eq!(ended.stderr.matches("warning").count(), warnings, "{program} {flag}");
            assert_eq!(ended.stderr.matches(warning).count(), warnings, "{}", ended.stderr);
        }
    }
}

/// libzmq would abort, with a line of its source.
#[test]
fn a_limit_on_open_files_that_is_too_low_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ended = shell("ulimit -n 16; exec zmq_server", folder.path()).start().wait();
    let error = "error: at most 16 files may be open; at least 32 are needed (ulimit -n)\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), error));
}
