//! `publisher` against plain sockets.

use e2e::{Peers, Process, Stream, endpoint, rust};
use zmq::Socket;

/// A publisher with `flags` that waits for `subscribers` SUB sockets, which receive everything.
fn publisher_and_subscribers(flags: &[&str], subscribers: usize) -> (Process, Vec<Socket>) {
    let (endpoint, peers) = (endpoint(), Peers::new());
    let publisher = rust("publisher")
        .args(["--bind", &endpoint, "--wait-for", &subscribers.to_string()])
        .args(flags)
        .start();
    (publisher, (0..subscribers).map(|_| peers.connect(zmq::SUB, &endpoint)).collect())
}

fn receive(socket: &Socket) -> Vec<String> {
    let frames = e2e::receive(socket);
    frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
}

#[test]
fn each_round_is_a_message_of_two_frames_per_topic_and_what_is_sent_is_printed() {
    let (publisher, subscribers) =
        publisher_and_subscribers(&["--count", "2", "--interval", "1ms"], 1);
    for _round in 0..2 {
        assert_eq!(receive(&subscribers[0]), ["client1", "message for client1"]);
        assert_eq!(receive(&subscribers[0]), ["client2", "message for client2"]);
    }
    let ended = publisher.wait();
    let round =
        "[b\"client1\", b\"message for client1\"]\n[b\"client2\", b\"message for client2\"]\n";
    assert_eq!(ended.stdout, format!("{round}{round}rounds published: 2\n"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn topics_are_those_of_the_command_line() {
    let flags = ["--count", "1", "--topic", "新聞", "--topic", "", "--format", "json"];
    let (publisher, subscribers) = publisher_and_subscribers(&flags, 1);
    assert_eq!(receive(&subscribers[0]), ["新聞", "message for 新聞"]);
    assert_eq!(receive(&subscribers[0]), ["", "message for "]);
    assert_eq!(
        publisher.wait().stdout,
        "{\"topic\":\"新聞\",\"message\":\"message for 新聞\"}\n\
         {\"topic\":\"\",\"message\":\"message for \"}\n{\"published\":1,\"rejected\":0}\n"
    );
}

#[test]
fn topics_are_printed_as_text_where_that_is_asked_for() {
    let flags = ["--count", "1", "--topic", "新聞", "--topic", "-x", "--as", "string"];
    let (publisher, subscribers) = publisher_and_subscribers(&flags, 1);
    assert_eq!(receive(&subscribers[0]), ["新聞", "message for 新聞"]);
    assert_eq!(receive(&subscribers[0]), ["-x", "message for -x"]);
    let printed = "新聞 message for 新聞\n-x message for -x\nrounds published: 1\n";
    assert_eq!(publisher.wait().stdout, printed);
}

#[test]
fn a_publisher_that_waits_for_its_subscribers_loses_nothing_for_any_of_them() {
    let flags = ["-q", "--count", "100", "--interval", "0", "--topic", "all"];
    let (publisher, subscribers) = publisher_and_subscribers(&flags, 3);
    for subscriber in &subscribers {
        for _ in 0..100 {
            assert_eq!(receive(subscriber), ["all", "message for all"]);
        }
    }
    assert_eq!(publisher.wait().stdout, "rounds published: 100\n");
}

#[test]
fn a_subscription_that_was_taken_back_is_not_waited_for() {
    let endpoint = endpoint();
    let publisher = rust("publisher")
        .args(["-v", "--bind", &endpoint, "--wait-for", "2", "--count", "1", "--topic", "news"])
        .start();
    let peers = Peers::new();
    let gone = peers.connect(zmq::SUB, &endpoint);
    publisher.wait_for(Stream::Stderr, "accepted");
    drop(gone);
    publisher.wait_for(Stream::Stderr, "disconnected");
    // Neither of these two must miss the message.
    let subscribers = [peers.connect(zmq::SUB, &endpoint), peers.connect(zmq::SUB, &endpoint)];
    for subscriber in &subscribers {
        assert_eq!(receive(subscriber), ["news", "message for news"]);
    }
}

#[test]
fn without_waiting_nobody_has_to_listen() {
    let publisher = rust("publisher")
        .args(["--bind", &endpoint(), "--count", "3", "--interval", "0", "--topic", "news"])
        .start();
    let ended = publisher.wait();
    assert_eq!(ended.stdout.lines().count(), 4);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn one_publisher_listens_on_several_endpoints() {
    let (first, second, peers) = (endpoint(), endpoint(), Peers::new());
    let flags = ["--wait-for", "2", "--count", "1", "--topic", "news"];
    let _publisher =
        rust("publisher").args(["--bind", &first, "--bind", &second]).args(flags).start();
    let subscribers = [peers.connect(zmq::SUB, &first), peers.connect(zmq::SUB, &second)];
    for subscriber in &subscribers {
        assert_eq!(receive(subscriber), ["news", "message for news"]);
    }
}

/// What is lost shows in what comes next: the topics come in turn. 40 MB are sent before the first
/// is received, more than the system's buffers hold.
#[test]
fn messages_beyond_the_high_water_mark_are_lost_to_a_slow_subscriber() {
    let topics: Vec<String> = (0..20).map(|num| format!("{num:010000}")).collect();
    for (hwm, lost) in [("1", true), ("0", false)] {
        let (endpoint, peers) = (endpoint(), Peers::new());
        let subscriber = peers.socket(zmq::SUB);
        subscriber.set_rcvhwm(1).unwrap();
        subscriber.set_subscribe(b"").unwrap();
        subscriber.connect(&endpoint).unwrap();
        let publisher = rust("publisher")
            .args(["--bind", &endpoint, "--wait-for", "1", "--hwm", hwm, "--interval", "0"])
            .args(topics.iter().flat_map(|topic| ["--topic", topic]))
            .start();
        publisher.wait_for_lines(Stream::Stdout, "", 2000);
        let all = (0..100).flat_map(|_| &topics).all(|topic| receive(&subscriber)[0] == *topic);
        assert_eq!(all, !lost, "with a high-water mark of {hwm}");
    }
}

/// A long topic would be kept, and compared with each message: 16 MB of it once cost 1.7 GB.
#[test]
fn a_subscription_to_a_very_long_topic_is_refused() {
    let (endpoint, peers) = (endpoint(), Peers::new());
    let flags = ["-v", "--bind", &endpoint, "--interval", "10ms"];
    let publisher = rust("publisher").args(flags).start();
    publisher.wait_until_listening();
    for (length, received) in [(1000, true), (2000, false)] {
        let subscriber = peers.connect(zmq::SUB, &endpoint);
        subscriber.set_subscribe(&vec![b'x'; length]).unwrap();
        subscriber.set_subscribe(b"client1").unwrap();
        if received {
            assert_eq!(subscriber.recv_bytes(0).unwrap(), b"client1");
        } else {
            publisher.wait_for(e2e::Stream::Stderr, "info: disconnected from ");
        }
    }
}
