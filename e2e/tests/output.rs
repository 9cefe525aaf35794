//! What all programs print, and where: stdout and its failures, the log of the sockets, colours.

use std::fs::OpenOptions;
use std::io::pipe;
use std::process::Stdio;

use e2e::{Ended, Peers, Stream, endpoint, rust};

/// Starts each program that prints, connects its stdout to `stdout`, and returns how it ended.
fn each_printing_into(stdout: impl Fn() -> Stdio) -> Vec<(&'static str, Ended)> {
    let started = |program: &str, flags: &[&str]| -> e2e::Process {
        rust(program).args(flags).start_with_stdout(stdout())
    };
    let (peers, mut ended) = (Peers::new(), Vec::new());

    let endpoint = e2e::endpoint();
    let server = started("zmq_server", &["--bind", &endpoint]);
    let client = peers.connect(zmq::REQ, &endpoint);
    client.send("1", 0).unwrap();
    ended.push(("zmq_server", server.wait()));

    let endpoint = e2e::endpoint();
    let server = peers.bind(zmq::REP, &endpoint);
    let client = started("zmq_client", &["--connect", &endpoint, "--count", "0"]);
    server.recv_bytes(0).unwrap();
    server.send("1", 0).unwrap();
    ended.push(("zmq_client", client.wait()));

    let endpoint = e2e::endpoint();
    ended.push(("publisher", started("publisher", &["--bind", &endpoint]).wait()));

    let endpoint = e2e::endpoint();
    let publisher = peers.bind(zmq::XPUB, &endpoint);
    let subscriber = started("subscriber", &["--connect", &endpoint, "--count", "0"]);
    publisher.recv_bytes(0).unwrap();
    publisher.send_multipart(["client1", "1"], 0).unwrap();
    ended.push(("subscriber", subscriber.wait()));

    let endpoint = e2e::endpoint();
    let consumer = peers.bind(zmq::PUSH, &endpoint);
    let collector = started("resultcollector", &["--connect", &endpoint, "--count", "1"]);
    consumer.send("{\"consumer_id\": 1, \"num\": 1}", 0).unwrap();
    ended.push(("resultcollector", collector.wait()));
    ended
}

#[test]
fn a_closed_stdout_ends_a_program_quietly() {
    for (program, ended) in each_printing_into(|| pipe().unwrap().1.into()) {
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{program}");
    }
}

/// A summary that nobody reads changes nothing about what was done, and what was not.
#[test]
fn a_closed_stdout_never_stands_for_work_that_is_not_done() {
    let closed = || -> Stdio { pipe().unwrap().1.into() };
    let peers = Peers::new();

    // Cut short.
    let endpoint = e2e::endpoint();
    for (program, flags, missing) in [
        ("producer", ["--bind", &endpoint], "sent 0 of 2000 tasks"),
        ("resultcollector", ["--bind", &endpoint], "collected 0 of 1000 results"),
    ] {
        let running = rust(program).arg("-v").args(flags).start_with_stdout(closed());
        running.wait_until_listening();
        let ended = running.interrupt();
        let error = format!("\nerror: interrupted by SIGINT: {missing}\n");
        assert!(ended.stderr.ends_with(&error), "{program}: {ended:?}");
        assert_eq!(ended.code, Some(130), "{program}");
    }

    // Failed.
    let endpoint = e2e::endpoint();
    let server = peers.bind(zmq::REP, &endpoint);
    let flags = ["--connect", &endpoint, "--as", "json", "--latency"];
    let client = rust("zmq_client").args(flags).start_with_stdout(closed());
    server.recv_bytes(0).unwrap();
    server.send("bad", 0).unwrap();
    let ended = client.wait();
    assert!(ended.stderr.ends_with("\nerror: 1 of 1 answers were bad\n"), "{ended:?}");
    assert_eq!(ended.code, Some(1));
}

/// Then the results are where they should not be: nowhere.
#[test]
fn a_sink_whose_results_nobody_takes_fails_and_a_job_with_failed_tasks_as_well() {
    let closed = || -> Stdio { pipe().unwrap().1.into() };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl").display().to_string();
    let run = |output: &[&str]| {
        let [work, acks, progress, results] = [(); 4].map(|()| e2e::endpoint());
        let flags = ["--bind", &work, "--acks-bind", &acks, "--progress-bind", &progress];
        let limits = ["--count", "3", "--attempts", "1"];
        let dispatcher = rust("dispatcher").args(flags).args(limits).start_with_stdout(closed());
        let flags = ["--connect", &work, "--results-connect", &results, "--", "false"];
        let worker = rust("worker").args(flags).start_with_stdout(closed());
        let flags = ["--bind", &results, "--acks-connect", &acks];
        let sink = rust("sink").args(flags).args(output).start_with_stdout(closed()).wait();
        (sink, dispatcher, worker)
    };
    let (sink, _dispatcher, _worker) = run(&[]);
    assert!(sink.stderr.ends_with("stdout was closed before the job's end\n"), "{sink:?}");
    assert_eq!(sink.code, Some(1));

    let (sink, dispatcher, worker) = run(&["--output", &output]);
    for ended in [sink, dispatcher.wait()] {
        assert!(
            ended.stderr.contains("error: 3 of 3 tasks failed; the output says why ("),
            "{ended:?}"
        );
        assert_eq!(ended.code, Some(1));
    }
    assert_eq!(worker.wait().code, Some(0));
}

