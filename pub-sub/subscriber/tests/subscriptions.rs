//! `subscriber` against plain sockets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use e2e::{Peers, Process, Stream, endpoint, rust};
use zmq::Socket;

/// A subscriber with `flags`, and an XPUB socket that has received its `subscriptions`.
fn publisher_and_subscriber(flags: &[&str], subscriptions: &[&str]) -> (Socket, Process) {
    let endpoint = endpoint();
    let publisher = Peers::new().bind(zmq::XPUB, &endpoint);
    let subscriber = rust("subscriber").args(["--connect", &endpoint]).args(flags).start();
    let mut received: Vec<_> =
        subscriptions.iter().map(|_| publisher.recv_string(0).unwrap().unwrap()).collect();
    received.sort();
    assert_eq!(
        received,
        subscriptions.iter().map(|topic| format!("\x01{topic}")).collect::<Vec<_>>()
    );
    (publisher, subscriber)
}

#[test]
fn one_message_of_the_articles_topic_is_printed_as_it_came() {
    let (publisher, subscriber) = publisher_and_subscriber(&[], &["client1"]);
    publisher.send_multipart([b"client2".as_slice(), b"other"], 0).unwrap();
    publisher.send_multipart([b"client1".as_slice(), b"\xffnews"], 0).unwrap();
    let ended = subscriber.wait();
    assert_eq!(ended.stdout, "[b\"client1\", b\"\\xffnews\"]\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn topics_match_by_prefix() {
    let (publisher, subscriber) = publisher_and_subscriber(&["--count", "2"], &["client1"]);
    for topic in ["client", "Client1", "client1client2", "client1"] {
        publisher.send_multipart([topic, "message"], 0).unwrap();
    }
    assert_eq!(
        subscriber.wait().stdout,
        "[b\"client1client2\", b\"message\"]\n[b\"client1\", b\"message\"]\n"
    );
}

#[test]
fn several_topics_and_the_empty_one_for_all() {
    let (publisher, subscriber) =
        publisher_and_subscriber(&["--count", "2", "a", "b"], &["a", "b"]);
    for topic in ["b", "c", "a"] {
        publisher.send_multipart([topic, ""], 0).unwrap();
    }
    assert_eq!(subscriber.wait().stdout, "[b\"b\", b\"\"]\n[b\"a\", b\"\"]\n");

    let (publisher, subscriber) = publisher_and_subscriber(&[""], &[""]);
    publisher.send_multipart(["whatever", "message"], 0).unwrap();
    assert_eq!(subscriber.wait().stdout, "[b\"whatever\", b\"message\"]\n");
}

#[test]
fn messages_come_from_several_publishers() {
    let (first, second, peers) = (endpoint(), endpoint(), Peers::new());
    let publishers = [peers.bind(zmq::XPUB, &first), peers.bind(zmq::XPUB, &second)];
    let subscriber = rust("subscriber")
        .args(["--connect", &first, "--connect", &second, "--count", "2", "--format", "json"])
        .start();
    for publisher in &publishers {
        publisher.recv_bytes(0).unwrap();
        publisher.send_multipart(["client1", "message"], 0).unwrap();
    }
    let line = "{\"topic\":\"client1\",\"message\":\"message\"}\n";
    assert_eq!(subscriber.wait().stdout, line.repeat(2));
}

#[test]
fn messages_of_another_number_of_frames_are_reported_counted_and_skipped() {
    let (publisher, subscriber) = publisher_and_subscriber(&["--count", "0"], &["client1"]);
    publisher.send_multipart(["client1"], 0).unwrap();
    publisher.send_multipart(["client1", "2", "3"], 0).unwrap();
    publisher.send_multipart(["client1", "good"], 0).unwrap();
    subscriber.wait_for(Stream::Stdout, "good");
    let ended = subscriber.interrupt();
    let reason = "warning: rejected a message: not two frames, topic and message";
    assert_eq!(
        ended.stderr,
        format!(
            "{reason} (7 bytes in 1 frame: b\"client1\")\n\
             {reason} (9 bytes in 3 frames: b\"client1\"…)\n"
        )
    );
    assert_eq!(ended.stdout, "[b\"client1\", b\"good\"]\nmessages received: 1, rejected: 2\n");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn quiet_keeps_the_summary_alone() {
    let (publisher, subscriber) = publisher_and_subscriber(&["-q", "--count", "2"], &["client1"]);
    publisher.send_multipart(["client1", "1"], 0).unwrap();
    publisher.send_multipart(["client1", "2"], 0).unwrap();
    assert_eq!(subscriber.wait().stdout, "");
}

/// The publisher here holds 1000 messages, its own high-water mark, and the system's buffers a few
/// MB. With a mark of 1000, the subscriber would hold the rest of the 40 MB, and receive it all in
/// the end.
#[test]
fn a_slow_subscriber_holds_no_more_than_its_high_water_mark() {
    let flags = ["--hwm", "1", "--work", "1ms", "--count", "0", "--format", "json"];
    let (publisher, subscriber) = publisher_and_subscriber(&flags, &["client1"]);
    for _ in 0..100 {
        for _ in 0..20 {
            publisher.send_multipart([b"client1".as_slice(), &vec![b'x'; 20_000]], 0).unwrap();
        }
        // Not so fast that the publisher's own queue overflows.
        publisher.poll(zmq::POLLIN, 2).unwrap();
    }
    // Lost, too, until there is room again.
    while subscriber.count(Stream::Stdout, "the end") == 0 {
        publisher.send_multipart(["client1", "the end"], 0).unwrap();
        publisher.poll(zmq::POLLIN, 20).unwrap();
    }
    let received = subscriber.interrupt().stdout.lines().filter(|line| line.len() > 20_000).count();
    assert!(received < 2000, "{received}");
}

#[test]
fn a_topic_that_no_publisher_would_take_is_wrong_usage() {
    let ended = rust("subscriber").arg("x".repeat(1001)).start().wait();
    assert!(ended.stderr.contains("it is 1001 bytes long, and may be 1000"), "{}", ended.stderr);
    assert_eq!(ended.code, Some(2));
}
