//! The command line: the flags that all programs have, the words at the end of their help, their
//! completions and man pages.

mod man;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process;

use anyhow::Result;
use clap::{Arg, ArgAction, Args, Command, Parser};
use clap_complete::Shell;

use super::stdout::{Format, checked};
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

impl CommonArgs {
    /// Whether a progress bar may be drawn: with -q nothing is, and with -v the log takes its place.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && self.verbose == 0
    }
}

/// Reads a program's command line, as [`Parser::parse`] does. Two more flags, which the help does not
/// show, print something for packages and end the program: `--completions SHELL` its completions for
/// a shell, `--man` its man page.
///
/// # Errors
///
/// What keeps stdout from being written to.
pub fn parse<A: Parser>() -> Result<A> {
    let hidden = |name: &'static str| Arg::new(name).long(name).exclusive(true).hide(true);
    let command = A::command()
        .arg(hidden(COMPLETIONS).value_name("SHELL").value_parser(clap::value_parser!(Shell)))
        .arg(hidden(MAN).action(ArgAction::SetTrue));
    let mut matches = command.get_matches();
    if let Some(&shell) = matches.get_one(COMPLETIONS) {
        print_and_exit(&completions(A::command(), shell))?;
    }
    if matches.get_flag(MAN) {
        print_and_exit(&man::page(A::command())?)?;
    }
    Ok(A::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit()))
}

const COMPLETIONS: &str = "completions";
const MAN: &str = "man";

fn completions(mut command: Command, shell: Shell) -> Vec<u8> {
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

fn print_and_exit(text: &[u8]) -> Result<()> {
    checked(io::stdout().write_all(text))?;
    process::exit(0);
}

/// What stands above the examples in a help, before a command, and before its effect.
const EXAMPLES: &str = "Examples:";
const COMMAND: &str = "  ";
const EFFECT: &str = "      ";

/// The examples at the end of a program's help: each a command and what it does.
pub fn examples(examples: &[(&str, &str)]) -> String {
    let mut text = EXAMPLES.to_owned();
    for (command, effect) in examples {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{COMMAND}{command}\n{EFFECT}{effect}");
    }
    text
}

/// The end of a program's help: its examples, and what E and D stand for.
pub fn after_help(commands: &[(&str, &str)]) -> String {
    let mut text = examples(commands);
    text.push_str(
        "\n\nE is an endpoint: tcp://HOST:PORT, tcp://*:PORT (every interface of this host), or \
         ipc://PATH.\nD is a duration: 500ms, 2s, 1m, or 0.",
    );
    text
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    #[test]
    fn a_progress_bar_is_for_who_wants_neither_less_nor_more() {
        let shows = |flags: &[&str]| {
            let command = CommonArgs::augment_args(Command::new("test"));
            let matches = command.get_matches_from(["test"].iter().chain(flags));
            CommonArgs::from_arg_matches(&matches).unwrap().shows_progress()
        };
        assert!(shows(&[]));
        assert!(!shows(&["-q"]) && !shows(&["-v"]));
    }

    #[test]
    fn examples_are_told_in_the_help_and_on_the_man_page() {
        let help = after_help(&[("first -q", "Does this"), ("second", "Does that")]);
        let examples =
            "Examples:\n  first -q\n      Does this\n  second\n      Does that\n\nE is an";
        assert!(help.starts_with(examples), "{help}");
        let command = Command::new("test").after_help(help);
        let page = String::from_utf8(man::page(command.clone()).unwrap()).unwrap();
        let [examples, first, effect, exit] =
            [".SH EXAMPLES", "first \\-q", "Does this", ".SH \"EXIT STATUS\""]
                .map(|text| page.find(text));
        assert!(
            examples.is_some() && examples < first && first < effect && effect < exit,
            "{page}"
        );
        let script = String::from_utf8(completions(command, Shell::Bash)).unwrap();
        assert!(script.contains("--help"), "{script}");
    }
}
