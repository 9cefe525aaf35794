//! The article's `resultcollector.py`, call for call: `cargo run --example resultcollector`. Only
//! the article's receives once, before its loop, and counts that one result 1000 times.
//!
//! The program of the same name, `src/main.rs`, adds flags, a progress bar and a chart, results
//! that are not what they should be reported and skipped, CURVE, and errors that name the call and
//! the endpoint.

use std::collections::BTreeMap;
use std::error::Error;

use common::message::WorkResult;

fn main() -> Result<(), Box<dyn Error>> {
    let context = zmq::Context::new();
    let results = context.socket(zmq::PULL)?;
    results.connect("tcp://localhost:5578")?;

    let mut counts = BTreeMap::new();
    for _ in 0..1000 {
        let message = results.recv_bytes(0)?;
        let result: WorkResult = serde_json::from_slice(&message)?;
        *counts.entry(result.consumer_id).or_insert(0) += 1;
    }
    println!("{counts:?}");
    Ok(())
}
