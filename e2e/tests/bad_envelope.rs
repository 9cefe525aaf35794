//! A request without the empty frame that ends its envelope cannot be answered, and a REP socket
//! drops it. When its sender was gone by then, libzmq 4.3.5 dropped the next client's reply, too
//! (fixed in zmq-sys).

use e2e::Peers;
use zmq::{DEALER, PAIR, REP, REQ, SocketEvent};

#[test]
fn a_request_that_cannot_be_answered_costs_nobody_elses_reply() {
    let (server_side, others) = (Peers::new(), Peers::new());
    let server = server_side.socket(REP);
    let watched = SocketEvent::HANDSHAKE_SUCCEEDED.to_raw() | SocketEvent::DISCONNECTED.to_raw();
    server.monitor("inproc://events", watched.into()).unwrap();
    let events = server_side.connect(PAIR, "inproc://events");
    server.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = server.get_last_endpoint().unwrap().unwrap();

    let noise = others.connect(DEALER, &endpoint);
    noise.set_linger(10_000).unwrap();
    noise.send("no envelope", 0).unwrap();
    drop(noise);
    // The sender has connected and gone, and another one has connected, before the server receives.
    let [_come, _gone] = [(); 2].map(|()| events.recv_multipart(0).unwrap());
    let client = others.connect(REQ, &endpoint);
    client.send("a message", 0).unwrap();
    let _come = events.recv_multipart(0).unwrap();
    assert_eq!(server.recv_bytes(0).unwrap(), b"a message");
    server.send("new message", 0).unwrap();
    assert_eq!(client.recv_bytes(0).unwrap(), b"new message");
}
