//! A closed socket still delivers what it has sent, for as long as its linger time. In each test
//! the kernel accepts the socket's data piece by piece, so that the connection holds the end of a
//! batch when its socket is closed (libzmq issue 4763, fixed in zmq-sys).

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use e2e::{DEADLINE, Peers, receive};
use zmq::{Context, PAIR, PULL, PUSH, Socket, SocketEvent};

/// A PULL socket that the system gives as little room as it can.
fn small_receiver(peers: &Peers) -> Socket {
    let receiver = peers.socket(PULL);
    receiver.set_rcvbuf(4096).unwrap();
    receiver.set_rcvhwm(1).unwrap();
    receiver
}

/// One that is bound, and its endpoint.
fn bound_receiver(peers: &Peers) -> (Socket, String) {
    let receiver = small_receiver(peers);
    receiver.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = receiver.get_last_endpoint().unwrap().unwrap();
    (receiver, endpoint)
}

/// Sends `message` `count` times, closes the socket, and returns a channel that reports when all of
/// it is delivered or given up.
fn send(endpoint: String, message: Vec<u8>, count: usize, linger: i32) -> Receiver<()> {
    let (ended, end) = channel();
    thread::spawn(move || {
        let context = Context::new();
        let sender = context.socket(PUSH).unwrap();
        sender.set_linger(linger).unwrap();
        sender.set_sndbuf(4096).unwrap();
        sender.connect(&endpoint).unwrap();
        for _ in 0..count {
            sender.send(message.as_slice(), 0).unwrap();
        }
        drop(sender);
        drop(context);
        ended.send(()).unwrap();
    });
    end
}

#[test]
fn the_last_batch_is_delivered() {
    const MESSAGES: usize = 4000;
    for round in 0..20 {
        let (receiver, endpoint) = bound_receiver(&Peers::new());
        let end = send(endpoint, vec![b'm'; 30], MESSAGES, -1);
        let delivered = (0..MESSAGES)
            .take_while(|number| {
                // Piece by piece. What a piece ends with is up to chance: hence the rounds.
                if number % 20 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
                receiver.recv_bytes(0).is_ok()
            })
            .count();
        assert_eq!(delivered, MESSAGES, "in round {round}");
        end.recv_timeout(DEADLINE).unwrap();
    }
}

/// More than the kernel's buffers hold, and less than a batch: the connection holds all of it at
/// once.
const LESS_THAN_A_BATCH: usize = 60_000;

#[test]
fn a_peer_that_does_not_read_is_waited_for_until_the_linger_time_is_over() {
    let (_receiver, endpoint) = bound_receiver(&Peers::new());
    for count in [1, 2, 100] {
        let end = send(endpoint.clone(), vec![b'm'; LESS_THAN_A_BATCH], count, 500);
        end.recv_timeout(DEADLINE).unwrap();
    }
}

#[test]
fn a_peer_that_is_gone_is_waited_for_no_longer() {
    let receiver = small_receiver(&Peers::new());
    let sending = Context::new();
    let sender = sending.socket(PUSH).unwrap();
    sender.set_linger(-1).unwrap();
    sender.set_sndbuf(4096).unwrap();
    sender.monitor("inproc://events", SocketEvent::CLOSED.to_raw().into()).unwrap();
    let events = sending.socket(PAIR).unwrap();
    events.connect("inproc://events").unwrap();
    sender.bind("tcp://127.0.0.1:*").unwrap();
    receiver.connect(&sender.get_last_endpoint().unwrap().unwrap()).unwrap();
    for _ in 0..6 {
        sender.send(vec![b'm'; LESS_THAN_A_BATCH], 0).unwrap();
    }
    let (ended, end) = channel();
    let (tell, closed) = channel();
    thread::spawn(move || {
        drop(sender);
        tell.send(events.recv_multipart(0)).unwrap();
        drop(events);
        drop(sending);
        ended.send(()).unwrap();
    });
    closed.recv_timeout(DEADLINE).unwrap().unwrap();
    // The peer is waited for: otherwise the system would hold part of a message. Two more are left
    // than the receiver takes before its queue is full, and it reads no more.
    for _ in 0..3 {
        assert_eq!(receive(&receiver)[0].len(), LESS_THAN_A_BATCH);
    }
    drop(receiver);
    end.recv_timeout(DEADLINE).unwrap();
}
