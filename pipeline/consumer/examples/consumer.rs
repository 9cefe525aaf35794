//! The article's `consumer.py`, call for call: `cargo run --example consumer`.
//!
//! The program of the same name, `src/main.rs`, adds flags, one of which lets several consumers
//! run on a host, tasks that are not what they should be reported and skipped, CURVE, errors that
//! name the call and the endpoint, and a count of its results on Ctrl-C.

use std::error::Error;

use common::message::{WorkMessage, WorkResult};

fn main() -> Result<(), Box<dyn Error>> {
    let context = zmq::Context::new();
    let consumer_id = rand::random_range(1..=1000);
    let tasks = context.socket(zmq::PULL)?;
    tasks.connect("tcp://localhost:5577")?;
    let results = context.socket(zmq::PUSH)?;
    results.bind("tcp://*:5578")?;

    loop {
        let message = tasks.recv_bytes(0)?;
        let task: WorkMessage = serde_json::from_slice(&message)?;
        let result = WorkResult { consumer_id, num: task.num };
        results.send(serde_json::to_vec(&result)?, 0)?;
    }
}
