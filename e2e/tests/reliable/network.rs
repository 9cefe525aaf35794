//! Slow, narrow and broken networks, and workers that are away for long.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Link, Process, Signal, Stream, rust};
use serde_json::{Value, json};

use crate::pipeline::{Pipeline, succeeded};

/// How many times tasks were handed out.
fn handed_out(dispatcher: Process) -> u64 {
    let summary: Value = serde_json::from_str(&succeeded(dispatcher).stdout).unwrap();
    summary["handed_out"].as_u64().unwrap()
}

fn worker(work: &str, results: &str, flags: &[&str]) -> Process {
    rust("worker").args(["--connect", work, "--results-connect", results]).args(flags).start()
}

/// A time-out of a second that invalidates the answer under way would never end.
#[test]
fn tasks_are_done_over_round_trips_of_more_than_a_second() {
    let pipeline = Pipeline::new();
    let far = Link::new(&pipeline.work, Duration::from_millis(600), None);
    let dispatcher = pipeline.dispatcher(&["--count", "60", "--format", "json"]);
    let workers = [(); 2].map(|()| worker(far.endpoint(), &pipeline.results, &[]));
    succeeded(pipeline.sink(&[]));
    let handed_out = handed_out(dispatcher);
    assert!(handed_out <= 120, "{handed_out} executions of 60 tasks");
    drop(workers);
    pipeline.lines(60);
}

/// Each takes three seconds to send.
#[test]
fn large_tasks_are_sent_once_over_a_narrow_line() {
    let pipeline = Pipeline::new();
    let narrow = Link::new(&pipeline.work, Duration::ZERO, Some(1_000_000));
    let input = pipeline.file("tasks", &format!("\"{}\"\n", "x".repeat(3_000_000)).repeat(5));
    let dispatcher = pipeline.dispatcher(&["--input", &input, "--format", "json"]);
    let worker = worker(narrow.endpoint(), &pipeline.results, &["--", "wc", "-c"]);
    succeeded(pipeline.sink(&[]));
    assert_eq!(handed_out(dispatcher), 5);
    succeeded(worker);
    assert!(pipeline.lines(5).iter().all(|line| line["result"] == json!(3_000_003)));
}

/// Meanwhile nothing is handed out. What was on its way may have to be done again.
#[test]
fn a_sink_that_is_cut_off_costs_few_executions() {
    let pipeline = Pipeline::new();
    let acks = Link::new(&pipeline.acks, Duration::ZERO, None);
    let results = Link::new(&pipeline.results, Duration::ZERO, None);
    let dispatcher = pipeline.dispatcher(&["--count", "1500", "--format", "json"]);
    let flags = ["--bind", &pipeline.results, "--acks-connect", acks.endpoint(), "--output"];
    let sink = rust("sink").args(flags).arg(pipeline.output()).start();
    let flags = ["--work", "2ms"];
    let workers = [(); 2].map(|()| worker(&pipeline.work, results.endpoint(), &flags));
    let deadline = Instant::now() + DEADLINE;
    while std::fs::read_to_string(pipeline.output()).unwrap_or_default().lines().count() < 100 {
        assert!(Instant::now() < deadline, "nothing is done");
        thread::sleep(Duration::from_millis(20));
    }
    acks.cut();
    results.cut();
    dispatcher.wait_for(Stream::Stderr, "the sink is silent, and nothing is handed out: waiting");
    thread::sleep(Duration::from_secs(4));
    acks.restore();
    results.restore();
    succeeded(sink);
    let handed_out = handed_out(dispatcher);
    assert!(handed_out < 3_500, "{handed_out} executions of 1500 tasks");
    drop(workers);
    pipeline.lines(1500);
}

/// Its task goes on. With what its silences cost, it would be given up the third time.
#[test]
fn a_worker_that_is_paused_beyond_its_lease_keeps_its_task() {
    let pipeline = Pipeline::new();
    let flags = ["--attempts", "1", "--crash-limit", "3", "--lease", "1s", "--count", "1"];
    let dispatcher = pipeline.dispatcher(&[&flags[..], &["--format", "json"]].concat());
    let begun = pipeline.folder.path().join("begun");
    let script = format!("touch {}; sleep 9", begun.display());
    let worker = pipeline.worker(&["--", "sh", "-c", &script]);
    let sink = pipeline.sink(&[]);
    let deadline = Instant::now() + DEADLINE;
    while !begun.exists() {
        assert!(Instant::now() < deadline, "the task is not begun");
        thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(700));
        worker.signal(Signal::SIGSTOP);
        thread::sleep(Duration::from_millis(1_800));
        worker.signal(Signal::SIGCONT);
    }
    succeeded(sink);
    assert_eq!(handed_out(dispatcher), 1);
    succeeded(worker);
    assert_eq!(pipeline.lines(1)[0]["attempt"], json!(1));
}

#[test]
fn a_failure_with_one_line_of_twenty_megabytes_is_cut() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "2", "--attempts", "1"]);
    let script = "read -r task; case $task in *:1}) \
                  head -c 20000000 /dev/zero | tr '\\0' e >&2; exit 1;; esac";
    let worker = pipeline.worker(&["-q", "--", "sh", "-c", script]);
    assert_eq!(pipeline.sink(&[]).wait().code, Some(1));
    assert_eq!(dispatcher.wait().code, Some(1));
    succeeded(worker);
    let line = &pipeline.lines(2)[1];
    let (why, stderr) = (line["failed"].as_str().unwrap(), line["stderr"].as_str().unwrap());
    assert!(why.starts_with("sh ended with exit status: 1: eee") && why.len() <= 1 << 10, "{why}");
    assert!(stderr.ends_with("eee") && stderr.len() <= 4 << 10, "{} bytes", stderr.len());
}
