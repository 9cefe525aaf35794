//! Hostile connections: what a peer can send that breaks ZMTP (RFC 23 and 37), and what it can send
//! that follows it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

/// `count` random bytes.
fn random(count: usize) -> Vec<u8> {
    (0..count).map(|_| rand::random()).collect()
}

/// A peer's greeting: 64 bytes.
fn greeting(mechanism: &str, as_server: bool) -> Vec<u8> {
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    greeting.extend(mechanism.bytes());
    greeting.resize(32, 0);
    greeting.push(as_server.into());
    greeting.resize(64, 0);
    greeting
}

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// A frame: flags, size, body.
fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = match u8::try_from(body.len()) {
        Ok(size) => vec![flags, size],
        Err(_) => [&[flags | LONG][..], &(body.len() as u64).to_be_bytes()].concat(),
    };
    frame.extend(body);
    frame
}

/// A command: its name, then its data.
fn command(name: &str, data: &[u8]) -> Vec<u8> {
    let size = u8::try_from(name.len()).unwrap();
    frame(COMMAND, &[&[size], name.as_bytes(), data].concat())
}

/// The whole handshake of an honest peer without security.
fn handshake(socket_type: &str) -> Vec<u8> {
    let mut metadata = b"\x0bSocket-Type".to_vec();
    metadata.extend(u32::try_from(socket_type.len()).unwrap().to_be_bytes());
    metadata.extend(socket_type.bytes());
    [greeting("NULL", false), command("READY", &metadata)].concat()
}

/// A message as a socket of type `peer` sends it: REQ puts an empty frame before it.
fn message(peer: &str, payload: &[u8]) -> Vec<u8> {
    let delimiter = if peer == "REQ" { frame(MORE, b"") } else { Vec::new() };
    [handshake(peer), delimiter, frame(0, payload)].concat()
}

/// The bytes that one connection sends, given the socket type that it pretends to be.
pub type Noise = fn(&str) -> Vec<u8>;

/// The kinds of noise, by name.
pub const KINDS: [(&str, Noise); 22] = [
    ("random bytes", |_| random(1 + rand::random_range(0..4096))),
    ("half a greeting", |_| greeting("NULL", false)[..rand::random_range(1..64)].to_vec()),
    ("nothing", |_| Vec::new()),
    ("a greeting, then noise", |_| [greeting("NULL", false), random(512)].concat()),
    ("ZMTP 1 with noise", |_| [&b"\x01\x00\x05\x00"[..], &random(300)].concat()),
    ("PLAIN", |_| [greeting("PLAIN", false), command("HELLO", b"\x04user\x08password")].concat()),
    ("CURVE with a noisy HELLO", |_| {
        [greeting("CURVE", false), command("HELLO", &[&[1, 0][..], &random(192)].concat())].concat()
    }),
    ("an unknown mechanism", |_| greeting("SECRETHANDSHAKE", true)),
    ("endless metadata", |peer| {
        let property = [&b"\x01x\x00\x00\x10\x00"[..], &random(4096)].concat();
        [greeting("NULL", false), command("READY", &property.repeat(32)), handshake(peer)].concat()
    }),
    ("an oversize frame", |peer| {
        [handshake(peer), vec![LONG], (1_u64 << 40).to_be_bytes().to_vec(), random(256)].concat()
    }),
    ("a frame of negative size", |peer| {
        [handshake(peer), vec![LONG], u64::MAX.to_be_bytes().to_vec(), random(256)].concat()
    }),
    ("a message without an end", |peer| {
        [handshake(peer), frame(MORE, b"x").repeat(20_000)].concat()
    }),
    ("a message of many frames", |peer| {
        [handshake(peer), frame(MORE, b"").repeat(2_000), frame(0, b"end")].concat()
    }),
    ("unknown commands", |peer| {
        let noise = [command("PING", &random(200)), command("BLAH", &random(200))].concat();
        [handshake(peer), noise.repeat(50)].concat()
    }),
    ("subscriptions", |peer| {
        let subscriptions = (0..500).flat_map(|_| frame(0, &[&[1][..], &random(40)].concat()));
        handshake(peer).into_iter().chain(subscriptions).collect()
    }),
    ("a message of a megabyte", |peer| message(peer, &vec![b'['; 1 << 20])),
    ("invalid UTF-8", |peer| message(peer, b"{\"num\": \"\xff\xfe\"}")),
    ("deep JSON", |peer| message(peer, "[{\"num\":".repeat(10_000).as_bytes())),
    ("huge numbers", |peer| {
        message(peer, format!("{{\"num\": -1{}e99999}}", "0".repeat(9_999)).as_bytes())
    }),
    ("a pickle that runs code", |peer| {
        message(peer, format!("cos\nsystem\n(S'touch {}'\ntR.", ran().display()).as_bytes())
    }),
    ("a pickle that is nested", |peer| {
        message(peer, &[&b"\x80\x04"[..], &b"]".repeat(5_000), &b"a".repeat(4_999), b"."].concat())
    }),
    ("a pickle that doubles", |peer| {
        let doubling = b"h\x00h\x00\x86q\x00".repeat(60);
        message(peer, &[&b"\x80\x04]q\x00"[..], &doubling, b"."].concat())
    }),
];

/// The file that would exist if a pickle had run.
pub fn ran() -> PathBuf {
    std::env::temp_dir().join(format!("ran-by-a-pickle-{}", std::process::id()))
}

/// Connects to `address` as a peer of type `peer`, and sends one kind of noise. The connection is
/// open until the returned stream is dropped.
pub fn make(kind: Noise, address: &str, peer: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    // The program may break the connection off before it has read all, or read no more: no more is
    // sent then. On a busy machine some noise may be cut off, too, and is noise still.
    let _ = connection.write_all(&kind(peer));
    connection
}

/// Waits up to `time` until the other side closes the connection. Returns whether it did.
pub fn is_closed(connection: &mut TcpStream, time: Duration) -> bool {
    connection.set_read_timeout(Some(time)).unwrap();
    let mut sink = [0; 4096];
    loop {
        match connection.read(&mut sink) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}
