//! The reliable pipeline: whichever process dies, every task is in the output at the end, once.

mod commands;
mod failures;
mod limits;
mod network;
mod outputs;
mod pipeline;
mod waiting;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Peers, Process, Stream, rust};
use pipeline::{Pipeline, succeeded};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

#[test]
fn each_task_is_in_the_output_once() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "3000", "--format", "json"]);
    let workers = ["1", "2"].map(|id| pipeline.connected_worker(&["--id", id]));
    let sink = succeeded(pipeline.sink(&[]));
    assert_eq!(sink.stdout, "results: 3000\n");
    let summary: Value = serde_json::from_str(&succeeded(dispatcher).stdout).unwrap();
    assert_eq!((&summary["done"], &summary["failed"]), (&json!(3000), &json!(0)));
    // None twice but those that were late. How few that is, the schedule's own tests show.
    assert!(summary["handed_out"].as_u64().unwrap() < 6000, "{summary}");
    workers.into_iter().map(succeeded).for_each(drop);
    for (num, line) in pipeline.lines(3000).iter().enumerate() {
        assert_eq!(line["result"], json!({"num": num}));
    }
}

#[test]
fn a_command_does_the_tasks_of_a_file() {
    let pipeline = Pipeline::new();
    let input = pipeline.folder.path().join("tasks.jsonl");
    fs::write(&input, "{\"a\": 20, \"b\": 22}\n\"text\"\n[1, 2]\n").unwrap();
    let dispatcher = pipeline.dispatcher(&["--input", input.to_str().unwrap()]);
    let worker = pipeline.connected_worker(&[
        "--jobs",
        "2",
        "--id",
        "9",
        "--",
        "sh",
        "-c",
        "wc -c | tr -d ' '",
    ]);
    assert_eq!(succeeded(pipeline.sink(&[])).stdout, "results: 3\n");
    succeeded(dispatcher);
    succeeded(worker);
    // With the line end.
    let expected = [19, 7, 7].map(|bytes| json!(bytes));
    let lines = pipeline.lines(3);
    for (line, expected) in lines.iter().zip(&expected) {
        assert_eq!((&line["result"], &line["worker_id"]), (expected, &json!(9)));
    }
}

#[test]
fn any_json_value_is_a_task_and_a_result() {
    let pipeline = Pipeline::new();
    let values = [json!(null), json!(false), json!(0), json!(""), json!([]), json!({})];
    let input = pipeline.folder.path().join("tasks.jsonl");
    fs::write(&input, values.each_ref().map(|value| format!("{value}\n")).concat()).unwrap();
    let dispatcher = pipeline.dispatcher(&["--input", input.to_str().unwrap()]);
    let worker = pipeline.connected_worker(&[]);
    assert_eq!(succeeded(pipeline.sink(&[])).stdout, "results: 6\n");
    succeeded(dispatcher);
    succeeded(worker);
    for (line, value) in pipeline.lines(6).iter().zip(&values) {
        assert_eq!(line.get("result"), Some(value));
    }
}

#[test]
fn a_task_that_always_fails_is_given_up_and_the_others_are_done() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "20", "--attempts", "3"]);
    let script = "read task; case $task in *:7}) echo poison >&2; exit 4;; esac; echo $task";
    let worker = pipeline.worker(&["--id", "5", "--", "sh", "-c", script]);
    let sink = pipeline.sink(&[]).wait();
    assert_eq!((sink.code, sink.stdout.as_str()), (Some(1), "results: 19\n"), "{sink:?}");
    assert!(sink.stderr.ends_with(
        "error: 1 of 20 tasks failed; the output says why (--retry-failed tries them again)\n"
    ));
    assert_eq!(dispatcher.wait().code, Some(1));
    succeeded(worker);
    let line = &pipeline.lines(20)[7];
    assert_eq!(line["failed"], "sh ended with exit status: 4: poison (attempt 3)");
    for (field, value) in [
        ("num", json!(7)),
        ("worker_id", json!(5)),
        ("attempt", json!(3)),
        ("exit", json!(4)),
        ("stdout", json!("")),
        ("stderr", json!("poison\n")),
    ] {
        assert_eq!(line[field], value, "{line}");
    }
}

