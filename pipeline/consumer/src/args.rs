//! The command line of `consumer`.

use std::time::Duration;

use clap::Parser;
use common::cli::{CommonArgs, duration};
use common::endpoint::{Endpoint, port};

/// PULL and PUSH: takes tasks, passes results on
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where a producer listens; may be repeated
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::TASKS)])]
    pub tasks_connect: Vec<Endpoint>,

    /// Where to listen for producers, instead of --tasks-connect
    #[arg(long, value_name = "E", conflicts_with = "tasks_connect")]
    pub tasks_bind: Option<Endpoint>,

    /// Where to listen for the collector
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::RESULTS))]
    pub results_bind: Endpoint,

    /// Where the collector listens, instead of --results-bind: the way to run several consumers on
    /// a host
    #[arg(long, value_name = "E", conflicts_with = "results_bind")]
    pub results_connect: Option<Endpoint>,

    /// The consumer's id in its results [default: a random one from 1 to 1000]
    #[arg(long, value_name = "N")]
    pub id: Option<u64>,

    /// How long to work on each task
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    #[command(flatten)]
    pub common: CommonArgs,
}
