//! The command line of `worker`.

use std::num::NonZeroU16;
use std::time::Duration;

use clap::Parser;
use common::cli::{CommonArgs, duration};
use common::endpoint::{Endpoint, port};

/// REQ and PUSH: asks for tasks, does them, and sends the results to the sink
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where the dispatcher listens
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::TASKS))]
    pub connect: Endpoint,

    /// Where the sink listens
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::RESULTS))]
    pub results_connect: Endpoint,

    /// The worker's id in its results [default: a random one from 1 to 1000]
    #[arg(long, value_name = "N")]
    pub id: Option<u64>,

    /// How long to work on each task, besides the command
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    /// How many tasks to do at a time
    #[arg(long, value_name = "N", default_value_t = NonZeroU16::MIN)]
    pub jobs: NonZeroU16,

    /// What to run for each task: it reads the task's JSON from its stdin, and writes the result to
    /// its stdout, as JSON or any text. Without it, the task is its own result
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}
