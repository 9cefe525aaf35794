//! What goes in comes out, byte by byte, and is told.

use std::io::{Read, Write};
use std::net::Shutdown;

use e2e::{Peers, curve_client, curve_server, endpoint, receive, send};
use tap::Way::{Down, Up};
use tap::zmtp::{Greeting, Seen};
use tap::{Event, Way};
use zmq::CurveKeyPair;

use crate::kit::{Behind, Recorded, Wire};

/// Sizes around the limits of ZMTP's short frames and of what libzmq batches.
const SIZES: [usize; 9] = [0, 1, 254, 255, 256, 8191, 8192, 8193, 300_000];

#[test]
fn requests_and_replies_of_any_size_pass() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = peers.bind(zmq::REP, &endpoint);
    let recorded = Recorded::to(&endpoint);
    let client = peers.connect(zmq::REQ, recorded.endpoint());
    for size in SIZES {
        let request: Vec<u8> = (0..=255).cycle().take(size).collect();
        send(&client, &request);
        assert_eq!(receive(&server), [&request[..]]);
        server.send_multipart([&request[..], b"", b"reply"], 0).unwrap();
        assert_eq!(receive(&client), [&request[..], b"", b"reply"]);
        let ((up, its_way), (down, back)) = (recorded.wire.message(), recorded.wire.message());
        assert_eq!((its_way, back), (Up, Down));
        // An empty frame stands before requests and replies.
        let sizes = |frames: &[tap::zmtp::Frame]| -> Vec<u64> {
            frames.iter().map(|frame| frame.bytes).collect()
        };
        let size = size as u64;
        assert_eq!(sizes(&up.frames), [0, size]);
        assert!(request.starts_with(&up.frames[1].start));
        assert_eq!(up.frames[1].start.len() as u64, size.min(320));
        assert_eq!((sizes(&down.frames), down.bytes), (vec![0, size, 0, 5], size + 5));
        assert_eq!(down.frames[3].text(), "reply");
    }
    let rounds = SIZES.len() as u64;
    recorded.passed_unchanged(rounds, rounds);
}

#[test]
fn a_handshake_is_told() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = peers.bind(zmq::ROUTER, &endpoint);
    let wire = Wire::to(&endpoint);
    let client = peers.socket(zmq::DEALER);
    client.set_identity("客戶端".as_bytes()).unwrap();
    client.connect(&wire.endpoint()).unwrap();
    send(&client, "嗨");
    assert_eq!(receive(&server)[0], "客戶端".as_bytes());
    assert_eq!(wire.next(), Event::Connected { connection: 1 });
    let told = wire.until(|event| matches!(event, Event::Seen { seen: Seen::Message(_), .. }));
    let of = |its_way: Way| -> Vec<&Seen> {
        let seen = told.iter().filter_map(|event| match event {
            Event::Seen { connection: 1, way, seen } if *way == its_way => Some(seen),
            _ => None,
        });
        seen.collect()
    };
    let mechanism = "NULL".to_owned();
    let greeting = Seen::Greeting(Greeting { version: (3, 1), mechanism, as_server: false });
    let [up_greeting, Seen::Command(ready), Seen::Message(message)] = of(Up)[..] else {
        panic!("{told:?}")
    };
    assert_eq!(*up_greeting, greeting);
    assert_eq!(ready.name, "READY");
    assert_eq!(ready.text, "Socket-Type: DEALER, Identity: 客戶端");
    assert_eq!(message.frames[0].text(), "嗨");
    let [down_greeting, Seen::Command(ready)] = of(Down)[..] else { panic!("{told:?}") };
    assert_eq!(*down_greeting, greeting);
    assert_eq!(ready.text, "Socket-Type: ROUTER");
    drop((client, peers));
    wire.until(|event| *event == Event::Disconnected { connection: 1 });
}

#[test]
fn subscriptions_are_told_and_not_counted() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let publisher = peers.bind(zmq::XPUB, &endpoint);
    let recorded = Recorded::to(&endpoint);
    let subscriber = peers.socket(zmq::SUB);
    subscriber.set_subscribe(b"client1").unwrap();
    subscriber.connect(recorded.endpoint()).unwrap();
    assert_eq!(receive(&publisher), [b"\x01client1"]);
    assert_eq!(recorded.wire.command("SUBSCRIBE"), ("client1".to_owned(), Up));
    publisher.send_multipart(["client2", "unseen"], 0).unwrap();
    publisher.send_multipart(["client1", "message for client1"], 0).unwrap();
    assert_eq!(receive(&subscriber), [&b"client1"[..], b"message for client1"]);
    let (message, way) = recorded.wire.message();
    assert_eq!((message.frames[1].text().as_str(), way), ("message for client1", Down));
    subscriber.set_unsubscribe(b"client1").unwrap();
    assert_eq!(receive(&publisher), [b"\x00client1"]);
    assert_eq!(recorded.wire.command("CANCEL"), ("client1".to_owned(), Up));
    recorded.passed_unchanged(0, 1);
}

