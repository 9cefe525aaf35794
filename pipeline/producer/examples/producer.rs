//! The article's `producer.py`, call for call: `cargo run --example producer`.
//!
//! The program of the same name, `src/main.rs`, adds flags, a start that waits for consumers,
//! CURVE, errors that name the call and the endpoint, and a count of the tasks it sent.

use std::error::Error;

use common::message::WorkMessage;

fn main() -> Result<(), Box<dyn Error>> {
    let context = zmq::Context::new();
    let tasks = context.socket(zmq::PUSH)?;
    tasks.bind("tcp://*:5577")?;

    for num in 0..2000 {
        let task = WorkMessage { num };
        tasks.send(serde_json::to_vec(&task)?, 0)?;
    }
    Ok(())
}
