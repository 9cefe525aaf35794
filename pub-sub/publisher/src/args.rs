//! The command line of `publisher`.

use std::time::Duration;

use clap::Parser;
use common::message::publication::Form;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;

/// PUB: send every message to all subscribers of its topic
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("publisher", "publish on the topics client1 and client2, twice a second, until Ctrl-C"),
    ("publisher --wait-for 2 --count 100 --interval 0", "100 rounds that two subscribers miss none of"),
]))]
pub struct Args {
    /// Endpoint to listen on; repeatable
    #[arg(long, value_name = "E", default_values_t = [Endpoint::every_interface(port::PUB_SUB)])]
    pub bind: Vec<Endpoint>,

    /// Topic to publish on; repeatable
    #[arg(long, value_name = "T", default_values = ["client1", "client2"],
          allow_hyphen_values = true)]
    pub topic: Vec<String>,

    /// Exit after N rounds, each of one message per topic (0 = run until interrupted)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub count: u64,

    /// Pause between rounds (0 = none: the article's flood)
    #[arg(long, value_name = "D", default_value = "500ms", value_parser = duration)]
    pub interval: Duration,

    /// Wait for N subscriptions before the first message, so that these subscribers do not miss it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub wait_for: u64,

    /// High-water mark: messages to queue for a slow subscriber before it loses some (0 = no limit)
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub hwm: i32,

    /// How to print what is sent
    #[arg(long = "as", value_name = "KIND", default_value = "bytes")]
    pub form: Form,

    #[command(flatten)]
    pub common: CommonArgs,
}
