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

/// C11: the pipeline buffers tasks until a consumer takes them. Depends on who binds: a PUSH that binds
/// buffers nothing before a consumer comes, one that connects as many as its high-water mark, 1000. And on
/// what lies between, once there is a consumer: the marks of both sides and the OS's buffers. Then PUSH waits.
#[test]
fn c11_tasks_are_buffered_up_to_the_high_water_mark() {
    a_producer_that_binds_sends_nothing_to_nobody();
    a_busy_consumer_has_more_than_both_marks_but_not_all();

    let (tasks, results) = (endpoint(), endpoint());
    let peers = Peers::new();
    let push = peers.connect(zmq::PUSH, &tasks);
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

fn task(num: usize) -> String {
    json!({"num": num}).to_string()
}

fn a_producer_that_binds_sends_nothing_to_nobody() {
    let push = Peers::new().bind(zmq::PUSH, &endpoint());
    assert_eq!(push.send(&task(0), zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
    let producer = producer(&endpoint(), &["-v"]);
    producer.wait_until_listening();
    let ended = producer.interrupt();
    assert!(ended.stderr.contains("sent 0 of 2000 tasks"), "{ended:?}");
}

fn a_busy_consumer_has_more_than_both_marks_but_not_all() {
    let tasks = endpoint();
    let push = Peers::new().bind(zmq::PUSH, &tasks);
    let _busy = working(&tasks, &endpoint(), 5, "1h");
    push.send(&task(0), 0).unwrap();
    // Where it waits for so long, the consumer takes nothing more.
    push.set_sndtimeo(1000).unwrap();
    let sent = (1..1_000_000).take_while(|&num| push.send(&task(num), 0).is_ok()).count();
    assert!((2000..999_999).contains(&sent), "{sent}");
}

/// C12: when a connection drops, no data is lost. False as stated: tasks that were sent to a consumer,
/// processed or not, are lost with it, be it the article's only one or one of two. It holds for tasks that
/// are not sent yet, as when the consumer was gone before.
#[test]
fn c12_what_a_consumer_was_dealt_is_lost_with_it() {
    what_the_only_consumer_was_dealt_is_lost_with_it();
    what_one_of_two_consumers_was_dealt_is_lost_with_it();
    a_consumer_that_is_gone_before_the_hand_over_takes_nothing_with_it();
}

/// As in the article: the producer has sent all and ended, before the consumer dies.
fn what_the_only_consumer_was_dealt_is_lost_with_it() {
    let (tasks, results) = (endpoint(), endpoint());
    let peers = Peers::new();
    let collector = peers.bind(zmq::PULL, &results);
    let producer = producer(&tasks, &[]);
    let only = working(&tasks, &results, 1, "20ms");
    assert_eq!(producer.wait().stdout, "tasks sent: 2000\n");
    receive_result(&collector);
    only.kill();
    let next = consumer(&tasks, &results, 2);
    // Nothing comes: nobody has the tasks any more.
    collector.set_rcvtimeo(1000).unwrap();
    let received = std::iter::from_fn(|| collector.recv_bytes(0).ok()).count();
    assert!(received < 1000, "{received}");
    assert_eq!(next.interrupt().stdout, "results of consumer 2: 0\n");
}

fn what_one_of_two_consumers_was_dealt_is_lost_with_it() {
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

/// C13: sending goes on after the reconnect. Holds, for what is sent from then on: each side finds the
/// other again, whichever was restarted, and nobody else is touched. What was on its way is C12.
#[test]
fn c13_sending_goes_on_after_the_reconnect() {
    the_next_consumer_gets_what_the_killed_one_was_not_dealt();
    a_collector_and_a_producer_that_are_restarted_are_found_again();
}

fn the_next_consumer_gets_what_the_killed_one_was_not_dealt() {
    let (tasks, results) = (endpoint(), endpoint());
    let collector = Peers::new().bind(zmq::PULL, &results);
    // Without end: it waits until somebody takes the next task.
    let _producer = producer(&tasks, &["--count", "0"]);
    let first = consumer(&tasks, &results, 1);
    let last = 99;
    for num in 0..=last {
        assert_eq!(receive_result(&collector), (1, num));
    }
    first.kill();
    let _next = consumer(&tasks, &results, 2);
    let of_the_next = || loop {
        if let (2, num) = receive_result(&collector) {
            break num;
        }
    };
    let begin = of_the_next();
    assert!(begin > last, "{begin} after {last}");
    assert!((begin + 1..begin + 100).all(|num| of_the_next() == num));
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
