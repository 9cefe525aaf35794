//! The command line of `resultcollector`.

use clap::Parser;
use common::cli::CommonArgs;
use common::endpoint::{Endpoint, port};

/// PULL: counts the results of every consumer
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where a consumer listens; may be repeated
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::RESULTS)])]
    pub connect: Vec<Endpoint>,

    /// Where to listen for consumers, instead of --connect: the way to have several on a host
    #[arg(long, value_name = "E", conflicts_with = "connect")]
    pub bind: Option<Endpoint>,

    /// How many results to collect; 0 = for ever
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub count: u64,

    #[command(flatten)]
    pub common: CommonArgs,
}
