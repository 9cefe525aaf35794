//! The command line of `producer`.

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};

/// PUSH: hand tasks out to the consumers, round-robin
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("producer", "send 2000 tasks, and exit when they are delivered"),
    ("producer --wait-for 3", "wait for three consumers first, so that each gets its share"),
]))]
pub struct Args {
    /// Endpoint to listen on for consumers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::TASKS))]
    pub bind: Endpoint,

    /// Endpoint of a consumer, instead of --bind
    #[arg(long, value_name = "E", conflicts_with = "bind")]
    pub connect: Option<Endpoint>,

    /// Exit after N tasks (0 = run until interrupted)
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub count: u64,

    /// Wait for N consumers before the first task, so that each gets its share (0 = for one)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub wait_for: u64,

    #[command(flatten)]
    pub common: CommonArgs,
}
