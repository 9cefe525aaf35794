//! The log on stderr: whatever a peer does and whatever becomes of stderr, it ends no program, holds
//! none up, and stays small.

use std::fs::{File, OpenOptions};
use std::io::{PipeReader, Write, pipe};
use std::process::Stdio;

use e2e::{Ended, Keys, Language, Peers, endpoint, rust};
use nix::pty::openpty;
use nix::sys::termios::{FlowArg, tcflow};

/// What a stderr may be, and what has to be kept meanwhile.
type Broken = (&'static str, fn() -> (Stdio, Option<PipeReader>));

const BROKEN: [Broken; 3] = [
    ("a full disk", || (OpenOptions::new().write(true).open("/dev/full").unwrap().into(), None)),
    ("a closed pipe", || (pipe().unwrap().1.into(), None)),
    ("a pipe that nobody reads", || {
        let (reader, mut writer) = pipe().unwrap();
        // All that a pipe holds.
        writer.write_all(&[b'\n'; 65_536]).unwrap();
        (writer.into(), Some(reader))
    }),
];

/// How many lines with `text` are printed, and how many more are summed up.
fn lines(stderr: &str, text: &str) -> (u64, u64) {
    let (mut printed, mut summed) = (0, 0);
    for line in stderr.lines().filter(|line| line.contains(text)) {
        match line.split_once("… ").and_then(|(_, sum)| sum.split_once(" more in ")) {
            Some((sum, _)) => summed += sum.replace(',', "").parse::<u64>().unwrap(),
            None => printed += 1,
        }
    }
    (printed, summed)
}

#[test]
fn a_flood_of_bad_messages_is_summed_up_without_losing_count() {
    const SENT: u64 = 100_000;
    for verbosity in ["--format=text", "-v"] {
        let endpoint = endpoint();
        let flags = ["--bind", &endpoint, "--count", "1", verbosity];
        let collector = rust("resultcollector").args(flags).start();
        let peers = Peers::new();
        let consumer = peers.connect(zmq::PUSH, &endpoint);
        for _ in 0..SENT {
            consumer.send("bad", 0).unwrap();
        }
        consumer.send("{\"consumer_id\": 1, \"num\": 1}", 0).unwrap();
        let ended = collector.wait();
        assert!(ended.stdout.ends_with(", rejected: 100000\n"), "{}", ended.stdout);
        let (printed, summed) = lines(&ended.stderr, "rejected a message: not JSON");
        assert_eq!(printed + summed, SENT, "{}", ended.stderr);
        assert!(ended.stderr.len() < 10_000, "{} bytes", ended.stderr.len());
        let first = "warning: rejected a message: not JSON";
        assert!(ended.stderr.lines().filter(|line| line.starts_with(first)).count() >= 5);
        let sum = " s, such as: rejected a message: not JSON";
        assert!(ended.stderr.contains(sum), "{}", ended.stderr);
    }
}

/// Each message differs: what a peer sends decides neither how much is printed nor what counts as
/// the same.
#[test]
fn a_flood_of_different_bad_messages_is_summed_up_as_well() {
    let endpoint = endpoint();
    let collector = rust("resultcollector").args(["--bind", &endpoint, "--count", "1"]).start();
    let peers = Peers::new();
    let consumer = peers.connect(zmq::PUSH, &endpoint);
    for number in 0..20_000 {
        consumer.send(&format!("bad {number}\u{1b}[2J\n"), 0).unwrap();
    }
    consumer.send("{\"consumer_id\": 1, \"num\": 1}", 0).unwrap();
    let ended = collector.wait();
    let (printed, summed) = lines(&ended.stderr, "rejected a message");
    assert_eq!(printed + summed, 20_000, "{}", ended.stderr);
    assert!(ended.stderr.len() < 10_000 && !ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
}

#[test]
fn very_verbose_shows_each_line() {
    let endpoint = endpoint();
    let flags = ["-vv", "--bind", &endpoint, "--count", "1"];
    let collector = rust("resultcollector").args(flags).start();
    let peers = Peers::new();
    let consumer = peers.connect(zmq::PUSH, &endpoint);
    for _ in 0..100 {
        consumer.send("bad", 0).unwrap();
    }
    consumer.send("{\"consumer_id\": 1, \"num\": 1}", 0).unwrap();
    assert_eq!(lines(&collector.wait().stderr, "rejected a message"), (100, 0));
}

/// They are the user's own, and no peer's.
#[test]
fn what_a_command_prints_is_shown_line_by_line() {
    let [work, acks, progress, results] = [(); 4].map(|()| endpoint());
    let flags = ["--bind", &work, "--acks-bind", &acks, "--progress-bind", &progress];
    let _dispatcher = rust("dispatcher").args(flags).args(["--count", "1"]).start();
    let sink = rust("sink").args(["--bind", &results, "--acks-connect", &acks]).start();
    let command = ["--", "sh", "-c", "seq 1000 1099 >&2; echo 1"];
    let worker = rust("worker").args(["--connect", &work, "--results-connect", &results]);
    let ended = worker.args(command).start().wait();
    assert_eq!(sink.wait().code, Some(0));
    let lines = ended.stderr.lines().filter(|line| line.starts_with("warning: sh: 10"));
    assert_eq!(lines.count(), 100, "{}", ended.stderr);
}

/// A client with a key that is not allowed tries again all the time.
#[test]
fn a_refused_client_that_never_gives_up_is_summed_up() {
    let (keys, endpoint) = (Keys::made_by(Language::Rust), endpoint());
    let server = rust("zmq_server").args(["--bind", &endpoint]).args(keys.server()).start();
    let flood = || {
        let client = rust("zmq_client").args(["--connect", &endpoint, "-q", "--timeout", "100ms"]);
        client.args(keys.client("mallory", "server")).start().wait()
    };
    for _ in 0..10 {
        assert_eq!(flood().code, Some(1));
    }
    let honest = rust("zmq_client").args(["--connect", &endpoint]);
    let honest = honest.args(keys.client("alice", "server")).start().wait();
    assert_eq!(honest.stdout, "b\"new message\"\n");
    let ended = server.interrupt();
    let (printed, summed) = lines(&ended.stderr, "refused 127.0.0.1 with the key ");
    assert!(printed == 5 && summed > 0, "{printed} and {summed}: {}", ended.stderr);
}

/// Has each program that receives reject three messages with this stderr, and returns how it ended.
fn each_rejecting(stderr: fn() -> (Stdio, Option<PipeReader>)) -> Vec<(&'static str, Ended)> {
    let started =
        |program: &str, flags: &[&str]| rust(program).args(flags).start_with_stderr(stderr().0);
    let (peers, mut ended) = (Peers::new(), Vec::new());
    let result = "{\"consumer_id\": 1, \"num\": 1}";

    let endpoint = e2e::endpoint();
    let flags = ["--as", "json", "--count", "1", "--bind", &endpoint];
    let server = started("zmq_server", &flags);
    let client = peers.connect(zmq::REQ, &endpoint);
    for request in ["bad", "bad", "bad", "1"] {
        client.send(request, 0).unwrap();
        client.recv_bytes(0).unwrap();
    }
    ended.push(("zmq_server", server.wait()));

    let [tasks, results] = [(); 2].map(|()| e2e::endpoint());
    let consumer = started("consumer", &["--tasks-bind", &tasks, "--results-connect", &results]);
    let collector = started("resultcollector", &["--count", "1", "--bind", &results]);
    let [producer, other_consumer] = [&tasks, &results].map(|to| peers.connect(zmq::PUSH, to));
    for task in ["bad", "bad", "bad"] {
        producer.send(task, 0).unwrap();
        other_consumer.send(task, 0).unwrap();
    }
    other_consumer.send(result, 0).unwrap();
    ended.push(("resultcollector", collector.wait()));
    let collector = peers.bind(zmq::PULL, &results);
    producer.send("{\"num\": 1}", 0).unwrap();
    assert_eq!(e2e::receive_result(&collector).1, 1);
    ended.push(("consumer", consumer.interrupt()));

    let [work, acks, progress, results] = [(); 4].map(|()| e2e::endpoint());
    let flags = ["--bind", &work, "--acks-bind", &acks, "--progress-bind", &progress];
    let dispatcher = started("dispatcher", &[&flags[..], &["--count", "3"]].concat());
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl");
    let flags = ["--bind", &results, "--acks-connect", &acks, "--output", output.to_str().unwrap()];
    let sink = started("sink", &flags);
    let (client, worker) = (peers.connect(zmq::REQ, &work), peers.socket(zmq::PUSH));
    // Only what has been sent over a connection counts as sent.
    worker.set_immediate(true).unwrap();
    worker.connect(&results).unwrap();
    for _ in 0..3 {
        client.send("bad", 0).unwrap();
        client.recv_bytes(0).unwrap();
        worker.send("bad", 0).unwrap();
    }
    let worker = rust("worker").args(["--connect", &work, "--results-connect", &results]).start();
    assert_eq!(worker.wait().code, Some(0));
    ended.push(("sink", sink.wait()));
    drop(client);
    ended.push(("dispatcher", dispatcher.wait()));
    ended
}

#[test]
fn no_program_fails_for_want_of_its_log() {
    for (what, stderr) in &BROKEN[..2] {
        for (program, ended) in each_rejecting(*stderr) {
            assert!(ended.stdout.contains("rejected: 3"), "{program}, {what}: {ended:?}");
            assert_eq!(ended.code, Some(0), "{program}, {what}: {ended:?}");
        }
    }
}

#[test]
fn a_server_that_warns_at_its_start_starts_whatever_stderr_is() {
    for (what, stderr) in BROKEN {
        let (stderr, _keep) = stderr();
        let endpoint = endpoint();
        let flags = ["--count", "1", "--bind", "tcp://*:*", "--bind", &endpoint];
        let server = rust("zmq_server").args(flags).start_with_stderr(stderr);
        let peers = Peers::new();
        let client = peers.connect(zmq::REQ, &endpoint);
        client.send("hello", 0).unwrap();
        assert_eq!(client.recv_bytes(0).unwrap(), b"new message", "{what}");
        assert_eq!(server.wait().code, Some(0), "{what}");
    }
}

/// More than the pipe and the queue before it hold.
#[test]
fn a_stderr_that_nobody_reads_holds_no_program_up() {
    let endpoint = endpoint();
    let (stderr, _keep) = BROKEN[2].1();
    let flags = ["-vv", "--as", "json", "--bind", &endpoint];
    let server = rust("zmq_server").args(flags).start_with_stderr(stderr);
    let peers = Peers::new();
    let client = peers.connect(zmq::REQ, &endpoint);
    for _ in 0..5_000 {
        client.send("bad", 0).unwrap();
        client.recv_bytes(0).unwrap();
    }
    let ended = server.interrupt();
    assert_eq!(ended.stdout, "requests answered: 0, rejected: 5000\n");
    assert_eq!(ended.code, Some(0));
}

/// Ctrl-S: not even the progress bar is drawn any more.
#[test]
fn a_stopped_terminal_holds_no_program_up() {
    let terminal = openpty(None, None).unwrap();
    let slave = File::from(terminal.slave);
    tcflow(&slave, FlowArg::TCOOFF).unwrap();
    let endpoint = endpoint();
    let flags = ["--bind", &endpoint, "--count", "1000"];
    let collector = rust("resultcollector").args(flags).start_with_stderr(slave);
    let peers = Peers::new();
    let consumer = peers.connect(zmq::PUSH, &endpoint);
    for _ in 0..1_000 {
        consumer.send("bad", 0).unwrap();
        consumer.send("{\"consumer_id\": 1, \"num\": 1}", 0).unwrap();
    }
    let ended = collector.wait();
    assert!(ended.stdout.ends_with("results collected: 1000, rejected: 1000\n"), "{ended:?}");
    assert_eq!(ended.code, Some(0));
    drop(terminal.master);
}

/// The last line of a program that fails is why it does, and what it warned of stands above.
#[test]
fn the_error_line_comes_last() {
    let (endpoint, peers) = (endpoint(), Peers::new());
    let server = peers.bind(zmq::REP, &endpoint);
    let flags = ["--connect", &endpoint, "--as", "json", "--count", "20", "--interval", "1ms"];
    let client = rust("zmq_client").args(flags).start();
    for _ in 0..20 {
        server.recv_bytes(0).unwrap();
        server.send("bad", 0).unwrap();
    }
    let ended = client.wait();
    let all: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines(&ended.stderr, "rejected a message"), (5, 15), "{}", ended.stderr);
    assert!(all[5].starts_with("warning: … 15 more in "), "{}", ended.stderr);
    assert_eq!(all[6..], ["error: 20 of 20 answers were bad"]);
}
