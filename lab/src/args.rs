//! The command line of `lab`.

use std::path::PathBuf;

use clap::Parser;

/// A page on which the workspace's programs run, and can be watched and broken
#[derive(Parser)]
#[command(name = "lab", version, after_help = AFTER_HELP)]
pub struct Args {
    /// Port of 127.0.0.1 to listen on (0 = a free one)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,

    /// Folder of the programs [default: the lab's own]
    #[arg(long, value_name = "DIR")]
    pub bin: Option<PathBuf>,

    /// Print the address only; open no browser
    #[arg(long)]
    pub no_open: bool,

    /// Play a saved recording; no program is started
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub replay: Option<PathBuf>,

    /// Run one experiment without a page, print its verdict, and exit with 0 if it could be finished
    #[arg(long, value_name = "EXPERIMENT")]
    pub record: Option<String>,

    /// Where --record writes the recording
    #[arg(long, value_name = "FILE", requires = "record")]
    pub output: Option<PathBuf>,
}

const AFTER_HELP: &str = "Examples:
  lab
      print the address of the page, and open it; Ctrl-C ends the lab and all programs
  lab --record c12 --output c12.jsonl
      run the experiment c12, save what happened, and print its verdict
  lab --replay c12.jsonl
      play it

The page can start and stop the workspace's programs, on this host only. Keep its address to yourself.";
