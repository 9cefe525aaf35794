//! What speaks no ZMTP, or breaks off in it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use e2e::{DEADLINE, Peers, endpoint};

use crate::peers::{PATTERNS, Server, ask, assert_served, client};

/// Accepts three connections, one after the other, sends each of them `answer`, and closes it at
/// once, or else when the client has.
pub fn answer(endpoint: &str, answer: &[u8], hangs_up: bool) {
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    answer_with(&listener, answer, hangs_up, 3);
}

pub fn accept(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let (accepted, connection) = channel();
    thread::spawn(move || {
        let (connection, _) = listener.accept().unwrap();
        // Its port is to be free again when the connection is told of.
        drop(listener);
        accepted.send(connection)
    });
    connection.recv_timeout(DEADLINE).unwrap()
}

pub fn answer_with(listener: &TcpListener, answer: &[u8], hangs_up: bool, times: usize) {
    for _attempt in 0..times {
        let mut connection = accept(listener);
        connection.set_read_timeout(Some(DEADLINE)).unwrap();
        // The client may have closed it by now.
        let _ = connection.write_all(answer);
        if !hangs_up {
            let _ = connection.read_to_end(&mut Vec::new());
        }
    }
}

/// What a socket without security sends before its first message.
pub fn handshake(kind: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    let size = u8::try_from(kind.len()).unwrap();
    bytes.extend([4, 22 + size, 5]);
    bytes.extend(b"READY\x0bSocket-Type");
    bytes.extend([0, 0, 0, size]);
    bytes.extend(kind.bytes());
    bytes
}

fn mend_answers(what: &[u8], hangs_up: bool) {
    for (kind, right) in PATTERNS {
        let (peers, endpoint) = (Peers::new(), endpoint());
        let client = client(&peers, kind);
        client.set_handshake_ivl(100).unwrap();
        client.connect(&endpoint).unwrap();
        ask(&client);
        answer(&endpoint, what, hangs_up);
        assert_served(&client, &Server::bind(right, &endpoint).socket);
    }
}

#[test]
fn http_gives_way_and_is_told_nothing() {
    mend_answers(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", false);
}

#[test]
fn ssh_gives_way_and_is_told_nothing() {
    mend_answers(b"SSH-2.0-OpenSSH_9.6\r\n", false);
}

#[test]
fn who_closes_each_connection_gives_way() {
    mend_answers(b"", true);
}

#[test]
fn who_says_nothing_gives_way() {
    mend_answers(b"", false);
}

#[test]
fn who_breaks_off_in_the_greeting_gives_way() {
    mend_answers(&handshake("REP")[..40], true);
}

#[test]
fn who_speaks_nonsense_after_the_greeting_gives_way() {
    mend_answers(&[&handshake("REP")[..64], &[b'?'; 300]].concat(), false);
}
