//! `subscriber` against plain sockets.

use e2e::{Peers, Process, Stream, endpoint, receive, rust};
use zmq::Socket;

/// A subscriber with `flags`, and an XPUB socket that has received its `subscriptions`.
fn publisher_and_subscriber(flags: &[&str], subscriptions: &[&str]) -> (Socket, Process) {
    let endpoint = endpoint();
    let publisher = Peers::new().bind(zmq::XPUB, &endpoint);
    let subscriber = rust("subscriber").args(["--connect", &endpoint]).args(flags).start();
    let mut received: Vec<_> = subscriptions.iter().map(|_| receive(&publisher)).collect();
    received.sort();
    let expected = |topic| [format!("\x01{topic}").into_bytes()];
    assert_eq!(received, subscriptions.iter().map(expected).collect::<Vec<_>>());
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
    let reason =
        "warning: rejected a message: not two frames, topic and message; --as string prints it";
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
fn text_of_any_number_of_frames_is_printed_as_text() {
    let flags = ["--as", "string", "--count", "0", ""];
    let (publisher, subscriber) = publisher_and_subscriber(&flags, &[""]);
    // The zguide's weather update: one frame that begins with its topic.
    publisher.send_multipart(["10001 80 215"], 0).unwrap();
    publisher.send_multipart(["新聞", "訊息\n\x1b[2J"], 0).unwrap();
    publisher.send_multipart(["a", "b", "c"], 0).unwrap();
    publisher.send_multipart([b"a".as_slice(), b"\xff"], 0).unwrap();
    publisher.send_multipart(["the", "end"], 0).unwrap();
    subscriber.wait_for(Stream::Stdout, "the end");
    let ended = subscriber.interrupt();
    assert_eq!(
        ended.stdout,
        "10001 80 215\n新聞 訊息\\n\\x1b[2J\na b c\nthe end\nmessages received: 4, rejected: 1\n"
    );
    assert!(
        ended.stderr.starts_with("warning: rejected a message: not UTF-8: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn text_in_json_has_its_frames_by_name() {
    let flags = ["--as", "string", "--count", "3", "--format", "json", ""];
    let (publisher, subscriber) = publisher_and_subscriber(&flags, &[""]);
    for frames in [&["10001 80"][..], &["新聞", "訊息"], &["a", "b", "c"]] {
        publisher.send_multipart(frames, 0).unwrap();
    }
    assert_eq!(
        subscriber.wait().stdout,
        "{\"message\":\"10001 80\"}\n{\"topic\":\"新聞\",\"message\":\"訊息\"}\n\
         {\"frames\":[\"a\",\"b\",\"c\"]}\n"
    );
}

#[test]
fn a_topic_may_begin_with_a_hyphen() {
    for (flags, topic) in [(&["--", "-x"][..], "-x"), (&["-1"], "-1"), (&["--", "--"], "--")] {
        let (publisher, subscriber) = publisher_and_subscriber(flags, &[topic]);
        publisher.send_multipart([topic, "message"], 0).unwrap();
        assert_eq!(subscriber.wait().stdout, format!("[b\"{topic}\", b\"message\"]\n"));
    }
}

#[test]
fn quiet_keeps_the_summary_alone() {
    let (publisher, subscriber) = publisher_and_subscriber(&["-q", "--count", "2"], &["client1"]);
    publisher.send_multipart(["client1", "1"], 0).unwrap();
    publisher.send_multipart(["client1", "2"], 0).unwrap();
    assert_eq!(subscriber.wait().stdout, "");
}

/// What is sent while it works waits in the OS's buffers, which hold a few MB or a few hundred
/// messages, and with the subscriber: another 1000 by default. The rest is lost.
#[test]
fn a_slow_subscriber_holds_no_more_than_its_high_water_mark() {
    let (endpoint, peers) = (endpoint(), Peers::new());
    let publisher = peers.socket(zmq::XPUB);
    publisher.set_sndhwm(10).unwrap();
    publisher.bind(&endpoint).unwrap();
    let flags = ["--hwm", "1", "--work", "1ms", "--count", "0", "--format", "json"];
    let subscriber = rust("subscriber").args(["--connect", &endpoint]).args(flags).start();
    assert_eq!(receive(&publisher), [b"\x01client1"]);
    let long = vec![b'x'; 20_000];
    while subscriber.count(Stream::Stdout, "xxx") < 200 {
        for _ in 0..20 {
            publisher.send_multipart([b"client1".as_slice(), &long], 0).unwrap();
        }
        // Leaves the processors to the subscriber.
        publisher.poll(zmq::POLLIN, 1).unwrap();
    }
    let printed = subscriber.count(Stream::Stdout, "xxx");
    // What the next publisher sends comes after all that.
    drop((publisher, peers));
    let publisher = Peers::new().bind(zmq::XPUB, &endpoint);
    assert_eq!(receive(&publisher), [b"\x01client1"]);
    publisher.send_multipart(["client1", "the end"], 0).unwrap();
    subscriber.wait_for(Stream::Stdout, "the end");
    let held = subscriber.count(Stream::Stdout, "xxx") - printed;
    assert!(held < 1000, "{held}");
}

#[test]
fn a_topic_that_no_publisher_would_take_is_wrong_usage() {
    let ended = rust("subscriber").arg("x".repeat(1001)).start().wait();
    assert!(ended.stderr.contains("it is 1001 bytes long, and may be 1000"), "{}", ended.stderr);
    assert_eq!(ended.code, Some(2));
}
