//! Whose fault a failure is, and what the output is worth.

use std::fs;

use e2e::{Stream, shell};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::pipeline::{Pipeline, succeeded};

#[test]
fn one_bad_host_does_not_eat_the_queue() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "60"]);
    let bad = pipeline.worker(&["-q", "--id", "1", "--", "false"]);
    let good = pipeline.worker(&["--id", "2", "--", "sh", "-c", "sleep 0.02"]);
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    succeeded(bad);
    succeeded(good);
    assert!(pipeline.lines(60).iter().all(|line| line["worker_id"] == 2));
}

#[test]
fn a_service_that_is_away_for_a_moment_costs_no_task() {
    let pipeline = Pipeline::new();
    let there = pipeline.folder.path().join("there");
    let dispatcher = pipeline.dispatcher(&["--count", "40"]);
    let script = format!("test -e {}", there.display());
    let worker = pipeline.worker(&["-q", "--", "sh", "-c", &script]);
    let sink = pipeline.sink(&[]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    fs::write(there, "").unwrap();
    succeeded(sink);
    succeeded(dispatcher);
    succeeded(worker);
    pipeline.lines(40);
}

#[test]
fn failed_tasks_are_final_until_they_are_to_be_tried_again() {
    let pipeline = Pipeline::new();
    let run = |command: &str, flags: &[&str]| {
        let dispatcher = pipeline.dispatcher(&["--count", "9", "--attempts", "1"]);
        let worker = pipeline.connected_worker(&["--", "sh", "-c", command]);
        let sink = pipeline.sink(flags).wait();
        assert_eq!(dispatcher.wait().code, sink.code);
        succeeded(worker);
        sink
    };
    let script = "read -r task; case $task in *[13]}) exit 1;; esac";
    assert_eq!(run(script, &[]).code, Some(1));
    let before = pipeline.lines(9);
    let again = run("true", &[]);
    assert_eq!(again.stdout, "results: 7\n");
    assert!(again.stderr.contains("(--retry-failed tries them again)"), "{}", again.stderr);
    assert_eq!(pipeline.lines(9), before);
    assert_eq!(run("true", &["--retry-failed"]).stdout, "results: 9\n");
    assert!(pipeline.lines(9).iter().all(|line| line.get("result").is_some()));
}

#[test]
fn a_job_ends_early_after_too_many_failures() {
    let pipeline = Pipeline::new();
    let flags = ["--count", "1000", "--attempts", "1", "--max-failures", "3"];
    let dispatcher = pipeline.dispatcher(&flags);
    let worker = pipeline.connected_worker(&["--", "sh", "-c", "sleep 0.02; exit 1"]);
    let sink = pipeline.sink(&[]).wait();
    assert!(sink.stderr.contains("error: the job ended early: "), "{}", sink.stderr);
    let dispatcher = dispatcher.wait();
    assert!(dispatcher.stderr.contains("(--max-failures)"), "{}", dispatcher.stderr);
    assert_eq!((sink.code, dispatcher.code), (Some(1), Some(1)));
    succeeded(worker);
}

/// `TASK_…` lines and NUL-separated names, as text.
#[test]
fn any_text_is_a_task() {
    for (flag, text) in [("--lines", "one\n \"two\"\n\n"), ("-0", "one\0 \"two\"\0\0")] {
        let pipeline = Pipeline::new();
        let input = pipeline.file("tasks", text);
        let dispatcher = pipeline.dispatcher(&["--input", &input, flag]);
        let worker = pipeline.connected_worker(&[]);
        succeeded(pipeline.sink(&[]));
        succeeded(dispatcher);
        succeeded(worker);
        let results: Vec<Value> =
            pipeline.lines(3).into_iter().map(|line| line["result"].clone()).collect();
        assert_eq!(results, [json!("one"), json!(" \"two\""), json!("")]);
    }
}

#[test]
fn an_output_of_version_1_is_continued() {
    let pipeline = Pipeline::new();
    let run = || {
        let dispatcher = pipeline.dispatcher(&["--count", "20"]);
        let worker = pipeline.connected_worker(&[]);
        succeeded(pipeline.sink(&[]));
        succeeded(dispatcher);
        succeeded(worker);
    };
    run();
    let text = fs::read_to_string(pipeline.output()).unwrap();
    let old = text.replacen("\"version\":2", "\"version\":1", 1);
    let half: String = old.split_inclusive('\n').take(11).collect();
    fs::write(pipeline.output(), &half).unwrap();
    run();
    assert!(fs::read_to_string(pipeline.output()).unwrap().starts_with(&half));
    pipeline.lines(20);
}

#[test]
fn what_is_no_output_of_ours_is_refused_and_left_as_it_is() {
    let pipeline = Pipeline::new();
    for text in [
        "[{\"id\":1}]",
        "precious",
        "{\"job\":\"a\",\"total\":1000000000000000000,\"version\":2}\n",
    ] {
        fs::write(pipeline.output(), text).unwrap();
        let sink = pipeline.sink(&[]).wait();
        assert!(sink.stderr.contains("line 1 is not of a sink: "), "{}", sink.stderr);
        assert_eq!(sink.code, Some(1));
        assert_eq!(fs::read_to_string(pipeline.output()).unwrap(), text);
    }
    fs::remove_file(pipeline.output()).unwrap();
    let output = pipeline.output();
    assert_eq!(
        shell(&format!("mkfifo {}", output.display()), pipeline.folder.path()).start().wait().code,
        Some(0)
    );
    let sink = pipeline.sink(&[]).wait();
    assert!(sink.stderr.contains("it is not a regular file"), "{}", sink.stderr);
}

#[test]
fn an_output_that_is_deleted_while_it_is_written_is_an_error() {
    let pipeline = Pipeline::new();
    let _dispatcher = pipeline.dispatcher(&["--count", "2000"]);
    let sink = pipeline.sink(&["-v"]);
    sink.wait_until_listening();
    fs::remove_file(pipeline.output()).unwrap();
    let _worker = pipeline.worker(&["--work", "1ms"]);
    let ended = sink.wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("the output was deleted"), "{}", ended.stderr);
}

