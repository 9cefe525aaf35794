//! Whatever is said, it passes, and the tap lives on.

use std::io::{Read, Write};
use std::net::Shutdown;

use tap::zmtp::Seen;
use tap::{Event, Way};

use crate::kit::{Behind, Wire};

/// A greeting, `READY` of a PUSH socket, and a message of two frames.
fn session() -> Vec<u8> {
    let mut bytes = greeting();
    bytes.extend(b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH");
    bytes.extend(b"\x01\x05first\x02\0\0\0\0\0\0\0\x06second");
    bytes
}

fn greeting() -> Vec<u8> {
    let mut bytes = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL".to_vec();
    bytes.resize(64, 0);
    bytes
}

/// Sends bytes through a tap, closes that side, and compares what comes out. What was seen.
fn passes(wire: &Wire, behind: &Behind, bytes: &[u8]) -> Vec<Seen<'static>> {
    let (mut below, mut above) = (wire.connect(), behind.accept());
    let mut got = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            below.write_all(bytes).unwrap();
            below.shutdown(Shutdown::Write).unwrap();
        });
        above.read_to_end(&mut got).unwrap();
    });
    assert!(got == bytes, "{} bytes of {} or others", got.len(), bytes.len());
    drop(above);
    let told = wire.until(|event| matches!(event, Event::Disconnected { .. }));
    let seen = told.into_iter().filter_map(|event| match event {
        Event::Seen { seen, way: Way::Up, .. } => Some(seen),
        _ => None,
    });
    seen.collect()
}

/// A peer that is cut off anywhere.
#[test]
fn a_session_that_ends_at_any_byte_passes_up_to_there() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let session = session();
    let ready = 64 + 28;
    for end in 0..=session.len() {
        let seen = passes(&wire, &behind, &session[..end]);
        let expected = [64, ready, session.len()].iter().filter(|whole| end >= **whole).count();
        assert_eq!(seen.len(), expected, "{end}: {seen:?}");
        assert!(!seen.contains(&Seen::Unknown), "{end}: {seen:?}");
    }
    assert_eq!(wire.counts().up.messages, 1);
}

#[test]
fn what_is_no_zmtp_passes_and_is_told_once() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let http = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    let version_1 = b"\x01\0\x02\0x".to_vec();
    let version_2 = b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0".to_vec();
    let endless = vec![0xff; 1_000_000];
    let noise = [greeting(), vec![0x80; 100_000]].concat();
    let early = [greeting(), b"\0\x01x".to_vec()].concat();
    let huge = [session(), b"\x02\x80\0\0\0\0\0\0\0".to_vec(), vec![7; 100_000]].concat();
    let more_command = [greeting(), b"\x05\x06\x05READY".to_vec()].concat();
    for (bytes, seen_before) in [
        (http, 0),
        (version_1, 0),
        (version_2, 0),
        (endless, 0),
        (noise, 1),
        (early, 1),
        (huge, 3),
        (more_command, 1),
    ] {
        let seen = passes(&wire, &behind, &bytes);
        assert_eq!(seen.len(), seen_before + 1, "{seen:?}");
        assert_eq!(seen.last(), Some(&Seen::Unknown));
    }
}

/// The largest size there is: the frame just never ends.
#[test]
fn a_frame_of_nine_exabytes_passes_as_far_as_it_comes() {
    let behind = Behind::new();
    let wire = Wire::to(&behind.endpoint());
    let size = b"\x02\x7f\xff\xff\xff\xff\xff\xff\xff";
    let seen = passes(&wire, &behind, &[session(), size.to_vec(), vec![7; 1_000_000]].concat());
    assert_eq!(seen.len(), 3, "{seen:?}");
}
