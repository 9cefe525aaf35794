//! `producer` against plain sockets.

use e2e::{Peers, endpoint, rust};

#[test]
fn tasks_are_the_articles_in_order_and_every_one_is_delivered() {
    let endpoint = endpoint();
    let producer = rust("producer").args(["--bind", &endpoint]).start();
    let consumer = Peers::new().connect(zmq::PULL, &endpoint);
    for num in 0..2000 {
        assert_eq!(consumer.recv_multipart(0).unwrap(), [format!("{{\"num\":{num}}}").as_bytes()]);
    }
    let ended = producer.wait();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("tasks sent: 2000\n", ""));
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_producer_may_connect_to_a_consumer_that_binds() {
    let endpoint = endpoint();
    let consumer = Peers::new().bind(zmq::PULL, &endpoint);
    let producer = rust("producer").args(["--connect", &endpoint, "--count", "1"]).start();
    assert_eq!(consumer.recv_bytes(0).unwrap(), b"{\"num\":0}");
    assert_eq!(producer.wait().code, Some(0));
}

/// What is sent fits into the sockets' queues long before it is received: the producer must not
/// take it with it.
#[test]
fn a_producer_ends_when_its_tasks_are_delivered_however_late_their_consumer_comes() {
    let endpoint = endpoint();
    let producer = rust("producer").args(["-v", "--connect", &endpoint, "--count", "500"]).start();
    producer.wait_for(
        e2e::Stream::Stderr,
        "sent 500 tasks; waiting until all that was sent is delivered",
    );
    let consumer = Peers::new().bind(zmq::PULL, &endpoint);
    for num in 0..500 {
        assert_eq!(consumer.recv_bytes(0).unwrap(), format!("{{\"num\":{num}}}").as_bytes());
    }
    assert_eq!(producer.wait().stdout, "tasks sent: 500\n");
}

#[test]
fn a_producer_without_a_count_goes_on_until_it_is_interrupted() {
    let endpoint = endpoint();
    let producer =
        rust("producer").args(["--bind", &endpoint, "--count", "0", "--format", "json"]).start();
    let consumer = Peers::new().connect(zmq::PULL, &endpoint);
    for _ in 0..5000 {
        consumer.recv_bytes(0).unwrap();
    }
    let ended = producer.interrupt();
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(summary["sent"].as_u64().unwrap() >= 5000, "{summary}");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_producer_that_waits_for_its_consumers_deals_its_tasks_out_in_turn() {
    let endpoint = endpoint();
    let producer =
        rust("producer").args(["--bind", &endpoint, "--wait-for", "3", "--count", "1998"]).start();
    let peers = Peers::new();
    let consumers = [(); 3].map(|()| peers.connect(zmq::PULL, &endpoint));
    let mut nums = Vec::new();
    for consumer in &consumers {
        for _ in 0..666 {
            let task: serde_json::Value =
                serde_json::from_slice(&consumer.recv_bytes(0).unwrap()).unwrap();
            nums.push(task["num"].as_u64().unwrap());
        }
    }
    nums.sort_unstable();
    assert!(nums.into_iter().eq(0..1998));
    assert_eq!(producer.wait().code, Some(0));
}
