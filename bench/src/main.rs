//! Measures the programs of the workspace side by side with their peers, each in its own process.
//! `scripts/bench.sh` builds and runs everything; `BENCHMARKS.md` explains the figures.

mod all;
mod args;
mod asking;
mod clients;
mod commands;
mod contender;
mod crowd;
mod curve;
mod footprint;
mod large_job;
mod machine;
mod many_workers;
mod markdown;
mod pipeline;
mod plot;
mod process;
mod pub_sub;
mod reliable;
mod report;
mod req_rep;
mod results;
mod rounds;
mod scale;
mod slow_disk;
mod usage;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use args::{Args, Command, Run};
use clap::Parser;
use common::program::{exit, stderr};
use results::{Experiment, Results};

fn main() -> ExitCode {
    exit::report(|| {
        stderr::start(0, false);
        process::end_all_on_signals()?;
        run(Args::parse().command)
    })
}

fn run(command: Command) -> Result<()> {
    let (experiments, run) = match command {
        Command::ReqRep { work, run } => (vec![req_rep::experiment(&work, None, &run)?], run),
        Command::Commands { msgs, run } => (commands::experiments(msgs, &run)?, run),
        Command::Curve { msgs, run } => (all::encrypted(msgs, &run)?, run),
        Command::PubSub { work, run } => (vec![pub_sub::experiment(&work, &run)?], run),
        Command::Pipeline { work, run } => (vec![pipeline::experiment(&work, None, &run)?], run),
        Command::Reliable { work, run } => (vec![pipeline::reliable_experiment(&work, &run)?], run),
        Command::Straggler { msgs, run } => (vec![pipeline::straggler(msgs, &run)?], run),
        Command::Scale { work, run } => (scale::experiments(&work, &run)?, run),
        Command::ManyClients { clients, msgs, run } => {
            (clients::experiments(clients, msgs, &run)?, run)
        }
        Command::ManyWorkers { work, run } => (many_workers::experiments(&work, &run)?, run),
        Command::LargeJob { msgs, run } => (large_job::experiments(&msgs, &run)?, run),
        Command::SlowDisk { msgs, delay, run } => {
            (slow_disk::experiments(msgs, &delay, &run)?, run)
        }
        Command::Footprint { run } => (footprint::experiments(&run)?, run),
        Command::All { quick, run } => (all::experiments(quick, &run)?, run),
        Command::Asking(asking) => return asking::ask(&asking),
        Command::Report { results, into, plot } => {
            let text = fs::read_to_string(&results)
                .with_context(|| format!("cannot read {}", results.display()))?;
            let results: Results = serde_json::from_str(&text)
                .with_context(|| format!("{} is not a run", results.display()))?;
            if let Some(folder) = plot {
                plot::draw(&results, &folder)?;
            }
            return report::write(&results, into.as_deref());
        }
    };
    finish(experiments, &run)
}

/// Prints the tables, and writes the JSON and the plots that the command line asks for.
fn finish(experiments: Vec<Experiment>, run: &Run) -> Result<()> {
    let results = machine::describe(experiments)?;
    if let Some(path) = &run.json {
        let json = serde_json::to_string_pretty(&results)?;
        fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(folder) = &run.plot {
        plot::draw(&results, folder)?;
    }
    report::write(&results, None)
}
