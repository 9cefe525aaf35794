//! Publish-subscribe with Rust at both ends, and the article's claims about it.

use e2e::{Process, Stream, endpoint, rust};

fn subscriber(endpoint: &str, flags: &[&str]) -> Process {
    rust("subscriber").args(["--connect", endpoint]).args(flags).start()
}

fn printed(topic: &str) -> String {
    format!("[b\"{topic}\", b\"message for {topic}\"]\n")
}

/// C8: a publisher broadcasts to all, and a subscriber filters by topic. Holds for connected
/// subscribers that keep up: a late one misses what was published before, and a slow one misses
/// what does not fit below the high-water mark.
#[test]
fn c8_a_publisher_broadcasts_and_a_subscriber_filters() {
    each_subscriber_receives_its_topics_alone();
    a_late_subscriber_misses_what_was_published_before();
    a_slow_subscriber_misses_what_is_beyond_the_high_water_mark();
}

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

fn a_late_subscriber_misses_what_was_published_before() {
    let endpoint = endpoint();
    let flags = ["--bind", &endpoint, "--count", "5", "--interval", "200ms"];
    let publisher = rust("publisher").args(flags).start();
    publisher.wait_for(Stream::Stdout, "client1");
    let late = subscriber(&endpoint, &["--count", "0", "-q"]);
    assert_eq!(publisher.wait().code, Some(0));
    let received = late.interrupt().stdout;
    let received = received.trim_end().strip_prefix("messages received: ").unwrap();
    assert!(received.parse::<u64>().unwrap() < 5, "{received}");
}

/// 8 MB are more than the OS's buffers hold while the subscriber works for a moment on each
/// message, but are delivered within the publisher's linger time.
fn a_slow_subscriber_misses_what_is_beyond_the_high_water_mark() {
    let endpoint = endpoint();
    let slow = subscriber(&endpoint, &["x", "--hwm", "1", "--work", "300us", "--count", "0"]);
    let publish = |topic: &str, count: &str| {
        rust("publisher")
            .args(["-q", "--bind", &endpoint, "--wait-for", "1", "--hwm", "1", "--topic", topic])
            .args(["--count", count, "--interval", "0"])
            .start()
            .wait()
    };
    let (long, last) = (format!("x{}", "y".repeat(20_000)), "x, the last");
    // It waits for nobody.
    assert_eq!(publish(&long, "400").stdout, "rounds published: 400\n");
    assert_eq!(publish(last, "1").code, Some(0));
    slow.wait_for(Stream::Stdout, last);
    let received = slow.interrupt().stdout.matches(&printed(&long)).count();
    assert!((1..400).contains(&received), "{received}");
}

/// The remedy for late subscribers.
#[test]
fn a_publisher_that_waits_for_its_subscriber_loses_nothing_in_fifty_runs() {
    for _run in 0..50 {
        let endpoint = endpoint();
        let subscriber = subscriber(&endpoint, &["--count", "100", "-q"]);
        let flags = ["--bind", &endpoint, "--wait-for", "1", "--count", "100", "--interval", "0"];
        let publisher = rust("publisher").args(flags).arg("-q").start();
        assert_eq!(publisher.wait().code, Some(0));
        assert_eq!(subscriber.wait().code, Some(0));
    }
}

/// C9: topics match by prefix, so `client1` also receives `client1client2`. Holds, byte by byte.
#[test]
fn c9_topics_match_by_prefix() {
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
