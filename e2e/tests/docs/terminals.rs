//! Documents that tell what to type in several terminals: their commands are run in an empty folder, and the
//! lines they show are waited for.

use std::path::Path;

use e2e::{Process, Stream, shell};

use crate::markdown::Block;

/// How a command begins where a reader types it; here the programs are on the search path.
const CARGO: &str = "cargo run -q -p ";

/// A line of a document: `[..]` stands for anything.
struct Shown<'a>(&'a str);

impl Shown<'_> {
    fn parts(&self) -> Vec<&str> {
        self.0.split("[..]").collect()
    }

    /// What is surely in the printed line.
    fn longest_part(&self) -> &str {
        self.parts().into_iter().max_by_key(|part| part.len()).unwrap_or_default()
    }

    fn is<'p>(&self, printed: &'p str) -> bool {
        let parts = self.parts();
        let [first, ref middle @ .., last] = parts[..] else { return printed == self.0 };
        let rest = printed.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        let after = |rest: Option<&'p str>, part: &&str| Some(rest?.split_once(*part)?.1);
        middle.iter().fold(rest, after).is_some()
    }

    /// Whether it comes without any program that is started later.
    fn comes_alone(&self) -> bool {
        self.0.starts_with("info: listening on ") || self.0.ends_with("waiting")
    }
}

/// A command in its terminal, and the lines that it is to print.
struct Terminal<'a> {
    process: Process,
    lines: Vec<Shown<'a>>,
}

impl<'a> Terminal<'a> {
    fn start(text: &'a str, folder: &Path) -> Self {
        let (prompt, seen) = text.split_once('\n').unwrap();
        let command = prompt.strip_prefix("$ ").unwrap_or_else(|| panic!("no prompt: {prompt}"));
        let process = shell(&format!("exec {}", typed(command)), folder).start_merged();
        let terminal = Self { process, lines: seen.lines().map(Shown).collect() };
        if terminal.lines.first().is_some_and(Shown::comes_alone) {
            terminal.wait_for(&terminal.lines[..1]);
        }
        terminal
    }

    /// Waits until each of these lines is printed, as often as it is shown.
    fn wait_for(&self, lines: &[Shown]) {
        for Shown(line) in lines {
            let shown = Shown(line);
            let count = lines.iter().filter(|other| other.0 == *line).count();
            let found =
                self.process.wait_for_lines(Stream::Both, shown.longest_part(), count).pop();
            assert!(found.as_ref().is_some_and(|found| shown.is(found)), "{found:?} is not {line}");
        }
    }
}

/// Commands as they are run here.
fn typed(commands: &str) -> String {
    let mut parts = commands.split(CARGO);
    let before = parts.next().unwrap_or_default();
    // Cargo's own options end at the first `--`.
    let programs = parts.map(|program| program.replacen(" -- ", " ", 1));
    [before.to_owned()].into_iter().chain(programs).collect()
}

/// Runs the blocks of one section: `console` is a terminal of its own; `sh` ends before the next
/// block begins, with 0, and `text` after it has some of its lines. All lines that are shown have to
/// come.
pub fn run<'a>(section: impl Iterator<Item = &'a Block>, folder: &Path) {
    let mut terminals = Vec::new();
    let wait = |terminals: &[Terminal]| {
        for terminal in terminals {
            terminal.wait_for(&terminal.lines);
        }
    };
    let mut printed = String::new();
    for block in section {
        let printed_before = std::mem::take(&mut printed);
        match block.language.as_str() {
            "console" => terminals.push(Terminal::start(&block.text, folder)),
            "sh" => {
                wait(&terminals);
                // A reader's shell goes on after a command that fails.
                let commands = format!("set +e\n{}", typed(&block.text));
                let ended = shell(&commands, folder).start_merged().wait();
                assert_eq!(ended.code, Some(0), "{commands}{ended:?}");
                printed = ended.both;
            }
            "text" if !printed_before.is_empty() => {
                let mut lines: Vec<&str> = printed_before.lines().collect();
                for shown in block.text.lines().map(Shown) {
                    let found = lines.iter().position(|printed| shown.is(printed));
                    lines
                        .remove(found.unwrap_or_else(|| {
                            panic!("{:?} is not in\n{printed_before}", shown.0)
                        }));
                }
            }
            _ => {}
        }
    }
    wait(&terminals);
}
