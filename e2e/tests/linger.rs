//! A closed socket still delivers what it has sent, for as long as its linger time. In each test
//! the kernel accepts the socket's data piece by piece, so that the connection holds the end of a
//! batch when its socket is closed (libzmq issue 4763, fixed in zmq-sys).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use zmq::{Context, PULL, PUSH, Socket};

const DEADLINE: Duration = Duration::from_secs(10);

/// A PULL socket with the smallest buffer that the kernel allows, and its endpoint.
fn receiver(context: &Context) -> (Socket, String) {
    let receiver = context.socket(PULL).unwrap();
    receiver.set_rcvbuf(4096).unwrap();
    receiver.set_rcvhwm(1).unwrap();
    receiver.set_rcvtimeo(2000).unwrap();
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
        let context = Context::new();
        let (receiver, endpoint) = receiver(&context);
        let end = send(endpoint, vec![b'm'; 30], MESSAGES, -1);
        let delivered = (0..MESSAGES)
            .take_while(|number| {
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
    let context = Context::new();
    let (_receiver, endpoint) = receiver(&context);
    for count in [1, 2, 100] {
        let end = send(endpoint.clone(), vec![b'm'; LESS_THAN_A_BATCH], count, 500);
        end.recv_timeout(DEADLINE).unwrap();
    }
}

#[test]
fn a_peer_that_is_gone_is_waited_for_no_longer() {
    let context = Context::new();
    let receiver = context.socket(PULL).unwrap();
    receiver.set_rcvbuf(4096).unwrap();
    receiver.set_rcvhwm(1).unwrap();
    let sending = Context::new();
    let sender = sending.socket(PUSH).unwrap();
    sender.set_linger(-1).unwrap();
    sender.set_sndbuf(4096).unwrap();
    sender.bind("tcp://127.0.0.1:*").unwrap();
    receiver.connect(&sender.get_last_endpoint().unwrap().unwrap()).unwrap();
    // Two more than fit into the receiver's queue before it stops reading.
    for _ in 0..4 {
        sender.send(vec![b'm'; LESS_THAN_A_BATCH], 0).unwrap();
    }
    assert_eq!(receiver.recv_bytes(0).unwrap().len(), LESS_THAN_A_BATCH);
    let (ended, end) = channel();
    thread::spawn(move || {
        drop(sender);
        drop(sending);
        ended.send(()).unwrap();
    });
    assert!(end.recv_timeout(Duration::from_millis(500)).is_err(), "nobody waits for the peer");
    drop(receiver);
    drop(context);
    end.recv_timeout(DEADLINE).unwrap();
}
