//! What is too large, too long or too deep fails by name, or goes in pieces.

use std::fs;

use e2e::{Peers, rust};
use serde_json::{Value, json};

use crate::pipeline::{Pipeline, succeeded};

#[test]
fn a_result_that_is_too_large_fails_by_name_and_is_not_tried_again() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "2"]);
    let script = "read -r task; case $task in *:1}) head -c 200000 /dev/zero | tr '\\0' x;; esac";
    let worker = pipeline.connected_worker(&["--id", "5", "--", "sh", "-c", script]);
    assert_eq!(pipeline.sink(&["--max-message-size", "100000"]).wait().code, Some(1));
    assert_eq!(dispatcher.wait().code, Some(1));
    succeeded(worker);
    let lines = pipeline.lines(2);
    assert_eq!(lines[0]["result"], json!(""));
    let why = lines[1]["failed"].as_str().unwrap();
    assert!(why.starts_with("the result of task 1 is 200"), "{why}");
    assert!(why.ends_with(" bytes; the limit is 100000 (--max-message-size)"), "{why}");
}

#[test]
fn a_task_that_is_too_large_is_refused_when_the_input_is_read() {
    let pipeline = Pipeline::new();
    let input = pipeline.file("tasks", &format!("1\n\"{}\"\n", "x".repeat(2000)));
    let dispatcher = pipeline.dispatcher(&["--input", &input, "--max-message-size", "2000"]).wait();
    let why = "task 1 is 2002 bytes; the limit is 2000 (--max-message-size)\n";
    assert_eq!(dispatcher.code, Some(1));
    assert!(dispatcher.stderr.ends_with(why), "{}", dispatcher.stderr);
}

#[test]
fn a_task_that_no_worker_can_receive_fails_by_name_and_the_others_are_done() {
    let pipeline = Pipeline::new();
    let long = format!("\"{}\"\n", "x".repeat(2000));
    let input = pipeline.file("tasks", &format!("1\n{long}2\n"));
    let dispatcher = pipeline.dispatcher(&["--input", &input]);
    let worker = pipeline.connected_worker(&["--max-message-size", "2000"]);
    assert_eq!(pipeline.sink(&[]).wait().code, Some(1));
    assert_eq!(dispatcher.wait().code, Some(1));
    succeeded(worker);
    let lines = pipeline.lines(3);
    let why = "task 1 is 2002 bytes; the limit is 2000 (--max-message-size)";
    assert_eq!((&lines[1]["failed"], &lines[2]["result"]), (&json!(why), &json!(2)));
}

#[test]
fn batches_are_as_large_as_the_worker_can_receive() {
    let pipeline = Pipeline::new();
    let tasks = (0..2000).map(|num| num.to_string()).collect::<Vec<_>>().join("\n");
    let input = pipeline.file("tasks", &tasks);
    let dispatcher = pipeline.dispatcher(&["--input", &input]);
    let worker = pipeline.connected_worker(&["--max-message-size", "2000"]);
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    succeeded(worker);
    pipeline.lines(2000);
}

#[test]
fn large_tasks_that_follow_tiny_ones_are_done() {
    let pipeline = Pipeline::new();
    let large = format!("\"{}\"\n", "x".repeat(100_000));
    let input = pipeline.file("tasks", &format!("{}{}", "1\n".repeat(5000), large.repeat(100)));
    let dispatcher = pipeline.dispatcher(&["--input", &input]);
    let worker = pipeline.connected_worker(&[]);
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    succeeded(worker);
    pipeline.lines(5100);
}

#[test]
fn long_reasons_are_cut_and_go_in_pieces() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "60", "--attempts", "1"]);
    let script = "head -c 100000 /dev/zero | tr '\\0' e >&2; exit 1";
    let worker = pipeline.worker(&["--jobs", "2", "-q", "--", "sh", "-c", script]);
    let limit = ["--max-message-size", "4096"];
    assert_eq!(pipeline.sink(&limit).wait().code, Some(1));
    assert_eq!(dispatcher.wait().code, Some(1));
    succeeded(worker);
    for line in pipeline.lines(60) {
        let why = line["failed"].as_str().unwrap();
        assert!(why.starts_with("sh ended with exit status: 1: eee") && why.len() <= 1024, "{why}");
    }
}

/// Every second task is done: the list of these does not fit in a small message.
#[test]
fn an_output_with_many_holes_is_continued_in_pieces() {
    let pipeline = Pipeline::new();
    let count = ["--count", "4000", "--max-message-size", "4096"];
    let run = || {
        let dispatcher = pipeline.dispatcher(&count);
        let worker = pipeline.connected_worker(&[]);
        succeeded(pipeline.sink(&[]));
        let summary = succeeded(dispatcher);
        succeeded(worker);
        summary
    };
    run();
    let text = fs::read_to_string(pipeline.output()).unwrap();
    let even = |line: &&str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["num"].as_u64().is_none_or(|num| num % 2 == 0)
    };
    let half: String = text.split_inclusive('\n').filter(even).collect();
    fs::write(pipeline.output(), &half).unwrap();
    run();
    assert!(fs::read_to_string(pipeline.output()).unwrap().starts_with(&half));
    pipeline.lines(4000);
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let usage = |name, flags: &[&str]| {
        let ended = rust(name).args(flags).start().wait();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.stderr
    };
    assert!(usage("dispatcher", &["--lease", "0s"]).contains("at least 1s"));
    assert!(usage("dispatcher", &["--count", "1000000000000000000"]).contains("--count"));
    assert!(usage("worker", &["--jobs", "65535"]).contains("65535 is not in 0..=4096"));
    let small = rust("sink").args(["--max-message-size", "100"]).start().wait();
    assert_eq!(small.stderr, "error: --max-message-size is below 1024\n");
}

/// The dispatcher here has made it far too large: a minute's work.
#[test]
fn a_batch_that_takes_too_long_goes_back_in_part() {
    let (pipeline, peers) = (Pipeline::new(), Peers::new());
    let dispatcher = peers.bind(zmq::ROUTER, &pipeline.work);
    let _sink = peers.bind(zmq::PULL, &pipeline.results);
    let _worker = pipeline.worker(&["--work", "100ms"]);
    let receive = || {
        let request = dispatcher.recv_multipart(0).unwrap();
        (request[0].clone(), serde_json::from_slice::<Value>(&request[2]).unwrap())
    };
    let (peer, ready) = receive();
    let work = json!({"type": "work", "slot": ready["slot"], "seq": ready["seq"], "job": "x",
        "batch": 1, "nums": [[0, 599]], "request_limit": 65536, "result_limit": 65536});
    let tasks = json!(vec![0; 600]).to_string().into_bytes();
    let answer = [peer, Vec::new(), work.to_string().into_bytes(), tasks];
    dispatcher.send_multipart(answer, 0).unwrap();
    // Until then it says that it is alive.
    let next = std::iter::repeat_with(|| receive().1).find(|next| next["batch"] == 1).unwrap();
    let returned = next["returned"][0].as_array().unwrap();
    let first = returned[0].as_u64().unwrap();
    assert!((1..100).contains(&first) && returned[1] == 599, "{next}");
}
