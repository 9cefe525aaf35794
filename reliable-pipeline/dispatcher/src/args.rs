//! The command line of `dispatcher`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;

/// ROUTER, REP and PUB: hand tasks out to the workers that ask, until the sink has all results
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("dispatcher --input tasks.jsonl", "one task per line of JSON, for worker and sink beside it"),
    ("subscriber progress --connect tcp://localhost:5580 --count 0", "watch a job from anywhere"),
]))]
pub struct Args {
    /// Endpoint to listen on for workers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::TASKS))]
    pub bind: Endpoint,

    /// Endpoint to listen on for the sink
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::ACKS))]
    pub acks_bind: Endpoint,

    /// Endpoint to publish the progress on
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::PROGRESS))]
    pub progress_bind: Endpoint,

    /// Tasks: one JSON value per line (- = stdin)
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,

    /// Without --input: N tasks, {"num": 0}, {"num": 1}, …
    #[arg(long, value_name = "N", default_value_t = 2000, conflicts_with = "input")]
    pub count: u64,

    /// Give a task up after N attempts that failed or killed their worker
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u8).range(1..))]
    pub attempts: u8,

    /// Reassign a worker's tasks after this long without a heartbeat
    #[arg(long, value_name = "D", default_value = "3s", value_parser = duration)]
    pub lease: Duration,

    #[command(flatten)]
    pub common: CommonArgs,
}
