//! The command line of `sink`.

use std::path::{Path, PathBuf};

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};

/// PULL and REQ: write results to disk, and only then acknowledge them
#[derive(Parser)]
#[command(version, mut_arg("heartbeat", |arg| arg.default_value("2s")), after_help = after_help(&[
    ("sink --output results.jsonl", "start a job's output, or continue the one that is there"),
    ("sink --output results.jsonl --retry-failed", "the same, and try the failed tasks again"),
]))]
pub struct Args {
    /// Endpoint to listen on for workers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::RESULTS))]
    pub bind: Endpoint,

    /// Endpoint of the dispatcher for acknowledgements
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::ACKS))]
    pub acks_connect: Endpoint,

    /// File for the results, one JSON object per line; a job that it holds a part of is continued.
    /// Without it, or with -, results go to stdout, and the job cannot be continued
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Try the failed tasks of the output again
    #[arg(long, requires = "output")]
    pub retry_failed: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}
