//! The command line of `zmq_client`.

use std::time::Duration;

use clap::Parser;
use common::message::payload::Kind;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;

/// REQ: ask, and wait for the answer
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("zmq_client --as json --message '{\"n\": 1}'", "ask with JSON, and read the answer as JSON"),
    ("zmq_client --timeout 1s --retries 3", "ask up to four times, then exit with 1"),
]))]
pub struct Args {
    /// Endpoint of a server; repeatable: requests then go to the servers in turn
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::REQ_REP)])]
    pub connect: Vec<Endpoint>,

    /// What to ask; read as JSON with --as json and --as pyobj (any other text is a JSON string);
    /// repeatable with --as multipart, one frame each
    #[arg(long, value_name = "TEXT", default_value = "a message", allow_hyphen_values = true)]
    pub message: Vec<String>,

    /// How to send requests and read answers
    #[arg(long = "as", value_name = "KIND", default_value = "bytes")]
    pub kind: Kind,

    /// Exit after N requests (0 = run until interrupted)
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub count: u64,

    /// Pause between an answer and the next request
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub interval: Duration,

    /// Give up an attempt after this long without an answer [default: none, wait as the article
    /// does]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// How many times to resend a request after a timeout
    #[arg(long, value_name = "N", default_value_t = 0, requires = "timeout")]
    pub retries: u32,

    /// Print latency percentiles at the end. With --interval, an answer that takes longer than that
    /// also counts for the requests it delayed
    #[arg(long)]
    pub latency: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}
