//! Nobody who is slow makes a tap slow or large.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use e2e::{Peers, endpoint, receive, send};
use tap::{Link, QUEUE};

use crate::kit::{Behind, Wire};

/// Resident memory of this process, in bytes.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    1024 * line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
}

/// 200 MB in messages of one, two and three frames, with room for 8 events that nobody reads.
#[test]
fn a_flood_passes_though_nobody_reads_events() {
    const COUNT: u64 = 20_000;
    let (peers, endpoint) = (Peers::new(), endpoint());
    let mut producer = peers.bind(zmq::PUSH, &endpoint);
    let wire = Wire::with_room(&endpoint, 8);
    let consumer = peers.connect(zmq::PULL, &wire.endpoint());
    let mut flood = |count| {
        // A socket is used by one thread at a time.
        let producer = &mut producer;
        std::thread::scope(|scope| {
            scope.spawn(move || (0..count).for_each(|_| send(producer, [b'x'; 10_000])));
            (0..count).for_each(|_| assert_eq!(receive(&consumer)[0].len(), 10_000));
        });
    };
    flood(1_000);
    let before = memory();
    flood(COUNT - 1_000);
    wire.counted(|counts| counts.down.messages == COUNT);
    let grown = memory().saturating_sub(before);
    // 20 MB are what other tests of this process may use meanwhile.
    assert!(grown < 20_000_000, "{grown} bytes more");
    assert!(wire.counts().missed > 0);
    assert_eq!(wire.witnessed(), COUNT);
    assert!(wire.counts().down.bytes > COUNT * 10_000);
}

/// The sender has to wait as soon as the queue and the OS's buffers are full.
#[test]
fn a_receiver_that_does_not_read_makes_the_sender_wait() {
    for link in [Link::Mended, Link::Stalled, Link::Slow(Duration::from_secs(3600))] {
        let behind = Behind::new();
        let wire = Wire::to(&behind.endpoint());
        let (mut below, mut above) = (wire.connect(), behind.accept());
        wire.set(link);
        below.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut sent = 0;
        let full = loop {
            assert!(sent < 200_000_000, "{link:?}: nothing holds the sender back");
            match below.write(&[7; 10_000]) {
                Ok(written) => sent += written,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        assert!(sent >= QUEUE);
        wire.set(Link::Mended);
        drop(below);
        let mut got = Vec::new();
        above.read_to_end(&mut got).unwrap();
        assert_eq!(got.len(), sent);
    }
}
