//! The command line of `zmq_bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use common::socket::options::duration;

use crate::asking::Asking;
use crate::contender::Contender;
use crate::crowd::LARGEST;

/// Measure the programs side by side with their peers
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Round trips of one client, or of several concurrent ones
    ReqRep {
        #[command(flatten)]
        work: ReqRep,
        #[command(flatten)]
        run: Run,
    },
    /// Pipeline and round trip under CURVE: what encryption costs
    Curve {
        /// Number of tasks
        #[arg(long, value_name = "N", default_value_t = 200_000)]
        msgs: u64,
        #[command(flatten)]
        run: Run,
    },
    /// A publisher that floods its subscribers: messages received per second
    PubSub {
        #[command(flatten)]
        work: PubSub,
        #[command(flatten)]
        run: Run,
    },
    /// Producer, consumers, collector: tasks per second
    Pipeline {
        #[command(flatten)]
        work: Pipeline,
        #[command(flatten)]
        run: Run,
    },
    /// Dispatcher, workers, sink: tasks per second that are safe in a file, beside plain pipelines
    Reliable {
        #[command(flatten)]
        work: Pipeline,
        #[command(flatten)]
        run: Run,
    },
    /// Commands over two slots, beside other programs that run commands
    Commands {
        /// Number of commands
        #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
        msgs: u64,
        #[command(flatten)]
        run: Run,
    },
    /// Three consumers, one of them ten times slower: total time, compared with the ideal
    Straggler {
        /// Number of tasks
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
    /// Many clients of one server: requests per second, and memory per connection
    ManyClients {
        /// Number of clients
        #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
        clients: u64,
        /// Number of requests, shared by all clients
        #[arg(long, value_name = "N", default_value_t = 200_000)]
        msgs: u64,
        #[command(flatten)]
        run: Run,
    },
    /// Many workers of one dispatcher: its processor time, while they are idle and while they are busy
    ManyWorkers {
        #[command(flatten)]
        work: ManyWorkers,
        #[command(flatten)]
        run: Run,
    },
    /// Jobs of many tasks: the dispatcher's memory and processor time, and how long a restart takes
    LargeJob {
        /// Numbers of tasks
        #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1_000_000, 10_000_000],
              value_parser = clap::value_parser!(u64).range(2..))]
        msgs: Vec<u64>,
        #[command(flatten)]
        run: Run,
    },
    /// A sink on a slow disk: tasks per second, and memory. Needs strace
    SlowDisk {
        /// Number of tasks
        #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
        msgs: u64,
        /// How much longer each sync of the disk takes
        #[arg(long, value_name = "D", value_delimiter = ',', default_values = ["100ms", "1s"],
              value_parser = duration)]
        delay: Vec<Duration>,
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
        /// Smoke test: run a little of everything, without meaningful figures
        #[arg(long)]
        quick: bool,
        #[command(flatten)]
        run: Run,
    },
    /// Be one of the programs whose sockets are clients
    #[command(hide = true)]
    Asking(Asking),
    /// Write the tables of a run into a document, between its two marks, or draw its plots again
    Report {
        /// JSON file written by --json
        results: PathBuf,
        /// Document to write into [default: stdout]
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
        /// Draw the results into this folder, as SVG
        #[arg(long, value_name = "DIR")]
        plot: Option<PathBuf>,
    },
}

/// How to measure, and where the results go.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct Run {
    /// Number of rounds; each measures every contender once, and the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// Contenders to measure [default: all that can do the work, but for bare-omq]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub peers: Vec<Contender>,

    /// Processors to run on [default: all]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub cpus: Vec<usize>,

    /// Write the results to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Draw the results into this folder, as SVG
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
}

/// Request and reply.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct ReqRep {
    /// Number of requests, shared by all clients
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub msgs: u64,
    /// Size of a request
    #[arg(long, value_name = "BYTES", default_value_t = 9)]
    pub size: usize,
    /// Number of concurrent clients, each a process
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub clients: u64,
    /// Requests per second that each client begins, for zmq-patterns only; a late answer then also
    /// counts for the requests that it delayed [default: send when the last answer has arrived]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
}

/// Publish and subscribe.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct PubSub {
    /// Number of messages that each subscriber receives
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub msgs: u64,
    /// Size of a message's second frame
    #[arg(long, value_name = "BYTES", default_value_t = 19, value_parser = size)]
    pub size: usize,
    /// Number of subscribers, each a process
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub subscribers: u64,
    /// High-water mark of both sides, in messages, for contenders that have one
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub hwm: u32,
}

/// A pipeline.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct Pipeline {
    /// Number of tasks
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub msgs: u64,
    /// Number of consumers or workers, each a process
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
    /// Number of requests, and of tasks, shared by all clients or consumers
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub msgs: u64,
    /// Run the clients as sockets of ten programs, not as a process each
    #[arg(long)]
    pub sockets: bool,
    /// Duration of each flood
    #[arg(long, value_name = "D", default_value = "3s", value_parser = duration)]
    pub duration: Duration,
}

/// Many workers.
#[derive(Clone, Debug, ClapArgs)]
#[group(skip)]
pub struct ManyWorkers {
    /// Numbers of workers
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [10, 100, 1000],
          value_parser = clap::value_parser!(u64).range(1..=LARGEST))]
    pub workers: Vec<u64>,
    /// How long idle workers are watched
    #[arg(long, value_name = "D", default_value = "5s", value_parser = duration)]
    pub duration: Duration,
    /// Number of tasks for each worker when they are busy
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub tasks: u64,
}

/// `message for <topic>`, with a topic of at least one byte.
fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size > TOPIC_OFFSET => Ok(size),
        _ => Err(format!("a number from {}: \"message for \" and the topic", TOPIC_OFFSET + 1)),
    }
}

/// The number of bytes before the topic in a message.
pub const TOPIC_OFFSET: usize = "message for ".len();