#[test]
fn a_flood_is_sampled_and_counted() {
    const COUNT: u32 = 20_000;
    let (peers, endpoint) = (Peers::new(), endpoint());
    let producer = peers.bind(zmq::PUSH, &endpoint);
    let recorded = Recorded::to(&endpoint);
    let consumer = peers.connect(zmq::PULL, recorded.endpoint());
    let sender = std::thread::spawn(move || {
        (0..COUNT).for_each(|number| send(&producer, number.to_string()));
        producer
    });
    for number in 0..COUNT {
        assert_eq!(receive(&consumer), [number.to_string().as_bytes()]);
    }
    drop(sender.join().unwrap());
    recorded.passed_unchanged(0, COUNT.into());
    assert_eq!(recorded.wire.counts().missed, 0);
    // So much is told at once, the first of all included.
    let first: Vec<_> = (0..20).map(|_| recorded.wire.message().0.frames[0].text()).collect();
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(first, expected);
}

#[test]
fn lengths_are_seen_under_curve() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let keys = CurveKeyPair::new().unwrap();
    let server = peers.socket(zmq::REP);
    curve_server(&server, &keys);
    server.bind(&endpoint).unwrap();
    let recorded = Recorded::to(&endpoint);
    let client = peers.socket(zmq::REQ);
    curve_client(&client, &keys);
    client.connect(recorded.endpoint()).unwrap();
    for size in SIZES {
        send(&client, vec![b'x'; size]);
        assert_eq!(receive(&server), [vec![b'x'; size]]);
        send(&server, "");
        receive(&client);
    }
    // The empty frame and the request, the empty frame and the reply.
    let messages = 2 * SIZES.len() as u64;
    recorded.passed_unchanged(messages, messages);
    let told = recorded.wire.until(|event| {
        matches!(event, Event::Seen { seen: Seen::Encrypted { bytes: 300_033 }, .. })
    });
    let greetings = told.iter().filter_map(|event| match event {
        Event::Seen { seen: Seen::Greeting(greeting), .. } => Some(greeting.mechanism.as_str()),
        _ => None,
    });
    assert_eq!(greetings.collect::<Vec<_>>(), ["CURVE"; 2]);
    let commands = told.iter().filter_map(|event| match event {
        Event::Seen { seen: Seen::Command(command), way, .. } => {
            assert_eq!(command.text, "");
            Some((*way, command.name.as_str()))
        }
        _ => None,
    });
    let handshake = [(Up, "HELLO"), (Down, "WELCOME"), (Up, "INITIATE"), (Down, "READY")];
    assert_eq!(commands.collect::<Vec<_>>(), handshake);
    let lengths: Vec<u64> = told.iter().filter_map(encrypted).collect();
    let expected = SIZES.iter().flat_map(|size| [33, *size as u64 + 33, 33, 33]);
    assert_eq!(lengths, expected.take(lengths.len()).collect::<Vec<_>>());
}

fn encrypted(event: &Event) -> Option<u64> {
    match event {
        Event::Seen { seen: Seen::Encrypted { bytes }, .. } => Some(*bytes),
        _ => None,
    }
}

#[test]
fn heartbeats_are_told() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let _producer = peers.bind(zmq::PUSH, &endpoint);
    let recorded = Recorded::to(&endpoint);
    let consumer = peers.socket(zmq::PULL);
    consumer.set_heartbeat_ivl(20).unwrap();
    consumer.set_heartbeat_ttl(600).unwrap();
    consumer.connect(recorded.endpoint()).unwrap();
    assert_eq!(recorded.wire.command("PING"), ("TTL 0.6 s".to_owned(), Up));
    assert_eq!(recorded.wire.command("PONG"), (String::new(), Down));
    recorded.passed_unchanged(0, 0);
}

#[test]
fn a_closed_half_is_passed_on_and_the_other_stays_open() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let mut below = wire.connect();
    let mut above = behind.accept();
    below.write_all(b"request").unwrap();
    below.shutdown(Shutdown::Write).unwrap();
    let mut request = String::new();
    above.read_to_string(&mut request).unwrap();
    above.write_all(b"reply").unwrap();
    drop(above);
    let mut reply = String::new();
    below.read_to_string(&mut reply).unwrap();
    assert_eq!((request.as_str(), reply.as_str()), ("request", "reply"));
    wire.until(|event| *event == Event::Disconnected { connection: 1 });
    assert_eq!((wire.counts().up.bytes, wire.counts().down.bytes), (7, 5));
}

/// A sender that is killed has its last bytes delivered, as without a tap.
#[test]
fn the_last_bytes_of_a_broken_connection_arrive() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let (mut below, mut above) = (wire.connect(), behind.accept());
    above.write_all(b"never read").unwrap();
    wire.counted(|counts| counts.down.bytes == 10);
    below.write_all(b"last").unwrap();
    // With something that it has not read, it closes with RST.
    drop(below);
    let mut last = Vec::new();
    above.read_to_end(&mut last).unwrap();
    assert_eq!(last, b"last");
}
