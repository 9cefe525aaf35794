//! The flags that all programs have, and the words at the end of their help.

use std::fmt::Write as _;

use clap::{ArgAction, Args};

use super::stdout::Format;
use crate::socket::options::SocketArgs;

/// The flags of all programs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Common options")]
pub struct CommonArgs {
    /// Log the life of the sockets on stderr: listening, connected, disconnected, retrying (-vv:
    /// all of their events)
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,

    /// Print no line per message and no warnings, only results and summaries
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Format of stdout: lines for people, or one JSON object per line
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,

    /// The flags of the program's sockets.
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// The end of a program's help: a command and what it does, for each of the `examples`, and what E
/// and D stand for.
pub fn after_help(examples: &[(&str, &str)]) -> String {
    let mut text = String::from("Examples:\n");
    for (command, effect) in examples {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {command}\n      {effect}");
    }
    text.push_str(
        "\nE is an endpoint: tcp://HOST:PORT, tcp://*:PORT (every interface of this host), or \
         ipc://PATH.\nD is a duration: 500ms, 2s, 1m, or 0.",
    );
    text
}
