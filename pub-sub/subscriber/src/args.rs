//! The command line of `subscriber`.

use std::time::Duration;

use clap::Parser;
use common::cli::{CommonArgs, duration};
use common::endpoint::{Endpoint, port};

/// SUB: receives the topics it subscribed to
#[derive(Parser)]
#[command(version)]
pub struct Args {
    /// What a message's topic starts with; "" subscribes to all
    #[arg(value_name = "TOPIC", default_values = ["client1"])]
    pub topics: Vec<String>,

    /// Where a publisher listens; may be repeated
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::PUB_SUB)])]
    pub connect: Vec<Endpoint>,

    /// How many messages to receive; 0 = for ever
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub count: u64,

    /// High-water mark: how many messages to hold before more are lost; 0 = any number
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub hwm: i32,

    /// How long to work on each message: a slow subscriber
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    #[command(flatten)]
    pub common: CommonArgs,
}
