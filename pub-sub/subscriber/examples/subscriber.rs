//! The article's `zmq_client1.py`, call for call: `cargo run --example subscriber`. Its
//! `zmq_client2.py` is the same for the topic `client2`.
//!
//! The program of the same name, `src/main.rs`, adds flags for topics and counts, messages that
//! are not a topic and a text reported and skipped, CURVE, and errors that name the call and the
//! endpoint.

fn main() -> zmq::Result<()> {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::SUB)?;
    socket.set_subscribe(b"client1")?;
    socket.connect("tcp://localhost:5555")?;

    let message = socket.recv_multipart(0)?;
    for frame in message {
        println!("b\"{}\"", frame.escape_ascii());
    }
    Ok(())
}
