//! The pipeline with Rust at every step, and the article's claims about it.

use std::collections::BTreeMap;

use e2e::{Peers, Process, Stream, endpoint, receive_result, rust};
use serde_json::{Value, json};

fn producer(endpoint: &str, flags: &[&str]) -> Process {
    rust("producer").args(["--bind", endpoint]).args(flags).start()
}

/// A consumer that connects to both of its neighbours, so that a host has room for several, and
/// works for a while on each task.
fn working(tasks: &str, results: &str, id: usize, work: &str) -> Process {
    rust("consumer")
        .args(["--tasks-connect", tasks, "--results-connect", results, "--id", &id.to_string()])
        .args(["--work", work])
        .start()
}

fn consumer(tasks: &str, results: &str, id: usize) -> Process {
    working(tasks, results, id, "0")
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
    for (consumer, num) in (0..2000).map(|_| receive_result(&collector)) {
        nums.push(num);
        *shares.entry(consumer).or_insert(0) += 1;
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
        json!({"collected": 1998, "consumers": {"1": 666, "2": 666, "3": 666}, "rejected": 0})
    );
}

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

/// C10: the pipeline balances the load over its consumers. By count alone: PUSH deals tasks out in
/// turn to any consumer that has room for them, so a consumer that is much slower gets as many, and the others
/// have long done theirs while it works on. It holds where all consumers are as fast.
#[test]
fn c10_tasks_are_balanced_by_count_not_by_work() {
    let (tasks, results) = (endpoint(), endpoint());
    let collector = Peers::new().bind(zmq::PULL, &results);
    let _producer = producer(&tasks, &["--wait-for", "3", "--count", "60"]);
    // So much slower that a busy machine does not make the others as slow.
    let works = ["1ms", "1ms", "100ms"];
    let _consumers: Vec<_> =
        works.iter().zip(1..).map(|(work, id)| working(&tasks, &results, id, work)).collect();
    let order: Vec<u64> = (0..60).map(|_| receive_result(&collector).0).collect();
    for id in 1..=3 {
        assert_eq!(order.iter().filter(|&&consumer| consumer == id).count(), 20);
    }
    // The results that the slow one sent alone, after the fast ones were done.
    let alone = order.iter().rev().take_while(|&&consumer| consumer == 3).count();
    assert!(alone > 10, "{alone}");
}

/// C11: the pipeline buffers tasks until a consumer receives them. Holds for a PUSH that connects,
/// up to the high-water mark, 1000 tasks on each side by default, plus the OS's buffers: then PUSH
/// waits.
#[test]
fn c11_tasks_are_buffered_up_to_the_high_water_mark() {
    let (tasks, results) = (endpoint(), endpoint());
    let peers = Peers::new();
    let push = peers.connect(zmq::PUSH, &tasks);
    let task = |num: usize| json!({"num": num}).to_string();
    let sent = (0..2000).take_while(|&num| push.send(&task(num), zmq::DONTWAIT).is_ok()).count();
    assert_eq!(sent, 1000);

    let _consumer = rust("consumer")
        .args(["--tasks-bind", &tasks, "--results-connect", &results, "--id", "5"])
        .start();
    let collector = peers.bind(zmq::PULL, &results);
    for num in 0..1000 {
        assert_eq!(receive_result(&collector), (5, num));
    }
    push.send(&task(1000), 0).unwrap();
    assert_eq!(receive_result(&collector), (5, 1000));
}

/// C12: when a connection drops no data is lost, and sending goes on after the reconnect. False as
/// stated: tasks that were sent to a consumer, processed or not, are lost with it. It holds for
/// tasks that are not sent yet: when the consumer was gone before, and when producer or collector
/// restart.
#[test]
fn c12_what_a_consumer_was_dealt_is_lost_with_it() {
    let (tasks, results) = (endpoint(), endpoint());
    let collector = Peers::new().bind(zmq::PULL, &results);
    let producer = producer(&tasks, &["--wait-for", "2"]);
    let survivor = working(&tasks, &results, 1, "2ms");
    // However late the kill comes, it has not done half of its thousand by then: they take 20 s.
    let victim = working(&tasks, &results, 2, "20ms");
    let mut received = Vec::new();
    let mut receive_until = |consumer, count| {
        while received.iter().filter(|(id, _)| *id == consumer).count() < count {
            received.push(receive_result(&collector));
        }
    };
    receive_until(2, 10);
    victim.kill();
    receive_until(1, 1000);
    let lost = 2000 - received.len();
    // Nobody is left who would do them.
    assert_eq!(producer.wait().code, Some(0));
    assert_eq!(survivor.interrupt().stdout, "results of consumer 1: 1000\n");
    assert!((500..1000).contains(&lost), "{lost}");

    a_consumer_that_is_gone_before_the_hand_over_takes_nothing_with_it();
    a_collector_and_a_producer_that_are_restarted_are_found_again();
}

/// PING and PONG queue behind the tasks. The consumer is alive, but processes too few of them in
/// the time that the heartbeat allows.
#[test]
fn a_heartbeat_takes_a_consumer_with_too_many_tasks_for_gone() {
    let (tasks, results) = (endpoint(), endpoint());
    let _collector = Peers::new().bind(zmq::PULL, &results);
    let _producer = producer(&tasks, &["--count", "0", "--heartbeat", "200ms"]);
    let consumer = rust("consumer")
        .args(["-v", "--tasks-connect", &tasks, "--results-connect", &results])
        .args(["--work", "10ms", "--heartbeat", "200ms"])
        .start();
    consumer.wait_for(Stream::Stderr, &format!("disconnected from {tasks}"));
    consumer.wait_for_lines(Stream::Stderr, &format!("connected to {tasks}"), 2);
}

fn a_consumer_that_is_gone_before_the_hand_over_takes_nothing_with_it() {
    let (tasks, results) = (endpoint(), endpoint());
    let collector = Peers::new().bind(zmq::PULL, &results);
    // It waits for two consumers, so the first is gone before anything is sent.
    let producer = rust("producer").args(["-vv", "--bind", &tasks, "--wait-for", "2"]).start();
    let first = consumer(&tasks, &results, 1);
    producer.wait_for(Stream::Stderr, "HANDSHAKE_SUCCEEDED");
    first.kill();
    producer.wait_for(Stream::Stderr, "disconnected");
    let _second = consumer(&tasks, &results, 2);
    for num in 0..2000 {
        assert_eq!(receive_result(&collector), (2, num));
    }
}
