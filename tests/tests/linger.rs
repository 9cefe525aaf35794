//! What a socket has sent is delivered, where it is told to linger.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::thread;
use std::time::Duration;

use zmq::{Context, PULL, PUSH};

/// More than fits into the buffers and queues between two sockets.
const MESSAGES: usize = 4000;
const MESSAGE: [u8; 30] = [b'm'; 30];

/// The system takes what a socket sends piece by piece here, and the last piece when the sender has
/// long ended (libzmq issue 4763, mended in zmq-sys).
#[test]
fn a_socket_that_is_closed_delivers_its_last_batch() {
    for round in 0..20 {
        let context = Context::new();
        let receiver = context.socket(PULL).unwrap();
        receiver.set_rcvbuf(4096).unwrap();
        receiver.set_rcvhwm(1).unwrap();
        receiver.set_rcvtimeo(2000).unwrap();
        receiver.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = receiver.get_last_endpoint().unwrap().unwrap();

        let sender = thread::spawn(move || {
            let context = Context::new();
            let sender = context.socket(PUSH).unwrap();
            sender.set_linger(-1).unwrap();
            sender.set_sndbuf(4096).unwrap();
            sender.connect(&endpoint).unwrap();
            for _ in 0..MESSAGES {
                sender.send(MESSAGE.as_slice(), 0).unwrap();
            }
        });
        let received = (0..MESSAGES)
            .take_while(|number| {
                if number % 20 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
                receiver.recv_bytes(0).is_ok()
            })
            .count();
        assert_eq!(received, MESSAGES, "in round {round}");
        sender.join().unwrap();
    }
}
