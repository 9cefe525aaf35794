//! The command line of `zmq_client`.

use std::time::Duration;

use clap::Parser;
use common::cli::{CommonArgs, duration};
use common::endpoint::{Endpoint, port};
use common::payload::Kind;

/// REQ: asks, and waits for the answer
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where a server listens; may be repeated, and requests then go to the servers in turn
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::REQ_REP)])]
    pub connect: Vec<Endpoint>,

    /// What to ask; as multipart it may be repeated, a frame each; as json and pyobj it is read as
    /// JSON, and is a string where it is not
    #[arg(long, value_name = "TEXT", default_value = "a message")]
    pub message: Vec<String>,

    /// How requests are sent and answers read
    #[arg(long = "as", value_name = "KIND", default_value = "bytes")]
    pub kind: Kind,

    /// How many requests; 0 = for ever
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub count: u64,

    /// How long to wait between an answer and the next request
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub interval: Duration,

    /// How long to wait for an answer [default: for ever, as the article does]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// How often to ask again after a time-out
    #[arg(long, value_name = "N", default_value_t = 0, requires = "timeout")]
    pub retries: u32,

    /// Tell at the end how long the answers took. Where --interval is set, an answer that takes
    /// longer counts for the requests that it held up, too
    #[arg(long)]
    pub latency: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}
