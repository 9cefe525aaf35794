//! The command line of `worker`.

use std::num::NonZeroU16;
use std::time::Duration;

use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;

use crate::command::CommandLine;

/// The most bytes that a message with one result has beside it.
const BESIDE_RESULT: usize = 1024;

/// REQ and PUSH: ask for tasks, do them, and send the results to the sink
#[derive(Parser)]
#[command(version, after_help = after_help(&[
    ("worker --jobs 4 -- ./do-a-task.sh", "run a command for each task, four at a time"),
    ("worker -- wc -c", "a task's result is what the command prints: here, how long it is"),
]))]
pub struct Args {
    /// Endpoint of the dispatcher
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::TASKS))]
    pub connect: Endpoint,

    /// Endpoint of the sink
    #[arg(long, value_name = "E", default_value_t = Endpoint::localhost(port::RESULTS))]
    pub results_connect: Endpoint,

    /// Worker id in the results [default: random, 1 to 1000]
    #[arg(long, value_name = "N", default_value_t = rand::random_range(1..=1000),
          hide_default_value = true)]
    pub id: u64,

    /// Time spent on each task, besides the command
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    /// Fail a task whose command takes longer: SIGTERM, and SIGKILL 2 s later [default: none]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Number of tasks to do at the same time
    #[arg(long, value_name = "N", default_value_t = NonZeroU16::MIN)]
    pub jobs: NonZeroU16,

    /// Command to run for each task: it reads the task's JSON, a line, from stdin, and writes the
    /// result to stdout, as JSON or any text. In its arguments {} is the task, a string without its
    /// quotes, and {#} its number. Without a command, a task is its own result
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// What to run for each task, if anything.
    pub fn command_line(&self) -> Option<CommandLine> {
        let (program, args) = self.command.split_first()?;
        Some(CommandLine {
            program: program.clone(),
            args: args.to_vec(),
            timeout: self.timeout,
            max_result: self.common.socket.max_message_size().saturating_sub(BESIDE_RESULT),
        })
    }
}
