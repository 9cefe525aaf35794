//! Sockets that are closed while they try.

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use e2e::{DEADLINE, Peers, endpoint};
use zmq::Socket;
use zmq::SocketEvent::CONNECT_RETRIED;
use zmq::SocketType::{PUB, PULL, PUSH};

use crate::peers::{PATTERNS, Server, ask, client};
use crate::strangers::{answer, answer_with, handshake};

/// Drops all of it elsewhere, and tells when that is done.
fn end(socket: Socket, peers: Peers) -> Receiver<()> {
    let (ended, end) = channel();
    thread::spawn(move || {
        drop(socket);
        drop(peers);
        ended.send(()).unwrap();
    });
    end
}

#[test]
fn a_program_ends_at_once_while_it_waits_for_the_next_attempt() {
    for (kind, _) in PATTERNS {
        let (peers, endpoint) = (Peers::new(), endpoint());
        let client = client(&peers, kind);
        client.set_reconnect_ivl(60_000).unwrap();
        client.set_reconnect_ivl_max(60_000).unwrap();
        let events = peers.watch(&client);
        let listener = TcpListener::bind(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
        client.connect(&endpoint).unwrap();
        ask(&client);
        answer_with(&listener, &[&handshake("REP")[..64], &[b'?'; 300]].concat(), false, 1);
        assert_eq!(events.wait_for(CONNECT_RETRIED), 60_000);
        drop(events);
        end(client, peers).recv_timeout(e2e::PROMPTLY).unwrap();
    }
}

#[test]
fn what_a_closed_socket_holds_is_delivered_when_the_right_peer_comes() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let client = client(&peers, PUSH);
    client.set_linger(-1).unwrap();
    client.connect(&endpoint).unwrap();
    ask(&client);
    let ended = end(client, peers);
    answer(&endpoint, &handshake("PUB"), false);
    let server = Server::bind(PULL, &endpoint);
    for text in ["1", "2", "3"] {
        assert_eq!(server.socket.recv_bytes(0).unwrap(), text.as_bytes());
    }
    ended.recv_timeout(DEADLINE).unwrap();
}

#[test]
fn a_closed_socket_waits_for_the_right_peer_no_longer_than_it_is_told_to() {
    let (peers, endpoint) = (Peers::new(), endpoint());
    let _wrong = Server::bind(PUB, &endpoint);
    let client = client(&peers, PUSH);
    client.set_linger(200).unwrap();
    client.connect(&endpoint).unwrap();
    ask(&client);
    end(client, peers).recv_timeout(DEADLINE).unwrap();
}