#[test]
fn a_stdout_that_cannot_be_written_is_a_failure() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap().into();
    for (program, ended) in each_printing_into(full) {
        let error = "error: cannot write to stdout: No space left on device (os error 28)\n";
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), error), "{program}");
    }
}

#[test]
fn every_socket_shows_its_life_when_asked_to() {
    let (endpoint, peers) = (endpoint(), Peers::new());
    let server = rust("zmq_server").args(["-v", "--bind", &endpoint]).start();
    assert_eq!(server.wait_until_listening(), endpoint);
    let client = peers.connect(zmq::REQ, &endpoint);
    server.wait_for(Stream::Stderr, &format!("info: accepted a connection on {endpoint}"));
    drop(client);
    server.wait_for(Stream::Stderr, &format!("info: disconnected from {endpoint}"));

    // Both of them.
    let (tasks, results) = (e2e::endpoint(), e2e::endpoint());
    let consumer = rust("consumer")
        .args(["-v", "--tasks-connect", &tasks, "--results-bind", &results])
        .start();
    consumer.wait_for(Stream::Stderr, &format!("info: listening on {results}"));
    consumer.wait_for(Stream::Stderr, &format!("info: retrying {tasks} in "));
    let producer = peers.bind(zmq::PUSH, &tasks);
    consumer.wait_for(Stream::Stderr, &format!("info: connected to {tasks}"));
    drop(producer);
    consumer.wait_for(Stream::Stderr, &format!("info: disconnected from {tasks}"));
}

#[test]
fn colours_are_for_terminals_and_no_color_is_honoured() {
    let endpoint = endpoint();
    for (no_color, warning) in [("", "\u{1b}[1;33mwarning\u{1b}[0m: tcp"), ("1", "warning: tcp")] {
        let server = rust("zmq_server").env("NO_COLOR", no_color).args(["--bind", "tcp://*:*"]);
        let server = server.start_on_terminal();
        assert!(server.wait_for(Stream::Both, "lets in").starts_with(warning));
        let wrong =
            rust("zmq_client").env("NO_COLOR", no_color).args(["--message", "1", "--message", "2"]);
        let wrong = wrong.start_on_terminal().wait_for(Stream::Both, "is one text, not 2");
        assert_eq!(wrong.contains('\u{1b}'), no_color.is_empty(), "{wrong}");
        let client = rust("zmq_client").env("NO_COLOR", no_color);
        let client = client.args(["-v", "--connect", &endpoint]).start();
        client.wait_for(Stream::Stderr, "info: retrying");
    }
}

#[test]
fn programs_talk_over_ipc_as_over_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("ipc://{}/socket", folder.path().display());
    let server = rust("zmq_server").args(["--bind", &endpoint]).start();
    let client = rust("zmq_client").args(["--connect", &endpoint]).start();
    assert_eq!(client.wait().stdout, "b\"new message\"\n");
    // No other host can reach a path: no warning.
    assert_eq!(server.interrupt().stderr, "");
}

/// Lines in quick succession are written together, also the last ones, and all of them in order.
#[test]
fn a_flood_of_lines_is_printed_whole() {
    let topics: Vec<String> = (0..100).map(|number| format!("topic{number}")).collect();
    let flags = topics.iter().flat_map(|topic| ["--topic", topic]);
    let publisher = rust("publisher").args(["--bind", &endpoint(), "--interval", "0"]);
    let ended = publisher.args(["--count", "100"]).args(flags).start().wait();
    let round: String = topics
        .iter()
        .flat_map(|topic| ["[b\"", topic.as_str(), "\", b\"message for ", topic.as_str(), "\"]\n"])
        .collect();
    let expected = round.repeat(100);
    assert_eq!(ended.stdout, expected + "rounds published: 100\n");
}

/// The first line shows at once, and so does every line that none follows: people watch programs.
#[test]
fn a_line_that_follows_closely_does_not_wait_for_a_third() {
    let publisher = rust("publisher").args(["--bind", &endpoint(), "--interval", "1h"]).start();
    publisher.wait_for(Stream::Stdout, "client1");
    publisher.wait_for(Stream::Stdout, "client2");
    assert_eq!(publisher.interrupt().code, Some(0));
}
