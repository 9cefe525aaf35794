//! Cut, stalled, slowed and mended.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Peers, endpoint, receive, send};
use tap::{Event, Link};

use crate::kit::{Behind, Wire, address};

/// How long nothing may arrive for it to count as nothing.
const SILENCE: Duration = Duration::from_millis(200);

#[test]
fn a_cut_resets_connections_and_refuses_new_ones() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let (mut below, mut above) = (wire.connect(), behind.accept());
    assert_eq!(wire.next(), Event::Connected { connection: 1 });
    wire.set(Link::Cut);
    assert_eq!(wire.next(), Event::Disconnected { connection: 1 });
    for end in [&mut below, &mut above] {
        assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    let again = TcpStream::connect(address(&wire.endpoint()));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    wire.set(Link::Cut);
    wire.set(Link::Mended);
    let (mut below, mut above) = (wire.connect(), behind.accept());
    below.write_all(b"x").unwrap();
    above.read_exact(&mut [0]).unwrap();
    // However short the cut, it is one.
    wire.set(Link::Cut);
    wire.set(Link::Mended);
    assert_eq!(below.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn sockets_reconnect_after_each_cut() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let producer = peers.bind(zmq::PUSH, &endpoint);
    let wire = Wire::to(&endpoint);
    let consumer = peers.connect(zmq::PULL, &wire.endpoint());
    for connection in 1..=3 {
        wire.until(|event| *event == Event::Connected { connection });
        // Taken by the new connection, as there is no other.
        wire.command("READY");
        wire.command("READY");
        send(&producer, "task");
        assert_eq!(receive(&consumer), [b"task"]);
        wire.set(Link::Cut);
        wire.until(|event| *event == Event::Disconnected { connection });
        wire.set(Link::Mended);
    }
}

#[test]
fn nobody_listens_before_a_program_that_does_not() {
    let behind = Behind::new();
    let endpoint = behind.endpoint();
    drop(behind);
    let wire = Wire::to(&endpoint);
    let refused = || {
        let connected = TcpStream::connect(address(&wire.endpoint()));
        connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    };
    assert!(refused());
    let behind = Behind::at(&endpoint);
    // The tap follows soon, whatever becomes of those who are too early.
    let follows = |condition: &dyn Fn() -> bool| {
        let deadline = Instant::now() + e2e::DEADLINE;
        while !condition() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    follows(&|| !refused());
    // What could be connected is passed on.
    behind.accept();
    wire.set(Link::Cut);
    wire.set(Link::Mended);
    assert!(!refused());
    drop(behind);
    follows(&refused);
    wire.set(Link::Cut);
    wire.set(Link::Mended);
    assert!(refused());
}

#[test]
fn a_program_that_starts_later_is_found() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let wire = Wire::to(&endpoint);
    let client = peers.socket(zmq::REQ);
    let events = peers.watch(&client);
    client.connect(&wire.endpoint()).unwrap();
    send(&client, "request");
    events.wait_for(zmq::SocketEvent::CLOSED);
    let server = peers.bind(zmq::REP, &endpoint);
    assert_eq!(receive(&server), [b"request"]);
    assert_eq!(wire.next(), Event::Connected { connection: 1 });
}

#[test]
fn a_stalled_connection_passes_nothing_and_loses_nothing() {
    const COUNT: u32 = 5_000;
    let (peers, endpoint) = (Peers::new(), endpoint());
    let producer = peers.bind(zmq::PUSH, &endpoint);
    let wire = Wire::to(&endpoint);
    let consumer = peers.connect(zmq::PULL, &wire.endpoint());
    producer.set_sndhwm(0).unwrap();
    send(&producer, "first");
    assert_eq!(receive(&consumer), [b"first"]);
    wire.set(Link::Stalled);
    let before = wire.counts();
    (0..COUNT).for_each(|number| send(&producer, format!("{number:0>200}")));
    assert!(consumer.poll(zmq::POLLIN, SILENCE.as_millis().try_into().unwrap()).unwrap() == 0);
    assert_eq!(wire.counts(), before);
    wire.set(Link::Mended);
    for number in 0..COUNT {
        assert_eq!(receive(&consumer), [format!("{number:0>200}").as_bytes()]);
    }
}

#[test]
fn a_new_connection_stalls_as_well_and_a_stalled_one_can_be_cut() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    wire.set(Link::Stalled);
    let mut below = wire.connect();
    below.write_all(b"early").unwrap();
    below.set_read_timeout(Some(SILENCE)).unwrap();
    assert_eq!(below.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(behind.is_quiet());
    wire.set(Link::Mended);
    let mut above = behind.accept();
    let mut early = [0; 5];
    above.read_exact(&mut early).unwrap();
    assert_eq!(&early, b"early");
    wire.set(Link::Stalled);
    wire.set(Link::Cut);
    assert_eq!(above.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_slow_connection_delays_each_byte_and_keeps_their_order() {
    const DELAY: Duration = Duration::from_millis(150);
    const COUNT: u32 = 3_000;
    let (peers, endpoint) = (Peers::new(), endpoint());
    let server = peers.bind(zmq::PAIR, &endpoint);
    let wire = Wire::to(&endpoint);
    let client = peers.connect(zmq::PAIR, &wire.endpoint());
    send(&client, "hello");
    receive(&server);
    wire.set(Link::Slow(DELAY));
    let start = Instant::now();
    send(&client, "request");
    receive(&server);
    assert!(start.elapsed() >= DELAY);
    send(&server, "reply");
    receive(&client);
    assert!(start.elapsed() >= 2 * DELAY);
    // More than the queue holds.
    let bytes = |number: u32| vec![number.to_le_bytes()[0]; 100];
    let sender = std::thread::spawn(move || {
        (0..COUNT).for_each(|number| send(&client, bytes(number)));
        client
    });
    let start = Instant::now();
    for number in 0..COUNT {
        assert_eq!(receive(&server), [bytes(number)]);
    }
    assert!(start.elapsed() >= DELAY);
    drop(sender.join().unwrap());
}

#[test]
fn what_is_delayed_passes_at_once_when_mended() {
    const HOUR: Duration = Duration::from_secs(3600);
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let (mut below, mut above) = (wire.connect(), behind.accept());
    wire.set(Link::Slow(HOUR));
    below.write_all(b"bytes and the end").unwrap();
    drop(below);
    above.set_read_timeout(Some(SILENCE)).unwrap();
    assert_eq!(above.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    wire.set(Link::Slow(HOUR / 2));
    wire.set(Link::Mended);
    above.set_read_timeout(Some(e2e::DEADLINE)).unwrap();
    let mut all = String::new();
    above.read_to_string(&mut all).unwrap();
    assert_eq!(all, "bytes and the end");
}
