//! The programs that a peer stands in for, each on the part of its namesake's command line that
//! the benchmarks use. None prints a line per message.

use anyhow::Result;
pub use clap::Parser;
use common::program::latency::Latency;
pub use common::message::{WorkMessage, WorkResult};

/// One of the programs.
#[derive(Debug, Parser)]
pub enum Role {
    /// Answers every request with `new message`, for ever
    #[command(name = "zmq_server")]
    ZmqServer {
        /// Where to listen
        #[arg(long)]
        bind: String,
    },
    /// Asks, waits for the answer, and so on; prints how long the answers took
    #[command(name = "zmq_client")]
    ZmqClient {
        /// Where the server listens
        #[arg(long)]
        connect: String,
        /// How many requests
        #[arg(long)]
        count: u64,
        /// Print how long the answers took
        #[arg(long, required = true)]
        latency: bool,
        /// What to ask
        #[arg(long)]
        message: String,
    },
    /// Sends `[topic, "message for <topic>"]`, for ever, as fast as it can
    Publisher {
        /// Where to listen
        #[arg(long)]
        bind: String,
        /// The topic
        #[arg(long)]
        topic: String,
        /// High-water mark, in messages, of libraries that have one
        #[arg(long)]
        hwm: u32,
    },
    /// Ends when it has received so many messages
    Subscriber {
        /// What it subscribes to
        topic: String,
        /// Where the publisher listens
        #[arg(long)]
        connect: String,
        /// How many messages
        #[arg(long)]
        count: u64,
        /// High-water mark, in messages, of libraries that have one
        #[arg(long)]
        hwm: u32,
    },
    /// Sends the tasks `{"num": n}`, and ends when they are delivered
    Producer {
        /// Where to listen
        #[arg(long)]
        bind: String,
        /// How many tasks
        #[arg(long)]
        count: u64,
    },
    /// Answers each task with a result `{"consumer_id": 1, "num": n}`, for ever
    Consumer {
        /// Where the producer listens
        #[arg(long)]
        tasks_connect: String,
        /// Where the collector listens
        #[arg(long)]
        results_connect: String,
    },
    /// Ends when it has received so many results
    Resultcollector {
        /// Where to listen
        #[arg(long)]
        bind: String,
        /// How many results
        #[arg(long)]
        count: u64,
    },
}

/// The only consumer's id.
pub const CONSUMER_ID: u64 = 1;
/// What the server answers.
pub const REPLY: &str = "new message";

/// The second frame of a message.
#[must_use]
pub fn message_for(topic: &str) -> String {
    format!("message for {topic}")
}

/// Prints the end of a client, as `zmq_client --latency --format json` does.
///
/// # Errors
///
/// None that a caller could cause.
pub fn print_latency(latency: &Latency) -> Result<()> {
    println!(r#"{{"round_trip":{}}}"#, serde_json::to_string(latency)?);
    Ok(())
}
