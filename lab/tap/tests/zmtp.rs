//! What is read of ZMTP does not depend on how it is split, and no bytes are too odd.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tap::zmtp::{COMMAND_START, Command, Decoder, FRAME_START, MESSAGE_FRAMES, Seen};

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen<'static>> {
    let mut decoder = Decoder::new();
    let mut all = Vec::new();
    for mut piece in pieces {
        while let Some(seen) = decoder.next(&mut piece) {
            all.push(seen.into_owned());
        }
        assert!(piece.is_empty());
    }
    all
}

fn greeting(mechanism: &str) -> Vec<u8> {
    let start = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01";
    let mut bytes = [start, mechanism.as_bytes()].concat();
    bytes.resize(64, 0);
    bytes
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let size = body.len() as u64;
    match u8::try_from(size) {
        Ok(size) => [&[flags, size], body].concat(),
        Err(_) => [&[flags | 2][..], &size.to_be_bytes(), body].concat(),
    }
}

fn command(name: &str, rest: &[u8]) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    frame(4, &[&[length], name.as_bytes(), rest].concat())
}

fn ready(socket: &str) -> Vec<u8> {
    let length = u32::try_from(socket.len()).unwrap().to_be_bytes();
    command("READY", &[b"\x0bsocket-TYPE", &length[..], socket.as_bytes()].concat())
}

/// What is seen after the greeting and `READY` of a socket.
fn after_ready(socket: &str, bytes: &[u8]) -> Vec<Seen<'static>> {
    let mut all = read([&[&greeting("NULL")[..], &ready(socket), bytes].concat()[..]]);
    assert!(matches!(all[..2], [Seen::Greeting(_), Seen::Command(_)]), "{all:?}");
    all.split_off(2)
}

fn texts(seen: &[Seen]) -> Vec<String> {
    let text = |seen: &Seen| match seen {
        Seen::Command(Command { name, text, .. }) => format!("{name} {text}"),
        Seen::Message(message) => {
            message.frames.iter().map(tap::zmtp::Frame::text).collect::<Vec<_>>().join("|")
        }
        Seen::Encrypted { bytes } => format!("{bytes} bytes"),
        Seen::Greeting(greeting) => greeting.mechanism.clone(),
        Seen::Unknown => "?".to_owned(),
    };
    seen.iter().map(text).collect()
}

#[test]
fn subscriptions_are_read_in_both_forms() {
    let old = [frame(0, b"\x01news"), frame(0, b"\x00news"), frame(0, b"\x02news")].concat();
    let new = [command("SUBSCRIBE", b"news"), command("CANCEL", b"")].concat();
    for subscriber in ["SUB", "XSUB"] {
        let seen = texts(&after_ready(subscriber, &old));
        assert_eq!(seen, ["SUBSCRIBE news", "CANCEL news", "\\u{2}news"]);
        assert_eq!(texts(&after_ready(subscriber, &new)), ["SUBSCRIBE news", "CANCEL "]);
    }
    assert_eq!(texts(&after_ready("PUSH", &old))[0], "\\u{1}news");
    // Of several frames, none is a subscription.
    let several = [frame(1, b"\x01a"), frame(0, b"\x01b")].concat();
    assert_eq!(texts(&after_ready("XSUB", &several)), ["\\u{1}a|\\u{1}b"]);
}

#[test]
fn commands_are_read() {
    let all = [
        command("PING", b"\0\x0fcontext"),
        command("PONG", b"context"),
        command("ERROR", b"\x0bNot allowed"),
        command("JOIN", b"group"),
        command("PING", b"\0"),
        command("ERROR", b""),
    ];
    let seen = after_ready("PUSH", &all.concat());
    assert_eq!(
        texts(&seen),
        ["PING TTL 1.5 s", "PONG context", "ERROR Not allowed", "JOIN ", "PING ", "ERROR "]
    );
    // A heartbeat comes between the frames of a message.
    let between = [frame(1, b"a"), command("PING", b"\0\0"), frame(0, b"b")].concat();
    assert_eq!(texts(&after_ready("PUSH", &between)), ["PING TTL 0.0 s", "a|b"]);
}

#[test]
fn a_rejection_under_curve_can_be_read_by_all() {
    let all = [greeting("CURVE"), command("ERROR", b"\x03400")].concat();
    assert_eq!(texts(&read([&all[..]])), ["CURVE", "ERROR 400"]);
}

