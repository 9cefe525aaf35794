//! The command line of `publisher`.

use std::time::Duration;

use clap::Parser;
use common::cli::{CommonArgs, duration};
use common::endpoint::{Endpoint, port};

/// PUB: sends every message to all who subscribed to its topic
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// Where to listen; may be repeated
    #[arg(long, value_name = "E", default_values_t = [Endpoint::every_interface(port::PUB_SUB)])]
    pub bind: Vec<Endpoint>,

    /// A topic to publish on; may be repeated
    #[arg(long, value_name = "T", default_values = ["client1", "client2"])]
    pub topic: Vec<String>,

    /// How many rounds, each of a message per topic; 0 = for ever
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub count: u64,

    /// How long to wait between rounds; 0 is the article's flood
    #[arg(long, value_name = "D", default_value = "500ms", value_parser = duration)]
    pub interval: Duration,

    /// Wait for so many subscriptions before the first message, so that no subscriber misses it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub wait_for: u64,

    /// High-water mark: how many messages to hold for a slow subscriber before it loses some; 0 =
    /// any number
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub hwm: i32,

    #[command(flatten)]
    pub common: CommonArgs,
}
