//! The command line of `zmq_server`.

use clap::Parser;
use common::cli::CommonArgs;
use common::endpoint::{Endpoint, port};
use common::payload::Kind;

/// REP: answers every request, once
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where to listen; may be repeated
    #[arg(long, value_name = "E", default_values_t = [Endpoint::every_interface(port::REQ_REP)])]
    pub bind: Vec<Endpoint>,

    /// What to answer; as json and pyobj read as JSON, and as a string where it is not
    #[arg(long, value_name = "TEXT", default_value = "new message")]
    pub reply: String,

    /// Answer with the request's own frames
    #[arg(long, conflicts_with = "reply")]
    pub echo: bool,

    /// How requests are read and answers sent
    #[arg(long = "as", value_name = "KIND", default_value = "bytes")]
    pub kind: Kind,

    /// End after so many good requests; 0 = never
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub count: u64,

    /// Fail between receiving and answering the Nth good request, as a server that crashes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub exit_before_reply: Option<u64>,

    #[command(flatten)]
    pub common: CommonArgs,
}
