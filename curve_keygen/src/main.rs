//! Makes the keys of one peer: `NAME.key` is for the others, `NAME.key_secret` for the peer alone.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use common::curve::certificate::Certificate;
use common::{exit, logging};

/// Makes a pair of CURVE keys: NAME.key, to give away, and NAME.key_secret, to keep
#[derive(Parser)]
#[allow(clippy::doc_markdown, reason = "the help text shows backticks")]
#[command(version)]
struct Args {
    /// Whose keys they are; may begin with a folder
    name: PathBuf,
}

fn main() -> ExitCode {
    exit::report(|| run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    logging::start(0, false);
    ensure!(args.name.file_name().is_some(), "{} is no name", args.name.display());
    let [public, secret] = Certificate::generate()?.write(&args.name)?;
    let (public, secret) = (public.display(), secret.display());
    writeln!(
        io::stdout(),
        "{public}: the public key, for those who are to know this peer\n\
         {secret}: the secret key, for this peer alone"
    )
    .context("cannot write to stdout")
}
