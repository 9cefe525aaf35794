//! The programs that a peer implements, each with the part of its namesake's command line that the
//! benchmarks use. None prints a line per message.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
pub use clap::Parser;
pub use common::message::{WorkMessage, WorkResult};
use common::program::latency::Latency;
use common::socket::curve::certificate::{Certificate, SecretKey};

/// What a peer that can encrypt is told.
#[derive(Debug, Parser)]
pub struct Args {
    /// The program to be
    #[command(subcommand)]
    pub role: Role,
    /// Folder with `server.key_secret` and `client.key_secret`: encrypt with CURVE
    #[arg(long, global = true, value_name = "DIR")]
    pub curve: Option<PathBuf>,
}

/// The keys of a measurement under CURVE.
pub struct Keys {
    /// Those of the side that binds.
    pub server: Certificate,
    /// Those of the side that connects.
    pub client: Certificate,
}

impl Keys {
    /// Reads both certificates.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| Certificate::read(&folder.join(name));
        Ok(Self { server: read("server.key_secret")?, client: read("client.key_secret")? })
    }
}

/// The secret half of a certificate.
///
/// # Errors
///
/// A certificate without one.
pub fn secret(certificate: &Certificate) -> Result<&SecretKey> {
    certificate.secret.as_ref().context("a key without its secret half")
}

/// One of the programs.
#[derive(Debug, Parser)]
pub enum Role {
    /// Answer every request with `new message`, until killed
    #[command(name = "zmq_server")]
    ZmqServer {
        /// Endpoint to listen on
        #[arg(long)]
        bind: String,
    },
    /// Send requests one after the other; print the round-trip times at the end
    #[command(name = "zmq_client")]
    ZmqClient {
        /// Endpoint of the server
        #[arg(long)]
        connect: String,
        /// Number of requests
        #[arg(long)]
        count: u64,
        /// Print the round-trip times
        #[arg(long, required = true)]
        latency: bool,
        /// Text of the request
        #[arg(long)]
        message: String,
    },
    /// Send `[topic, "message for <topic>"]` as fast as possible, until killed
    Publisher {
        /// Endpoint to listen on
        #[arg(long)]
        bind: String,
        /// Topic to publish on
        #[arg(long)]
        topic: String,
        /// High-water mark, in messages, of libraries that have one
        #[arg(long)]
        hwm: u32,
    },
    /// Receive a number of messages, then end
    Subscriber {
        /// Topic to subscribe to
        topic: String,
        /// Endpoint of the publisher
        #[arg(long)]
        connect: String,
        /// Number of messages
        #[arg(long)]
        count: u64,
        /// High-water mark, in messages, of libraries that have one
        #[arg(long)]
        hwm: u32,
    },
    /// Send tasks `{"num": n}`, and end when they are delivered
    Producer {
        /// Endpoint to listen on
        #[arg(long)]
        bind: String,
        /// Number of tasks
        #[arg(long)]
        count: u64,
    },
    /// Send a result `{"consumer_id": 1, "num": n}` for each task, until killed
    Consumer {
        /// Endpoint of the producer
        #[arg(long)]
        tasks_connect: String,
        /// Endpoint of the collector
        #[arg(long)]
        results_connect: String,
    },
    /// Receive a number of results, then end
    Resultcollector {
        /// Endpoint to listen on
        #[arg(long)]
        bind: String,
        /// Number of results
        #[arg(long)]
        count: u64,
    },
}

/// The only consumer's id.
pub const CONSUMER_ID: u64 = 1;
/// The server's answer.
pub const REPLY: &str = "new message";

/// The second frame of a message.
pub fn message_for(topic: &str) -> String {
    format!("message for {topic}")
}

/// Prints a client's round trips, as `zmq_client --latency --format json` does.
pub fn print_latency(latency: &Latency) -> Result<()> {
    println!(r#"{{"round_trip":{}}}"#, serde_json::to_string(latency)?);
    Ok(())
}
