//! `resultcollector` against plain sockets.

use e2e::{Peers, Process, Program, endpoint, rust};
use serde_json::json;
use zmq::Socket;

/// A collector with `flags`, and a PUSH socket in place of a consumer.
fn consumer_and_collector(flags: &[&str]) -> (Socket, Process) {
    let (consumer, collector) = consumer_and_command(flags);
    (consumer, collector.start())
}

fn consumer_and_command(flags: &[&str]) -> (Socket, Program) {
    let endpoint = endpoint();
    let consumer = Peers::new().bind(zmq::PUSH, &endpoint);
    (consumer, rust("resultcollector").args(["--connect", &endpoint]).args(flags))
}

fn send(consumer: &Socket, consumer_id: u64, results: u64) {
    for num in 0..results {
        e2e::send(consumer, json!({"consumer_id": consumer_id, "num": num}).to_string());
    }
}

#[test]
fn a_thousand_results_are_counted_per_consumer_and_drawn_as_bars() {
    let (consumer, collector) = consumer_and_collector(&[]);
    send(&consumer, 517, 200);
    send(&consumer, 7, 800);
    let ended = collector.wait();
    assert_eq!(
        ended.stdout,
        format!(
            "consumer   7  800 {}\nconsumer 517  200 {}\nresults collected: 1000\n",
            "█".repeat(40),
            "█".repeat(10)
        )
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn json_output_is_one_object() {
    let (consumer, collector) = consumer_and_collector(&["--count", "3", "--format", "json"]);
    send(&consumer, 517, 2);
    send(&consumer, 7, 1);
    assert_eq!(
        collector.wait().stdout,
        "{\"collected\":3,\"consumers\":{\"7\":1,\"517\":2},\"rejected\":0}\n"
    );
}

#[test]
fn results_come_from_several_consumers_that_bind() {
    let (first, second, peers) = (endpoint(), endpoint(), Peers::new());
    let consumers = [peers.bind(zmq::PUSH, &first), peers.bind(zmq::PUSH, &second)];
    let collector = rust("resultcollector")
        .args(["--connect", &first, "--connect", &second, "--count", "2", "--format", "json"])
        .start();
    send(&consumers[0], 1, 1);
    send(&consumers[1], 2, 1);
    assert!(collector.wait().stdout.contains("\"consumers\":{\"1\":1,\"2\":1}"));
}

#[test]
fn results_come_from_several_consumers_that_connect() {
    let (endpoint, peers) = (endpoint(), Peers::new());
    let collector = rust("resultcollector")
        .args(["--bind", &endpoint, "--count", "2", "--format", "json"])
        .start();
    let consumers = [peers.connect(zmq::PUSH, &endpoint), peers.connect(zmq::PUSH, &endpoint)];
    send(&consumers[0], 1, 1);
    send(&consumers[1], 2, 1);
    assert!(collector.wait().stdout.contains("\"consumers\":{\"1\":1,\"2\":1}"));
}

#[test]
fn bad_results_are_reported_and_counted_and_are_none_of_those_collected() {
    let (consumer, collector) = consumer_and_collector(&["--count", "2"]);
    let bad: [&[&str]; 4] =
        [&["no JSON"], &["{\"num\": 1}"], &["{\"consumer_id\": \"5\", \"num\": 1}"], &["{}", "{}"]];
    for frames in bad {
        consumer.send_multipart(frames, 0).unwrap();
    }
    send(&consumer, 5, 2);
    let ended = collector.wait();
    assert!(ended.stdout.ends_with("\nresults collected: 2, rejected: 4\n"), "{}", ended.stdout);
    assert_eq!(
        ended.stderr.lines().filter(|line| line.starts_with("warning: rejected")).count(),
        4
    );
    assert_eq!(ended.code, Some(0));
}

#[test]
fn an_interrupted_collector_prints_what_it_has_and_says_what_is_missing() {
    let (consumer, collector) = consumer_and_collector(&["--connect", &endpoint(), "--count", "5"]);
    send(&consumer, 5, 3);
    // Bad, and after the three: when it is reported, they are counted.
    consumer.send("no JSON", 0).unwrap();
    collector.wait_for(e2e::Stream::Stderr, "rejected");
    let ended = collector.interrupt();
    assert!(ended.stdout.ends_with("\nresults collected: 3, rejected: 1\n"), "{}", ended.stdout);
    assert!(ended.stderr.ends_with("\nerror: interrupted by SIGINT: collected 3 of 5 results\n"));
    assert_eq!(ended.code, Some(130));
}

#[test]
fn a_terminal_shows_a_progress_bar_which_is_gone_before_the_chart() {
    let (consumer, collector) = consumer_and_command(&["--count", "1000"]);
    let collector = collector.start_on_terminal();
    send(&consumer, 5, 500);
    collector.wait_for(e2e::Stream::Both, "/1000 results");
    send(&consumer, 5, 500);
    let terminal = collector.wait().both;
    let (bar, chart) = terminal.rsplit_once("\u{1b}[2K").unwrap();
    assert!(bar.contains("/1000 results"), "{bar}");
    assert_eq!(
        chart.trim_start(),
        format!("consumer 5  1000 {}\nresults collected: 1000\n", "█".repeat(40))
    );
}

#[test]
fn quiet_draws_no_progress_bar() {
    let (consumer, collector) = consumer_and_command(&["-q", "--count", "1"]);
    let collector = collector.start_on_terminal();
    send(&consumer, 5, 1);
    let terminal = collector.wait().both;
    assert_eq!(terminal, format!("consumer 5  1 {}\nresults collected: 1\n", "█".repeat(40)));
}
