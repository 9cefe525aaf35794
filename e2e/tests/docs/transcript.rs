//! Transcripts of terminals: their commands are run, and their text is compared with the output.

use e2e::{DefaultPorts, Process, Program, Signal, Stream, python, rust, script};

use crate::markdown::{Block, blocks, document};

/// A command typed in a terminal, and its output.
pub struct Transcript {
    section: usize,
    pub command: String,
    pub seen: String,
    /// Whether Ctrl-C ended the program.
    interrupted: bool,
}

pub fn transcripts(text: &str) -> Vec<Transcript> {
    let consoles = blocks(text).into_iter().filter(|block| block.language == "console");
    consoles.map(|block| Transcript::new(&block)).collect()
}

impl Transcript {
    fn new(block: &Block) -> Self {
        let (prompt, seen) = block.text.split_once('\n').unwrap();
        let command = prompt.strip_prefix("$ ").unwrap_or_else(|| panic!("no prompt: {prompt}"));
        let interrupted = seen.contains("^C\n");
        let seen = seen.replace("^C\n", "");
        Self { section: block.section, command: command.to_owned(), seen, interrupted }
    }

    /// The command as a program of the kit, which needs neither cargo nor an activated environment.
    fn program(&self) -> Program {
        let words = shlex::split(&self.command).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["cargo", "run", "-q", "-p", _, "--example", example]
            | ["cargo", "run", "-q", "--example", example] => rust(&format!("examples/{example}")),
            ["cargo", "run", "-q", "-p", name, "--", ref args @ ..]
            | ["cargo", "run", "-q", "-p", name, ref args @ ..] => rust(name).args(args),
            ["python3", path, ref args @ ..] => python(path).args(args),
            [path, ref args @ ..] if path.starts_with("scripts/") => {
                script(&path["scripts/".len()..]).args(args)
            }
            _ => panic!("no test knows how to run {}", self.command),
        }
    }

    /// Starts the program, and waits until it is listening if its first line says so.
    fn start(&self) -> Process {
        let process = self.program().start_merged();
        let first = self.seen.lines().next();
        if let Some(listening) = first.filter(|line| line.starts_with("info: listening")) {
            process.wait_for(Stream::Both, listening);
        }
        process
    }

    /// Compares a program's output with the document: `[..]` matches anything within a line, and
    /// `...` any lines.
    fn compare(&self, process: Process) {
        let printed = process.wait().both;
        let compared = snapbox::Assert::new().normalize_paths(false).try_eq(
            Some(&self.command),
            printed.into(),
            self.seen.clone().into(),
        );
        compared.unwrap_or_else(|difference| panic!("{difference}"));
    }
}

/// Runs the terminals of each section side by side, as a reader would.
pub fn replay(pattern: &str) {
    let _ports = DefaultPorts::take();
    let transcripts = transcripts(&document(&format!("{pattern}/README.md")));
    assert!(!transcripts.is_empty());
    for session in transcripts.chunk_by(|one, next| one.section == next.section) {
        let start = |transcript| (transcript, Transcript::start(transcript));
        let started: Vec<(&Transcript, Process)> = session.iter().map(start).collect();
        let (endless, finite): (Vec<_>, Vec<_>) =
            started.into_iter().partition(|(transcript, _)| transcript.interrupted);
        for (transcript, process) in finite {
            transcript.compare(process);
        }
        for (transcript, process) in endless {
            process.signal(Signal::SIGINT);
            transcript.compare(process);
        }
    }
}
