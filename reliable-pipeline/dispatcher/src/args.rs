//! The command line of `dispatcher`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use common::cli::{CommonArgs, duration};
use common::endpoint::{Endpoint, port};

/// ROUTER, REP and PUB: hands tasks out to the workers that ask, until the sink has all results
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where to listen for workers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::TASKS))]
    pub bind: Endpoint,

    /// Where to listen for the sink
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::ACKS))]
    pub acks_bind: Endpoint,

    /// Where to publish the progress
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::PROGRESS))]
    pub progress_bind: Endpoint,

    /// The tasks: a JSON value a line; - is stdin
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,

    /// Without --input: so many tasks, {"num": 0} and on
    #[arg(long, value_name = "N", default_value_t = 2000, conflicts_with = "input")]
    pub count: u64,

    /// Give a task up when so many attempts have failed, or killed their worker
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u8).range(1..))]
    pub attempts: u8,

    /// Hand a worker's tasks to others when it is not heard of for so long
    #[arg(long, value_name = "D", default_value = "3s", value_parser = duration)]
    pub lease: Duration,

    #[command(flatten)]
    pub common: CommonArgs,
}