#[test]
fn encrypted_frames_are_messages_or_commands() {
    let sealed = [b"\x07MESSAGE", &[9; 292][..]].concat();
    let all = [
        greeting("CURVE"),
        command("INITIATE", &[9; 200]),
        frame(0, &sealed),
        frame(4, &sealed),
        frame(0, b"open"),
    ];
    let seen = texts(&read([&all.concat()[..]]));
    assert_eq!(seen, ["CURVE", "INITIATE ", "300 bytes", "300 bytes", "?"]);
}

#[test]
fn only_the_beginning_is_kept() {
    let long = vec![b'x'; 100_000];
    let frames = [frame(1, &long).repeat(99), frame(0, b"last")].concat();
    let [Seen::Message(message)] = &after_ready("PUSH", &frames)[..] else { panic!() };
    assert_eq!((message.frame_count, message.bytes), (100, 9_900_004));
    assert_eq!(message.frames.len(), MESSAGE_FRAMES);
    for frame in message.frames.iter() {
        assert_eq!((frame.start.len(), frame.bytes), (FRAME_START, 100_000));
        assert!(frame.text().ends_with("x…"));
    }
    let [Seen::Command(topic)] = &after_ready("SUB", &command("SUBSCRIBE", &long))[..] else {
        panic!()
    };
    assert_eq!((topic.text.chars().count(), topic.bytes), (COMMAND_START - 10 + 1, 100_010));
}

#[test]
fn an_unknown_mechanism_is_told_and_not_read() {
    let all = [greeting("GSSAPI"), ready("PUSH")].concat();
    assert_eq!(texts(&read([&all[..]])), ["GSSAPI", "?"]);
    assert_eq!(texts(&read([&greeting("")[..]])), ["?"]);
}

/// Streams that are mostly valid.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![vec(any::<u8>(), 0..20), vec(any::<u8>(), 250..700)];
    let known = select(&["READY", "SUBSCRIBE", "PING", "ERROR", "INITIATE", "X", ""][..]);
    let part = prop_oneof![
        6 => (select(&[0_u8, 1][..]), body.clone()).prop_map(|(flags, body)| frame(flags, &body)),
        3 => (known, body.clone()).prop_map(|(name, rest)| command(name, &rest)),
        1 => select(&["SUB", "PUSH"][..]).prop_map(ready),
        1 => body.prop_map(|body| frame(0, &[b"\x07MESSAGE", &body[..]].concat())),
        1 => vec(any::<u8>(), 0..12),
    ];
    let mechanism = select(&["NULL", "NULL", "PLAIN", "CURVE", "OTHER"][..]);
    let start = (mechanism, select(&["SUB", "PUSH"][..]));
    let valid = (start, vec(part, 0..12)).prop_map(|((mechanism, socket), parts)| {
        [greeting(mechanism), ready(socket), parts.concat()].concat()
    });
    prop_oneof![4 => valid, 1 => vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn the_same_is_seen_wherever_it_is_split(
        bytes in streams(),
        sizes in vec(0..90_usize, 1..20),
    ) {
        let whole = read([&bytes[..]]);
        prop_assert_eq!(&read(bytes.chunks(1)), &whole);
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for size in sizes {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(&read(pieces), &whole);
        let unknown = whole.iter().position(|seen| *seen == Seen::Unknown);
        prop_assert!(unknown.is_none_or(|position| position + 1 == whole.len()));
    }

    #[test]
    fn messages_are_told_as_they_were_sent(
        messages in vec(vec(vec(any::<u8>(), 0..600), 1..20), 0..5),
    ) {
        let mut bytes = Vec::new();
        for frames in &messages {
            let (last, first) = frames.split_last().expect("a frame");
            bytes.extend(first.iter().flat_map(|body| frame(1, body)));
            bytes.extend(frame(0, last));
        }
        let seen = after_ready("PUSH", &bytes);
        prop_assert_eq!(seen.len(), messages.len());
        for (seen, sent) in seen.iter().zip(&messages) {
            let Seen::Message(message) = seen else { panic!("{seen:?}") };
            prop_assert_eq!(message.frame_count, sent.len() as u64);
            prop_assert_eq!(message.bytes, sent.iter().map(|body| body.len() as u64).sum::<u64>());
            prop_assert_eq!(message.frames.len(), sent.len().min(MESSAGE_FRAMES));
            for (frame, body) in message.frames.iter().zip(sent) {
                prop_assert_eq!(frame.bytes, body.len() as u64);
                prop_assert_eq!(&frame.start[..], &body[..body.len().min(FRAME_START)]);
            }
        }
    }
}
