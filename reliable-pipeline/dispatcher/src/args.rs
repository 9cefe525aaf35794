//! The command line of `dispatcher`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;
use protocol::message::MAX_TASKS;

const SHORTEST_LEASE: Duration = Duration::from_secs(1);

/// ROUTER, REP and PUB: hand tasks out to the workers that ask, until the sink has all results
#[derive(Parser)]
#[command(version, mut_arg("heartbeat", |arg| arg.default_value("2s")), after_help = after_help(&[
    ("dispatcher --input tasks.jsonl", "one task per line of JSON, for worker and sink beside it"),
    ("find . -name '*.png' -print0 | dispatcher --input - -0", "one task per file name"),
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
    #[arg(long, value_name = "N", default_value_t = 2000, conflicts_with = "input",
          value_parser = clap::value_parser!(u64).range(..=MAX_TASKS))]
    pub count: u64,

    /// Each line of the input is a task, as text
    #[arg(long, requires = "input")]
    pub lines: bool,

    /// Tasks are texts that end with NUL, as `find -print0` prints them
    #[arg(short = '0', long, requires = "input", conflicts_with = "lines")]
    pub null: bool,

    /// Give a task up after its command has failed N times
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,

    /// Give a task up after N workers have died while they ran it
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub crash_limit: u32,

    /// Wait this long before a failed task is tried again; doubled each time, up to 30 s
    #[arg(long, value_name = "D", default_value = "250ms", value_parser = duration)]
    pub retry_delay: Duration,

    /// Reassign a worker's tasks after this long without a sign of life
    #[arg(long, value_name = "D", default_value = "3s", value_parser = lease)]
    pub lease: Duration,

    /// End the job as soon as N tasks have failed for good [default: none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: Option<u64>,

    /// Never run a task in two places at a time on purpose: no backup for stragglers
    #[arg(long)]
    pub no_backup: bool,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// A lease is longer than the time between two signs of life.
fn lease(text: &str) -> Result<Duration, String> {
    let lease = duration(text)?;
    if lease < SHORTEST_LEASE {
        return Err(format!(
            "a worker says every 500ms that it is alive: at least {SHORTEST_LEASE:?}"
        ));
    }
    Ok(lease)
}
