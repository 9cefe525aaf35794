//! The article's second `zmq_server.py`, call for call: `cargo run --example publisher`. It sends
//! as fast as it can.
//!
//! The program of the same name, `src/main.rs`, adds flags, a pause between rounds, a start that
//! waits for subscribers, CURVE, errors that name the call and the endpoint, and a quiet end where
//! its output is closed: under `| head`, this one panics.

fn main() -> zmq::Result<()> {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PUB)?;
    socket.bind("tcp://*:5555")?;

    loop {
        for topic in ["client1", "client2"] {
            let data = format!("message for {topic}");
            let message = [topic, &data];
            println!("{message:?}");
            socket.send_multipart(message, 0)?;
        }
    }
}
