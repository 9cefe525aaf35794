//! The article's `zmq_client.py`, call for call: `cargo run --example zmq_client`.
//!
//! The program of the same name, `src/main.rs`, adds flags, a timeout with retries where this one
//! waits indefinitely, CURVE, and errors that name the call and the endpoint.

fn main() -> zmq::Result<()> {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::REQ)?;
    socket.connect("tcp://localhost:5555")?;

    socket.send("a message", 0)?;
    let reply = socket.recv_bytes(0)?;
    println!("b\"{}\"", reply.escape_ascii());
    Ok(())
}
