//! The command line of `sink`.

use std::path::PathBuf;

use clap::Parser;
use common::cli::CommonArgs;
use common::endpoint::{Endpoint, port};

/// PULL and REQ: makes results safe, and only then acknowledges them
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where to listen for workers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::RESULTS))]
    pub bind: Endpoint,

    /// Where the dispatcher listens for acknowledgements
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::ACKS))]
    pub acks_connect: Endpoint,

    /// The file for the results, a JSON object a line; a job that it holds a part of goes on where
    /// it ends. Without it they go to stdout, and cannot be gone on with
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}
