//! The command line of `zmq_bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use common::socket::options::duration;

use crate::contender::Contender;

/// Measures the programs, side by side with their peers
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Round trips of one client, or of several at once
    ReqRep {
        #[command(flatten)]
        work: ReqRep,
        #[command(flatten)]
        run: Run,
    },
    /// A publisher that floods its subscribers: messages received a second
    PubSub {
        #[command(flatten)]
        work: PubSub,
        #[command(flatten)]
        run: Run,
    },
    /// Producer, consumers, collector: tasks a second
    Pipeline {
        #[command(flatten)]
        work: Pipeline,
        #[command(flatten)]
        run: Run,
    },
    /// Dispatcher, workers, sink: tasks a second that are safe in a file, beside plain pipelines
    Reliable {
        #[command(flatten)]
        work: Pipeline,
        #[command(flatten)]
        run: Run,
    },
    /// Three consumers, one of them ten times slower: how much longer than at their own rates it takes
    Straggler {
        /// How many tasks
        #[arg(long, value_name = "N", default_value_t = 2000)]
        msgs: u64,
        #[command(flatten)]
        run: Run,
    },
    /// The cost of a message, against the number of clients, subscribers and consumers
    Scale {
        #[command(flatten)]
        work: Scale,
        #[command(flatten)]
        run: Run,
    },
    /// Time from start to listening or connected, memory, and size of each program
    Footprint {
        #[command(flatten)]
        run: Run,
    },
    /// All of the above, as scripts/bench.sh runs it
    All {
        /// Less of everything: whether it works, not what is true
        #[arg(long)]
        quick: bool,
        #[command(flatten)]
        run: Run,
    },
    /// Writes the tables of a run into a document, between its two marks
    Report {
        /// What --json has written
        results: PathBuf,
        /// The document; without it, the tables go to stdout
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
    },
}

/// How to measure, and where the results go.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct Run {
    /// How many times each contender is measured, all in turn; the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// Who is measured [default: all that can do the work]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub peers: Vec<Contender>,

    /// On which processors
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub cpus: Vec<usize>,

    /// Write the results there, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Draw the results into that folder, as SVG
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
}

/// Request and reply.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct ReqRep {
    /// How many requests in all
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub msgs: u64,
    /// How many bytes a request has
    #[arg(long, value_name = "BYTES", default_value_t = 9)]
    pub size: usize,
    /// How many clients ask at once, a process each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub clients: u64,
    /// How many requests a second each client is to begin, of zmq-patterns alone; a late answer then counts
    /// for the requests that it held up, too [default: each as soon as the one before is answered]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
}

/// Publish and subscribe.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct PubSub {
    /// How many messages each subscriber receives
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub msgs: u64,
    /// How many bytes a message's second frame has
    #[arg(long, value_name = "BYTES", default_value_t = 19, value_parser = size)]
    pub size: usize,
    /// How many subscribers there are, a process each
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub subscribers: u64,
    /// High-water mark of both sides, in messages, of those that have one
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub hwm: u32,
}

/// A pipeline.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct Pipeline {
    /// How many tasks
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub msgs: u64,
    /// How many consumers there are, a process each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub consumers: u64,
}

/// Numbers of peers.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct Scale {
    /// Numbers of clients
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 10, 100, 1000])]
    pub clients: Vec<u64>,
    /// Numbers of subscribers
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 4, 8, 16, 32, 64, 128, 256])]
    pub subscribers: Vec<u64>,
    /// Numbers of consumers
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 4, 8, 16, 32])]
    pub consumers: Vec<u64>,
    /// How many requests and how many tasks there are, however many share them
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub msgs: u64,
    /// The clients are threads of one program, not processes
    #[arg(long)]
    pub threads: bool,
    /// How long the subscribers are flooded
    #[arg(long, value_name = "D", default_value = "3s", value_parser = duration)]
    pub duration: Duration,
}

/// `message for <topic>`, with a topic of at least one byte.
fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size > TOPIC_OFFSET => Ok(size),
        _ => Err(format!("a number from {}: \"message for \" and the topic", TOPIC_OFFSET + 1)),
    }
}

/// How many bytes stand before the topic in a message.
pub const TOPIC_OFFSET: usize = "message for ".len();
