//! The command line of `resultcollector`.

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};

/// PULL: count the results of every consumer
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("resultcollector", "print how many of 1000 results came from which consumer"),
    ("resultcollector --bind 'tcp://*:5578'", "for consumers with --results-connect"),
]))]
pub struct Args {
    /// Endpoint of a consumer; repeatable
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::RESULTS)])]
    pub connect: Vec<Endpoint>,

    /// Endpoint to listen on for consumers, instead of --connect: needed for several consumers on
    /// one host
    #[arg(long, value_name = "E", conflicts_with = "connect")]
    pub bind: Option<Endpoint>,

    /// Exit after N results (0 = run until interrupted)
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub count: u64,

    #[command(flatten)]
    pub common: CommonArgs,
}
