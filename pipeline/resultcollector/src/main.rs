//! Pipeline, the last step: a PULL socket takes the results of all consumers, fairly.
//!
//! Connects to `tcp://localhost:5578`, receives 1000 results `{"consumer_id": id, "num": n}`,
//! prints how many came from each consumer. Twin: `../python/resultcollector.py`.
//!
//! ```text
//! terminal 1                  terminal 2                   terminal 3
//! $ cargo run -p producer     $ cargo run -p consumer      $ cargo run -p resultcollector
//! tasks sent: 2000                                         consumer 517  1000 ████████████
//! ```

mod args;
mod chart;

use std::process::ExitCode;

use anyhow::{Context, Result};
use args::Args;
use chart::Chart;
use clap::Parser;
use common::bad_message::{RecvError, Rejected};
use common::exit;
use common::message::WorkResult;
use common::scheduling;
use common::shutdown::Shutdown;
use common::socket_ext::SocketExt;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

#[derive(Default, Serialize)]
struct Tally {
    results: u64,
    consumers: Chart,
    rejected: Rejected,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let out = args.common.start();
    scheduling::prefer_throughput();
    let context = zmq::Context::new();
    let shutdown = Shutdown::on_signals(&context)?;

    let mut tally = Tally::default();
    let bar = progress_bar(args)?;
    let ended = collect(args, &context, &bar, &mut tally);
    bar.finish_and_clear();
    let signal = shutdown.finish(context, ended)?;
    let Tally { results, consumers, rejected } = &tally;
    out.result(format_args!("{consumers}results collected: {results}{rejected}"), &tally)?;
    match signal {
        Some(signal) if args.count > 0 => {
            Err(signal.cut_short(format!("collected {results} of {} results", args.count)))
        }
        _ => Ok(()),
    }
}

/// Drawn on stderr, where that is a terminal.
fn progress_bar(args: &Args) -> Result<ProgressBar> {
    let (bar, template) = match (args.common.shows_progress(), args.count) {
        (false, _) => return Ok(ProgressBar::hidden()),
        (true, 0) => (ProgressBar::no_length(), "{spinner} {pos} results, {per_sec}"),
        (true, count) => {
            (ProgressBar::new(count), "{bar:40} {pos}/{len} results, {per_sec}, {eta} left")
        }
    };
    let style = ProgressStyle::with_template(template).context("cannot draw a progress bar")?;
    Ok(bar.with_style(style))
}

fn collect(
    args: &Args,
    context: &zmq::Context,
    bar: &ProgressBar,
    tally: &mut Tally,
) -> Result<()> {
    let socket = context.socket(zmq::PULL).context("cannot create a PULL socket")?;
    if let Some(endpoint) = &args.bind {
        args.common.prepare_bind(context, &socket, [endpoint])?;
        socket.bind(endpoint).with_context(|| format!("cannot bind {endpoint}"))?;
        args.common.warn_if_open(endpoint);
    } else {
        args.common.prepare_connect(context, &socket, &args.connect)?;
        for endpoint in &args.connect {
            socket.connect(endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
        }
    }

    // To count a result there takes as long as to receive it.
    let is_seen = !bar.is_hidden();
    while args.count == 0 || tally.results < args.count {
        match socket.recv_json::<WorkResult>(0) {
            Ok(result) => {
                tally.consumers.count(result.consumer_id);
                tally.results += 1;
                if is_seen {
                    bar.inc(1);
                }
            }
            Err(RecvError::Bad(bad)) => bar.suspend(|| tally.rejected.report(&bad)),
            Err(error) => return Err(error).context("cannot receive a result"),
        }
    }
    Ok(())
}
