//! Nobody waits for long without saying what for, or for what cannot come.

use std::fs;
use std::time::Duration;

use e2e::{Keys, Language, Peers, Process, Stream};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::pipeline::{Pipeline, succeeded};

/// The lines of a program that stands still, once it has said what it waits for.
fn says(process: &Process, what: &str) {
    process.wait_for(Stream::Stderr, &format!("note: {what}"));
    // Whoever had something to add would have done so by now.
    std::thread::sleep(Duration::from_millis(700));
    let said = process.count(Stream::Stderr, "waiting") + process.count(Stream::Stderr, "nobody");
    assert_eq!(said, 1, "{process:?}");
}

/// In one line, with the reason where there is one.
#[test]
fn each_program_says_what_it_waits_for() {
    let pipeline = Pipeline::new();
    let (acks, work, results) = (&pipeline.acks, &pipeline.work, &pipeline.results);
    let (sink, worker) = (pipeline.sink(&[]), pipeline.worker(&[]));
    says(&sink, &format!("no dispatcher answers at {acks} (connection refused): waiting"));
    says(&worker, &format!("no dispatcher answers at {work} (connection refused): waiting"));
    sink.kill();
    worker.kill();
    let dispatcher = pipeline.dispatcher(&["--count", "1"]);
    says(&dispatcher, &format!("no sink has connected to {acks} yet: waiting"));
    let sink = pipeline.sink(&[]);
    dispatcher.wait_for(Stream::Stderr, "note: over after ");
    dispatcher.wait_for(Stream::Stderr, &format!("no worker is connected to {work}: waiting"));
    says(&sink, &format!("no worker is connected to {results}: waiting"));
}

#[test]
fn a_name_that_leads_nowhere_is_the_reason() {
    let flags = ["--connect", "tcp://no.such.host.invalid:5577"];
    let worker = e2e::rust("worker").args(flags).start();
    let what = "no dispatcher answers at tcp://no.such.host.invalid:5577 \
                (the name no.such.host.invalid cannot be resolved (";
    says(&worker, what);
}

/// What is wrong is said at once. That nobody answers is no news then.
#[test]
fn a_refused_key_is_said_once() {
    let pipeline = Pipeline::new();
    let keys = Keys::made_by(Language::Rust);
    let _dispatcher = e2e::rust("dispatcher")
        .args(["--bind", &pipeline.work, "--acks-bind", &pipeline.acks])
        .args(["--progress-bind", &pipeline.progress])
        .args(keys.server())
        .start();
    let flags = ["--connect", &pipeline.work, "--results-connect", &pipeline.results];
    let worker = e2e::rust("worker").args(flags).args(keys.client("mallory", "server")).start();
    worker.wait_for(Stream::Stderr, " refused this program's key");
    std::thread::sleep(Duration::from_secs(3));
    let lines = worker.count(Stream::Stderr, &pipeline.work);
    assert_eq!(lines, 1, "{worker:?}");
}

#[test]
fn a_worker_that_does_not_reach_the_sink_says_so_and_its_task_is_done_elsewhere() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "1"]);
    let sink = pipeline.sink(&[]);
    let nowhere = e2e::endpoint();
    let flags = ["--connect", &pipeline.work, "--results-connect", &nowhere];
    let lost = e2e::rust("worker").args(flags).start();
    lost.wait_for(
        Stream::Stderr,
        &format!("no sink takes results at {nowhere} (connection refused): waiting"),
    );
    let other = pipeline.connected_worker(&[]);
    succeeded(sink);
    succeeded(dispatcher);
    succeeded(other);
}

#[test]
fn a_second_sink_with_another_file_is_refused_by_name() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "100"]);
    let first = pipeline.sink(&["-v"]);
    first.wait_for(Stream::Stderr, "connected to ");
    let worker = pipeline.worker(&["--work", "30ms"]);
    let other = pipeline.folder.path().join("other.jsonl");
    let flags = ["--bind", &e2e::endpoint(), "--acks-connect", &pipeline.acks, "--output"];
    let second = e2e::rust("sink").args(flags).arg(&other).start().wait();
    assert_eq!(second.code, Some(1), "{second:?}");
    let why = "error: the dispatcher refused this sink: another sink is at work, with the output ";
    assert!(second.stderr.contains(why), "{}", second.stderr);
    succeeded(first);
    succeeded(dispatcher);
    succeeded(worker);
    pipeline.lines(100);
}

#[test]
fn a_worker_without_work_ends_after_its_idle_timeout() {
    let pipeline = Pipeline::new();
    let ended = succeeded(pipeline.worker(&["--idle-timeout", "300ms"]));
    assert_eq!(ended.stdout, "tasks done: 0\n");
    let _dispatcher = pipeline.dispatcher(&[]);
    succeeded(pipeline.connected_worker(&["--idle-timeout", "1s"]));
}

#[test]
fn a_worker_that_was_paused_over_the_jobs_end_ends() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "1", "--lease", "1s"]);
    let paused = pipeline.worker(&[]);
    // It is heard: there is no work without a sink.
    paused.wait_for(Stream::Stderr, "has no task to hand out: waiting");
    paused.signal(Signal::SIGSTOP);
    let other = pipeline.connected_worker(&[]);
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    succeeded(other);
    paused.signal(Signal::SIGCONT);
    assert!(succeeded(paused).stderr.contains("dispatcher and sink are gone"));
}

/// The sink has ended when the last word was said, and so has the dispatcher: a pair of which one is
/// killed at the end, and started again, ends.
#[test]
fn a_pair_that_is_started_again_at_the_end_ends() {
    let pipeline = Pipeline::new();
    let complete = "{\"job\":\"29e77b03fb35f4be5b0ac3ef8a16b60c\",\"total\":1,\"version\":2}\n\
                    {\"num\":0,\"worker_id\":1,\"result\":null}\n";
    let dispatcher = pipeline.dispatcher(&["--count", "1"]);
    let first = pipeline.sink(&[]);
    succeeded(pipeline.worker(&["--idle-timeout", "5s"]));
    succeeded(first);
    succeeded(dispatcher);
    let text = fs::read_to_string(pipeline.output()).unwrap();
    assert_eq!(text.lines().count(), complete.lines().count());
    let sink = pipeline.sink(&[]);
    let dispatcher = pipeline.dispatcher(&["--count", "1"]);
    succeeded(dispatcher);
    succeeded(sink);
    assert_eq!(fs::read_to_string(pipeline.output()).unwrap(), text);
}

#[test]
fn a_worker_whose_dispatcher_sends_rubbish_ends_with_an_error() {
    let pipeline = Pipeline::new();
    let peers = Peers::new();
    let dispatcher = peers.bind(zmq::ROUTER, &pipeline.work);
    let worker = pipeline.worker(&["--jobs", "2"]);
    let request = dispatcher.recv_multipart(0).unwrap();
    let ready: serde_json::Value = serde_json::from_slice(&request[2]).unwrap();
    let work = json!({"type": "work", "slot": ready["slot"], "seq": ready["seq"], "job": "x",
        "batch": 1, "nums": [[0, 1]], "request_limit": 65536, "result_limit": 65536});
    let answer = [request[0].clone(), Vec::new(), work.to_string().into_bytes(), b"[1,".to_vec()];
    dispatcher.send_multipart(answer, 0).unwrap();
    let ended = worker.wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("error: cannot read the dispatcher's tasks"), "{}", ended.stderr);
}
