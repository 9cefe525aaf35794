//! The command line of `zmq_server`.

use clap::Parser;
use common::message::payload::Kind;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};

/// REP: answer every request, once
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("zmq_server", "answer `new message` to every request, until Ctrl-C"),
    ("zmq_server --echo --count 3", "send three requests back to their clients, then exit"),
]))]
pub struct Args {
    /// Endpoint to listen on; repeatable
    #[arg(long, value_name = "E", default_values_t = [Endpoint::every_interface(port::REQ_REP)])]
    pub bind: Vec<Endpoint>,

    /// What to answer; read as JSON with --as json and --as pyobj (any other text is a JSON string)
    #[arg(long, value_name = "TEXT", default_value = "new message", allow_hyphen_values = true)]
    pub reply: String,

    /// Answer with the request's own frames
    #[arg(long, conflicts_with = "reply")]
    pub echo: bool,

    /// How to read requests and send answers
    #[arg(long = "as", value_name = "KIND", default_value = "bytes")]
    pub kind: Kind,

    /// Exit after N valid requests (0 = run until interrupted)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub count: u64,

    /// Exit with 1 between receiving and answering the Nth valid request, as a server that crashes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub exit_before_reply: Option<u64>,

    #[command(flatten)]
    pub common: CommonArgs,
}