/// Its workers are started again, as a supervisor would.
#[test]
fn a_task_that_kills_its_worker_is_given_up_and_the_others_are_done() {
    let pipeline = Pipeline::new();
    let flags = ["--count", "20", "--crash-limit", "2", "--lease", "1s"];
    let dispatcher = pipeline.dispatcher(&flags);
    let sink = pipeline.sink(&[]);
    // $PPID is the worker.
    let script = "read task; case $task in *:7}) kill -9 $PPID;; esac; echo $task";
    while pipeline.worker(&["--", "sh", "-c", script]).wait().code != Some(0) {}
    assert_eq!(sink.wait().code, Some(1));
    assert_eq!(dispatcher.wait().code, Some(1));
    assert_eq!(pipeline.lines(20)[7]["failed"], "its worker died (2 times)");
}

/// One would have its first task done after an hour.
#[test]
fn a_slow_worker_holds_nobody_up() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "400"]);
    let _slow = pipeline.connected_worker(&["--id", "3", "--work", "1h"]);
    let _quick = ["1", "2"].map(|id| pipeline.worker(&["--id", id, "--work", "1ms"]));
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    pipeline.lines(400);
}

/// With a lease of an hour no other worker would get the task before that.
#[test]
fn a_worker_that_is_interrupted_hands_its_task_back() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "1", "--lease", "1h"]);
    let sink = pipeline.sink(&[]);
    let begun = pipeline.folder.path().join("begun");
    let script = format!("touch {}; sleep 1000", begun.display());
    let first = pipeline.worker(&["--", "sh", "-c", &script]);
    let deadline = Instant::now() + DEADLINE;
    while !begun.exists() {
        assert!(Instant::now() < deadline, "the task is not begun");
        thread::yield_now();
    }
    let interrupted = first.interrupt();
    assert_eq!(interrupted.code, Some(130), "{interrupted:?}");
    let second = pipeline.connected_worker(&[]);
    succeeded(sink);
    succeeded(dispatcher);
    succeeded(second);
}

/// Kills a process of any role, again and again, and starts it again with the same arguments.
fn kill_storm(seed: u64, kills: usize) {
    let mut rng = StdRng::seed_from_u64(seed);
    let pipeline = Pipeline::new();
    let start = |role: usize| match role {
        0 => pipeline.dispatcher(&["--count", "5000", "--lease", "1s"]),
        1 => pipeline.sink(&[]),
        _ => pipeline.worker(&["--id", &role.to_string(), "--work", "2ms"]),
    };
    let mut processes: Vec<Process> = (0..5).map(start).collect();
    for _ in 0..kills {
        thread::sleep(Duration::from_millis(rng.random_range(5..30)));
        let role = rng.random_range(0..processes.len());
        processes.remove(role).kill();
        processes.insert(role, start(role));
    }
    let mut processes = processes.into_iter();
    let (dispatcher, sink) = (processes.next().unwrap(), processes.next().unwrap());
    succeeded(sink);
    succeeded(dispatcher);
    processes.map(succeeded).for_each(drop);
    pipeline.lines(5_000);
}

#[test]
fn nothing_is_lost_or_doubled_in_a_storm_of_kills() {
    kill_storm(1, 100);
}

#[test]
fn progress_is_published_to_subscribers() {
    let pipeline = Pipeline::new();
    let flags = ["progress", "--connect", &pipeline.progress, "--count", "0"];
    let subscriber = rust("subscriber").args(flags).start();
    let dispatcher = pipeline.dispatcher(&["--count", "5"]);
    let heard = subscriber.wait_for(Stream::Stdout, "progress");
    assert!(heard.contains("\\\"total\\\":5,\\\"done\\\":0"), "{heard}");
    let worker = pipeline.connected_worker(&[]);
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    succeeded(worker);
    subscriber.wait_for(Stream::Stdout, "\\\"done\\\":5");
}

#[test]
fn a_peer_of_another_version_is_refused_with_a_reason() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&[]);
    let peers = Peers::new();
    for (endpoint, request) in [
        (&pipeline.work, "{\"version\":1,\"type\":\"ready\",\"new\":true}"),
        (&pipeline.acks, "{\"version\":1,\"type\":\"done\"}"),
    ] {
        let peer = peers.connect(zmq::REQ, endpoint);
        peer.send(request, 0).unwrap();
        let answer: Value = serde_json::from_slice(&peer.recv_bytes(0).unwrap()).unwrap();
        let why = "it speaks version 1 of the protocol, not 2";
        assert_eq!(answer, json!({"type": "refused", "why": why}));
        dispatcher.wait_for(Stream::Stderr, &format!("warning: rejected a message: {why}"));
    }
}
