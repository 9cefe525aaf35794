//! How long it is until the next attempt.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use e2e::{Peers, endpoint};
use zmq::SocketEvent::{CONNECT_RETRIED, DISCONNECTED};
use zmq::SocketType::{PULL, PUSH};

use crate::peers::{Server, client};
use crate::strangers::{accept, answer_with, handshake};

#[test]
fn attempts_come_ever_less_often_until_one_is_of_use() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let greetings = [
        ("a close", Vec::new(), true),
        ("nonsense", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), false),
        ("another pattern", handshake("PUB"), false),
        ("a close after the handshake", handshake("PUSH"), true),
        ("a frame over the limit", [handshake("PUSH"), vec![2; 9]].concat(), false),
    ];
    let client = client(&peers, PULL);
    let events = peers.watch(&client);
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    client.connect(&endpoint).unwrap();
    let mut intervals = vec![10, 20, 40, 80];
    for (what, bytes, hangs_up) in greetings {
        answer_with(&listener, &bytes, hangs_up, 4);
        for interval in intervals {
            assert_eq!(events.wait_for(CONNECT_RETRIED), interval, "{what}");
        }
        intervals = vec![80; 4];
    }
    drop(listener);

    let server = Server::bind(PUSH, &endpoint);
    server.socket.send("of use", 0).unwrap();
    assert_eq!(client.recv_bytes(0).unwrap(), b"of use");
    drop(server);
    events.wait_for(DISCONNECTED);
    assert_eq!(events.wait_for(CONNECT_RETRIED), 10);
}

#[test]
fn a_connection_that_has_stood_for_long_was_of_use() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let client = client(&peers, PUSH);
    let events = peers.watch(&client);
    let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    client.connect(&endpoint).unwrap();
    answer_with(&listener, b"", true, 3);
    for interval in [10, 20, 40] {
        assert_eq!(events.wait_for(CONNECT_RETRIED), interval);
    }
    let mut connection = accept(&listener);
    connection.write_all(&handshake("PULL")).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(2 * 80))).unwrap();
    assert!(connection.read_to_end(&mut Vec::new()).is_err(), "it stands");
    drop(connection);
    assert_eq!(events.wait_for(CONNECT_RETRIED), 10);
}
