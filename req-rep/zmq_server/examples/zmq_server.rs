//! The article's `zmq_server.py`, call for call: `cargo run --example zmq_server`.
//!
//! The program of the same name, `src/main.rs`, adds flags, requests of any number of frames,
//! CURVE, errors that name the call and the endpoint, and a count of its replies on Ctrl-C.

fn main() -> zmq::Result<()> {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::REP)?;
    socket.bind("tcp://*:5555")?;

    loop {
        let message = socket.recv_bytes(0)?;
        println!("{}", std::any::type_name_of_val(&message));
        println!("received: b\"{}\"", message.escape_ascii());
        socket.send("new message", 0)?;
    }
}
