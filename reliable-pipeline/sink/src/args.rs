//! The command line of `sink`.

use std::path::PathBuf;

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};

/// PULL and REQ: write results to disk, and only then acknowledge them
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("sink --output results.jsonl", "start a job's output, or continue the one that is there"),
]))]
pub struct Args {
    /// Endpoint to listen on for workers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::RESULTS))]
    pub bind: Endpoint,

    /// Endpoint of the dispatcher for acknowledgements
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::ACKS))]
    pub acks_connect: Endpoint,

    /// File for the results, one JSON object per line; a job that it holds a part of is continued.
    /// Without it results go to stdout, and the job cannot be continued
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}
