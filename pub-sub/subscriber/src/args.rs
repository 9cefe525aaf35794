//! The command line of `subscriber`.

use std::time::Duration;

use clap::Parser;
use common::message::publication::Form;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;

/// SUB: receive the topics subscribed to
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("subscriber client2", "print the next message on client2, then exit"),
    ("subscriber '' --count 0", "print every message on any topic, until Ctrl-C"),
    ("subscriber 新聞 --as string", "print a message as text, not as bytes"),
]))]
pub struct Args {
    /// What topics to receive begin with ('' = all topics)
    #[arg(value_name = "TOPIC", default_values = ["client1"], allow_negative_numbers = true,
          value_parser = topic)]
    pub topics: Vec<String>,

    /// Endpoint of a publisher; repeatable
    #[arg(long, value_name = "E", default_values_t = [Endpoint::localhost(port::PUB_SUB)])]
    pub connect: Vec<Endpoint>,

    /// Exit after N messages (0 = run until interrupted)
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub count: u64,

    /// High-water mark: messages to queue before more are lost (0 = no limit)
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(i32).range(0..))]
    pub hwm: i32,

    /// Time spent on each message: simulates a slow subscriber
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    /// How to read and print messages
    #[arg(long = "as", value_name = "KIND", default_value = "bytes")]
    pub form: Form,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Publishers refuse long subscriptions, and libzmq takes a level of its stack for each byte.
fn topic(text: &str) -> Result<String, String> {
    const LONGEST: usize = 1000;
    if text.len() > LONGEST {
        return Err(format!("it is {} bytes long, and may be {LONGEST}", text.len()));
    }
    Ok(text.to_owned())
}
