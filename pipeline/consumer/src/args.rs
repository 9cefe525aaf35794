//! The command line of `consumer`.

use std::time::Duration;

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;

/// PULL and PUSH: receive tasks, send results
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("consumer --id 517", "serve the article's producer and collector, until Ctrl-C"),
    (
        "consumer --results-connect tcp://localhost:5578",
        "one of several on this host, with resultcollector --bind 'tcp://*:5578'",
    ),
]))]
pub struct Args {
    /// Endpoint of a producer; repeatable
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::TASKS)])]
    pub tasks_connect: Vec<Endpoint>,

    /// Endpoint to listen on for producers, instead of --tasks-connect
    #[arg(long, value_name = "E", conflicts_with = "tasks_connect")]
    pub tasks_bind: Option<Endpoint>,

    /// Endpoint to listen on for the collector
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::RESULTS))]
    pub results_bind: Endpoint,

    /// Endpoint of the collector, instead of --results-bind: needed for several consumers on one
    /// host
    #[arg(long, value_name = "E", conflicts_with = "results_bind")]
    pub results_connect: Option<Endpoint>,

    /// Consumer id in the results [default: random, 1 to 1000]
    #[arg(long, value_name = "N", default_value_t = rand::random_range(1..=1000),
          hide_default_value = true)]
    pub id: u64,

    /// Time spent on each task
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    #[command(flatten)]
    pub common: CommonArgs,
}
