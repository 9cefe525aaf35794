//! Publish-subscribe with Rust at both ends.

use e2e::{Process, Stream, endpoint, rust};

fn subscriber(endpoint: &str, flags: &[&str]) -> Process {
    rust("subscriber").args(["--connect", endpoint]).args(flags).start()
}

fn printed(topic: &str) -> String {
    format!("[b\"{topic}\", b\"message for {topic}\"]\n")
}

#[test]
fn each_subscriber_receives_its_topics_alone() {
    let endpoint = endpoint();
    let subscribers = [
        (subscriber(&endpoint, &[]), printed("client1")),
        (subscriber(&endpoint, &["client2"]), printed("client2")),
        (
            subscriber(&endpoint, &["client1", "client2", "--count", "4"]),
            (printed("client1") + &printed("client2")).repeat(2),
        ),
        (subscriber(&endpoint, &["", "--count", "2"]), printed("client1") + &printed("client2")),
    ];
    let flags = ["--bind", &endpoint, "--wait-for", "5", "--count", "2", "--interval", "0"];
    let publisher = rust("publisher").args(flags).start();
    for (subscriber, expected) in subscribers {
        let ended = subscriber.wait();
        assert_eq!((ended.code, ended.stdout), (Some(0), expected));
    }
    assert_eq!(publisher.wait().code, Some(0));
}

#[test]
fn topics_match_by_prefix() {
    let endpoint = endpoint();
    let subscriber = subscriber(&endpoint, &["client1", "--count", "2"]);
    let topics = ["client", "xclient1", "client1client2", "client2", "client1"];
    let _publisher = rust("publisher")
        .args(["--bind", &endpoint, "--wait-for", "1", "--count", "1"])
        .args(topics.iter().flat_map(|topic| ["--topic", topic]))
        .start();
    assert_eq!(subscriber.wait().stdout, printed("client1client2") + &printed("client1"));
}

#[test]
fn a_subscriber_that_comes_late_or_comes_back_receives_from_then_on() {
    let endpoint = endpoint();
    let publisher = rust("publisher").args(["--bind", &endpoint, "--interval", "1ms"]).start();
    publisher.wait_for_lines(Stream::Stdout, "client1", 10);
    for _ in 0..3 {
        let subscriber = subscriber(&endpoint, &["--count", "0"]);
        subscriber.wait_for_lines(Stream::Stdout, &printed("client1")[..10], 5);
        subscriber.kill();
    }
    publisher.wait_for_lines(Stream::Stdout, "client1", 100);
    assert_eq!(publisher.interrupt().code, Some(0));
}

#[test]
fn a_publisher_that_is_restarted_is_found_again() {
    let endpoint = endpoint();
    let flags = ["--bind", &endpoint, "--interval", "1ms", "--topic"];
    let first = rust("publisher").args(flags).arg("news of the first").start();
    let subscriber = subscriber(&endpoint, &["-v", "news", "--count", "0"]);
    subscriber.wait_for(Stream::Stdout, "first");
    first.kill();
    subscriber.wait_for(Stream::Stderr, "disconnected");
    let _second = rust("publisher").args(flags).arg("news of the second").start();
    subscriber.wait_for(Stream::Stdout, "second");
}
