//! `consumer` against plain sockets.

use e2e::{Peers, Process, endpoint, receive_json, rust};
use serde_json::{Value, json};
use zmq::Socket;

/// A PUSH socket, a consumer with `flags` between, and a PULL socket.
fn producer_consumer_collector(flags: &[&str]) -> (Socket, Process, Socket) {
    let (tasks, results, peers) = (endpoint(), endpoint(), Peers::new());
    let producer = peers.bind(zmq::PUSH, &tasks);
    let consumer = rust("consumer")
        .args(["--tasks-connect", &tasks, "--results-bind", &results])
        .args(flags)
        .start();
    (producer, consumer, peers.connect(zmq::PULL, &results))
}

#[test]
fn each_task_becomes_a_result_with_the_consumers_id() {
    let (producer, consumer, collector) = producer_consumer_collector(&["--id", "517"]);
    for num in [0, 7, u64::MAX] {
        // As Python spaces it.
        producer.send(&format!("{{\"num\": {num}}}"), 0).unwrap();
        assert_eq!(receive_json(&collector), json!({"consumer_id": 517, "num": num}));
    }
    let ended = consumer.interrupt();
    assert_eq!(ended.stdout, "results of consumer 517: 3\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_id_is_drawn_once_from_1_to_1000() {
    let mut ids = Vec::new();
    for _consumer in 0..5 {
        let (producer, _consumer, collector) = producer_consumer_collector(&[]);
        producer.send("{\"num\": 1}", 0).unwrap();
        producer.send("{\"num\": 2}", 0).unwrap();
        let (first, second) = (receive_json(&collector), receive_json(&collector));
        let id = first["consumer_id"].as_u64().unwrap();
        assert_eq!(second["consumer_id"], id);
        assert!((1..=1000).contains(&id), "{id}");
        ids.push(id);
    }
    ids.dedup();
    assert!(ids.len() > 1, "five consumers drew {ids:?}");
}

#[test]
fn both_ends_bind_or_connect() {
    let (tasks, results, peers) = (endpoint(), endpoint(), Peers::new());
    let collector = peers.bind(zmq::PULL, &results);
    let consumer = rust("consumer")
        .args(["--tasks-bind", &tasks, "--results-connect", &results, "--id", "1"])
        .args(["--format", "json"])
        .start();
    let producers = [peers.connect(zmq::PUSH, &tasks), peers.connect(zmq::PUSH, &tasks)];
    for (num, producer) in producers.iter().enumerate() {
        producer.send(&format!("{{\"num\": {num}}}"), 0).unwrap();
        assert_eq!(receive_json(&collector), json!({"consumer_id": 1, "num": num}));
    }
    let ended = consumer.interrupt();
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(summary, json!({"consumer_id": 1, "passed_on": 2, "rejected": 0}));
}

#[test]
fn tasks_come_from_several_producers() {
    let (first, second, results, peers) = (endpoint(), endpoint(), endpoint(), Peers::new());
    let producers = [peers.bind(zmq::PUSH, &first), peers.bind(zmq::PUSH, &second)];
    let _consumer = rust("consumer")
        .args(["--tasks-connect", &first, "--tasks-connect", &second, "--results-bind", &results])
        .start();
    let collector = peers.connect(zmq::PULL, &results);
    for (num, producer) in producers.iter().enumerate() {
        producer.send(&format!("{{\"num\": {num}}}"), 0).unwrap();
        assert_eq!(receive_json(&collector)["num"], num);
    }
}

#[test]
fn bad_tasks_are_reported_counted_and_skipped_and_the_good_ones_beside_them_are_done() {
    let (producer, consumer, collector) = producer_consumer_collector(&["--id", "5"]);
    let bad: [&[&[u8]]; 6] = [
        &[b"no JSON"],
        &[b""],
        &[b"{\"number\": 1}"],
        &[b"{\"num\": -1}"],
        &[b"{\"num\": 1}", b"{\"num\": 2}"],
        &[b"\xff\xfe"],
    ];
    for frames in bad {
        producer.send_multipart(frames, 0).unwrap();
        producer.send("{\"num\": 3}", 0).unwrap();
        assert_eq!(receive_json(&collector), json!({"consumer_id": 5, "num": 3}));
    }
    let ended = consumer.interrupt();
    assert_eq!(ended.stdout, "results of consumer 5: 6, rejected: 6\n");
    let reports: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(reports.len(), 6, "{reports:?}");
    assert!(reports.iter().all(|line| line.starts_with("warning: rejected a message: not ")));
    assert!(reports[0].ends_with("(7 bytes in 1 frame: b\"no JSON\")"), "{}", reports[0]);
}

#[test]
fn a_second_consumer_on_a_host_is_told_what_to_do() {
    let (tasks, results) = (endpoint(), endpoint());
    let flags = ["-v", "--tasks-connect", &tasks, "--results-bind", &results];
    let first = rust("consumer").args(flags).start();
    first.wait_until_listening();
    let ended = rust("consumer").args(&flags[1..]).start().wait();
    assert_eq!(
        ended.stderr,
        format!(
            "error: cannot bind {results}: Address already in use\n\
             hint: a second consumer on a host needs --results-connect, and a collector with --bind\n"
        )
    );
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
}
