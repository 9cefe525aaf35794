//! Makes the keys of one peer: `NAME.key` is for the others, `NAME.key_secret` for the peer alone.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use common::program::{arguments, exit, stderr, stdout};
use common::socket::curve::certificate::Certificate;

/// Make a pair of CURVE keys: NAME.key, to give away, and NAME.key_secret, to keep
#[derive(Parser)]
#[allow(clippy::doc_markdown, reason = "the help text shows backticks")]
#[command(version, after_help = arguments::examples(&[
    ("curve_keygen alice", "write alice.key, which others may have, and alice.key_secret"),
    ("curve_keygen keys/server", "the same in a folder"),
]))]
struct Args {
    /// Name of the peer the keys are for; may begin with a folder
    name: PathBuf,
}

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        stderr::start(0, false);
        make_keys(&args)
    })
}

fn make_keys(args: &Args) -> Result<()> {
    ensure!(args.name.file_name().is_some(), "{} is no name", args.name.display());
    let [public, secret] = Certificate::generate()?.write(&args.name)?;
    let (public, secret) = (public.display(), secret.display());
    let printed = writeln!(
        io::stdout(),
        "{public}: the public key, for the peers that connect to this one or let it in\n\
         {secret}: the secret key, for this peer alone"
    );
    stdout::checked(printed)
}
