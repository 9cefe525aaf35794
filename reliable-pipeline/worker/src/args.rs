//! The command line of `worker`.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use common::program::arguments::{CommonArgs, after_help};
use common::socket::endpoint::{Endpoint, port};
use common::socket::options::duration;
use protocol::message::{MAX_NUMBER, MAX_SLOTS};

use crate::command::{CommandLine, Commands, OpenFiles};

/// The most bytes that a message with one result has beside it.
const BESIDE_RESULT: usize = 1024;

/// REQ and PUSH: ask for tasks, do them, and send the results to the sink
#[derive(Parser)]
#[command(version, mut_arg("heartbeat", |arg| arg.default_value("2s")), after_help = after_help(&[
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
          hide_default_value = true,
          value_parser = clap::value_parser!(u64).range(..MAX_NUMBER))]
    pub id: u64,

    /// Time spent on each task, besides the command
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    pub work: Duration,

    /// Fail a task whose command takes longer: SIGTERM, and SIGKILL 2 s later [default: none]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Number of tasks to run at the same time (0 = one per processor)
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_SLOTS)))]
    pub jobs: u32,

    /// End with 0 after this long without work or dispatcher [default: none]
    #[arg(long, value_name = "D", value_parser = duration)]
    pub idle_timeout: Option<Duration>,

    /// Command to run for each task: it reads the task's JSON, a line, from stdin, and writes the
    /// result to stdout, as JSON or any text. In its arguments {} is the task, a string without its
    /// quotes, and {#} its number. Without a command, a task is its own result
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

impl Args {
    /// What to run for each task, if anything, in as many `slots`. `open_files` is the limit that
    /// the commands are to find.
    pub fn commands(&self, slots: u32, open_files: OpenFiles) -> Result<Option<Commands>> {
        let Some((program, args)) = self.command.split_first() else { return Ok(None) };
        let limit = self.common.socket.max_message_size();
        let line = CommandLine {
            program: program.clone(),
            args: args.to_vec(),
            timeout: self.timeout,
            max_result: usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(BESIDE_RESULT),
        };
        let jobs = u16::try_from(slots).unwrap_or(u16::MAX);
        Commands::new(line, jobs, open_files).context("cannot catch signals").map(Some)
    }
}
