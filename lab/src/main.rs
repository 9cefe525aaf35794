//! The lab: a page on which the article's patterns and the reliable pipeline run for real, each
//! program a process, and between them taps, which show every message that passes. One can kill
//! programs and cut connections, and see what is lost.
//!
//! | looking for … | go to … |
//! |---|---|
//! | which programs there are, and what connects to what | `scene/` |
//! | processes, wires, and what one can do to them | `stage/` |
//! | the experiments, one in each file | `experiments/` |
//! | what is recorded | `event.rs`, `journal.rs`, `../RECORDING.md` |
//! | HTTP, and who may ask | `server/` |
//! | programs that die with the lab | `guard.rs` |

mod args;
mod event;
mod experiments;
mod guard;
mod journal;
mod lab;
mod ledger;
mod programs;
mod recording;
mod scene;
mod server;
mod stage;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use args::Args;
use clap::Parser;
use common::program::exit;
use lab::Lab;
use programs::Programs;
use server::{Content, Server};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    if let Some(code) = guard::run_if_guard() {
        return code;
    }
    exit::report(|| {
        let args = Args::parse();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.context("cannot start")?.block_on(run(&args))
    })
}

async fn run(args: &Args) -> Result<()> {
    if let Some(file) = &args.replay {
        return serve(args, Content::Replay(recording::read(file)?.into())).await;
    }
    let lab = Lab::new(Programs::in_folder(bin(args)?)?);
    let ended = match &args.record {
        Some(experiment) => record(&lab, experiment, args.output.as_deref()).await,
        None => serve(args, Content::Live(lab.clone())).await,
    };
    lab.close().await;
    ended
}

/// The folder of the programs: where the lab itself is, unless the command line says.
fn bin(args: &Args) -> Result<PathBuf> {
    if let Some(bin) = &args.bin {
        return fs::canonicalize(bin).with_context(|| format!("cannot use {}", bin.display()));
    }
    let own = std::env::current_exe().context("cannot find the lab's own folder")?;
    Ok(own.parent().context("cannot find the lab's own folder")?.to_owned())
}

/// Serves the page until a signal comes.
async fn serve(args: &Args, content: Content) -> Result<()> {
    let server = Server::listen(args.port).await?;
    let address = server.address();
    // A closed stdout is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "{address}");
    if !args.no_open {
        open_browser(&address);
    }
    let mut signals = Vec::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        signals.push(signal(kind).context("cannot catch signals")?);
    }
    let [interrupt, terminate, hangup] = &mut signals[..] else { bail!("cannot catch signals") };
    tokio::select! {
        failed = server.serve(content) => failed,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    }
}

/// Opens a browser where there is a desktop. Where it fails, the address has been printed.
fn open_browser(address: &str) {
    let desktop = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if desktop("DISPLAY") || desktop("WAYLAND_DISPLAY") {
        let mut open = Command::new("xdg-open");
        open.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = open.spawn();
    }
}

/// Runs an experiment, writes its recording, and prints its verdict.
async fn record(lab: &Lab, experiment: &str, output: Option<&Path>) -> Result<()> {
    let verdict = lab.run_experiment(experiment).await;
    if let (Some(output), Some(recording)) = (output, lab.journal.recording()) {
        let written = fs::write(output, recording);
        written.with_context(|| format!("cannot write {}", output.display()))?;
    }
    let verdict = serde_json::to_string(&verdict?)?;
    writeln!(std::io::stdout(), "{verdict}").context("cannot write to stdout")
}
