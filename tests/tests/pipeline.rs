//! The pipeline with Rust at every step.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use e2e::{Peers, Process, endpoint, rust};
use serde_json::{Value, json};

fn producer(endpoint: &str, flags: &[&str]) -> Process {
    rust("producer").args(["--bind", endpoint]).args(flags).start()
}

/// A consumer that connects to both of its neighbours, so that a host may have several.
fn consumer(tasks: &str, results: &str, id: usize) -> Process {
    rust("consumer")
        .args(["--tasks-connect", tasks, "--results-connect", results, "--id", &id.to_string()])
        .start()
}

/// The JSON object that a program has printed.
fn summary(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

#[test]
fn the_articles_pipeline_counts_a_thousand_results() {
    let (tasks, results) = (endpoint(), endpoint());
    let producer = producer(&tasks, &[]);
    let flags = ["--tasks-connect", &tasks, "--results-bind", &results, "--id", "517"];
    let consumer = rust("consumer").args(flags).start();
    let collector = rust("resultcollector").args(["--connect", &results]).start().wait();
    let chart = format!("consumer 517  1000 {}\nresults collected: 1000\n", "█".repeat(40));
    assert_eq!((collector.code, collector.stdout), (Some(0), chart));
    let producer = producer.wait();
    assert_eq!((producer.code, producer.stdout.as_str()), (Some(0), "tasks sent: 2000\n"));
    let consumer = consumer.interrupt();
    assert!(consumer.stdout.starts_with("results of consumer 517: "), "{}", consumer.stdout);
    assert_eq!(consumer.code, Some(0));
}

#[test]
fn three_consumers_share_the_tasks_and_each_task_is_done_once() {
    let (tasks, results) = (endpoint(), endpoint());
    let _producer = producer(&tasks, &["--wait-for", "3"]);
    let _consumers = [1, 2, 3].map(|id| consumer(&tasks, &results, id));
    let collector = Peers::new().bind(zmq::PULL, &results);
    let (mut nums, mut shares) = (Vec::new(), BTreeMap::new());
    for _ in 0..2000 {
        let result = summary(&collector.recv_string(0).unwrap().unwrap());
        nums.push(result["num"].as_u64().unwrap());
        *shares.entry(result["consumer_id"].as_u64().unwrap()).or_insert(0) += 1;
    }
    nums.sort_unstable();
    assert!(nums.into_iter().eq(0..2000));
    let mut shares: Vec<_> = shares.into_iter().collect();
    shares.sort_by_key(|(_, share)| *share);
    assert_eq!(shares.iter().map(|(_, share)| *share).collect::<Vec<_>>(), [666, 667, 667]);
}

#[test]
fn the_collector_counts_what_three_consumers_did() {
    let (tasks, results) = (endpoint(), endpoint());
    let collector = rust("resultcollector")
        .args(["--bind", &results, "--count", "1998", "--format", "json"])
        .start();
    let _producer = producer(&tasks, &["--wait-for", "3", "--count", "1998"]);
    let _consumers = [1, 2, 3].map(|id| consumer(&tasks, &results, id));
    assert_eq!(
        summary(&collector.wait().stdout),
        json!({"results": 1998, "consumers": {"1": 666, "2": 666, "3": 666}, "rejected": 0})
    );
}

#[test]
fn a_collector_and_a_producer_that_are_restarted_are_found_again() {
    let (tasks, results) = (endpoint(), endpoint());
    let _consumer = rust("consumer")
        .args(["--tasks-connect", &tasks, "--results-bind", &results, "--id", "5"])
        .start();
    for _ in 0..3 {
        let producer = producer(&tasks, &["--count", "100"]);
        let collector =
            rust("resultcollector").args(["--connect", &results, "--count", "100"]).start();
        assert_eq!(producer.wait().code, Some(0));
        assert!(collector.wait().stdout.starts_with("consumer 5  100 "));
    }
}
