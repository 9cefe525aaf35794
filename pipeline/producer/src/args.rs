//! The command line of `producer`.

use clap::Parser;
use common::cli::CommonArgs;
use common::endpoint::{Endpoint, port};

/// PUSH: deals tasks out to the consumers
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where to listen for consumers
    #[arg(long, value_name = "E", default_value_t = Endpoint::every_interface(port::TASKS))]
    pub bind: Endpoint,

    /// Where a consumer listens, instead of --bind
    #[arg(long, value_name = "E", conflicts_with = "bind")]
    pub connect: Option<Endpoint>,

    /// How many tasks; 0 = for ever
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub count: u64,

    /// Wait for so many consumers before the first task, so that each has its share; 0 = for one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub wait_for: u64,

    #[command(flatten)]
    pub common: CommonArgs,
}