#[test]
fn a_reader_that_leaves_early_is_no_good_end() {
    let pipeline = Pipeline::new();
    let _dispatcher = pipeline.dispatcher(&["--count", "5000"]);
    let _worker = pipeline.worker(&["--work", "1ms"]);
    let (results, acks) = (&pipeline.results, &pipeline.acks);
    let command = format!(
        "{{ sink --output - --bind {results} --acks-connect {acks} || echo $? >&2; }} | head -3"
    );
    let ended = shell(&command, pipeline.folder.path()).start().wait();
    assert_eq!(ended.stdout.lines().count(), 3);
    assert!(ended.stderr.contains("stdout was closed before the job's end"), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("1\n"), "{}", ended.stderr);
    assert!(!pipeline.folder.path().join("-").exists());
}

/// With an attempt to spare, and a lease that is long over.
#[test]
fn a_worker_that_was_paused_costs_its_task_nothing() {
    let pipeline = Pipeline::new();
    let flags = ["--count", "1", "--attempts", "1", "--crash-limit", "1", "--lease", "1h"];
    let dispatcher = pipeline.dispatcher(&flags);
    let worker = pipeline.worker(&["--", "sh", "-c", "sleep 4"]);
    let sink = pipeline.sink(&["-v"]);
    sink.wait_for(Stream::Stderr, "connected to ");
    std::thread::sleep(std::time::Duration::from_secs(1));
    worker.signal(Signal::SIGSTOP);
    std::thread::sleep(std::time::Duration::from_secs(2));
    worker.signal(Signal::SIGCONT);
    succeeded(sink);
    succeeded(dispatcher);
    succeeded(worker);
    pipeline.lines(1);
}

#[test]
fn workers_that_are_interrupted_cost_no_attempt() {
    let pipeline = Pipeline::new();
    let dispatcher =
        pipeline.dispatcher(&["--count", "60", "--attempts", "1", "--crash-limit", "1"]);
    let sink = pipeline.sink(&[]);
    let worker = || pipeline.worker(&["--jobs", "2", "--", "sh", "-c", "sleep 0.1"]);
    let mut workers = [worker(), worker()];
    for round in 0..8 {
        std::thread::sleep(std::time::Duration::from_millis(250));
        let ended = std::mem::replace(&mut workers[round % 2], worker()).end_with(Signal::SIGTERM);
        assert!(matches!(ended.code, Some(143 | 0)), "{ended:?}");
    }
    succeeded(sink);
    succeeded(dispatcher);
    pipeline.lines(60);
}

#[test]
fn a_dispatcher_that_is_paused_takes_nobody_for_dead() {
    let pipeline = Pipeline::new();
    let flags = ["--count", "2", "--crash-limit", "1", "--lease", "1s", "--format", "json"];
    let dispatcher = pipeline.dispatcher(&flags);
    let sink = pipeline.sink(&["-v"]);
    sink.wait_for(Stream::Stderr, "connected to ");
    let begun = pipeline.folder.path().join("begun");
    let script = format!("touch {}; sleep 5", begun.display());
    let worker = pipeline.worker(&["--jobs", "2", "--", "sh", "-c", &script]);
    while !begun.exists() {
        std::thread::yield_now();
    }
    dispatcher.signal(Signal::SIGSTOP);
    std::thread::sleep(std::time::Duration::from_secs(3));
    dispatcher.signal(Signal::SIGCONT);
    succeeded(sink);
    let summary: Value = serde_json::from_str(&succeeded(dispatcher).stdout).unwrap();
    assert_eq!(summary["handed_out"], 2);
    succeeded(worker);
}
