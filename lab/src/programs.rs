//! Where the programs are, and their command lines.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::event::Language;
use crate::guard;
use crate::scene::{Flag, Part, Program, duration};

/// The programs of the workspace.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The folder of the binaries.
    bin: PathBuf,
}

/// A command line: what is run, and how one would type it.
#[derive(Clone, Debug)]
pub struct CommandLine {
    program: PathBuf,
    arguments: Vec<String>,
    /// As one would type it in the workspace, with the programs in the search path.
    pub typed: String,
}

/// Where the sockets of a part are: a port for each of its flags.
pub trait Ports {
    /// The port that `part` binds by `flag`.
    fn bound(&self, part: &str, flag: &str) -> Option<u16>;
    /// The port of the tap between `part` and the socket that it connects to.
    fn tapped(&self, part: &str, to: &str) -> Option<u16>;
}

impl Programs {
    /// Those in `bin`.
    ///
    /// # Errors
    ///
    /// No programs there.
    pub fn in_folder(bin: PathBuf) -> Result<Self> {
        let server = bin.join("zmq_server");
        ensure!(
            server.is_file(),
            "{} is missing: scripts/lab.sh builds the programs, --bin says where they are",
            server.display()
        );
        Ok(Self { bin })
    }

    /// The command line of `part`.
    ///
    /// # Errors
    ///
    /// The program has no twin; it is missing.
    pub fn line(&self, part: &Part, language: Language, ports: &impl Ports) -> Result<CommandLine> {
        let mut arguments = Vec::new();
        for flag in &part.flags {
            match flag {
                Flag::Word(word) => arguments.push(word.clone()),
                Flag::Duration(name, time) => {
                    arguments.extend([(*name).to_owned(), duration(*time, language)]);
                }
                Flag::Binds(name, _) => {
                    arguments.extend([(*name).to_owned(), endpoint(ports.bound(&part.id, name))?]);
                }
                Flag::Connects(connects) => {
                    let tapped = ports.tapped(&part.id, &connects.to);
                    arguments.extend([connects.flag.to_owned(), endpoint(tapped)?]);
                }
                Flag::Addresses(connects) => {
                    let endpoint = endpoint(ports.tapped(&part.id, &connects.to))?;
                    arguments.push(endpoint.trim_start_matches("tcp://").to_owned());
                }
            }
        }
        let (program, script) = match language {
            Language::Rust => (self.bin.join(part.program.file), None),
            Language::Python => (python()?, Some(twin(part.program)?)),
        };
        ensure!(program.is_file(), "{} is missing", program.display());
        let mut typed = vec![match &script {
            None => part.program.file.rsplit('/').next().unwrap_or_default().to_owned(),
            Some(script) => format!("python {script}"),
        }];
        typed.extend(arguments.iter().map(|argument| quoted(argument)));
        if let Some(script) = script {
            arguments.insert(0, root().join(script).display().to_string());
        }
        Ok(CommandLine { program, arguments, typed: typed.join(" ") })
    }
}

impl CommandLine {
    /// The command, in `folder`, with pipes for its output. It dies with the lab.
    ///
    /// # Errors
    ///
    /// What keeps the lab from finding its own binary.
    pub fn command(&self, folder: &Path) -> Result<Command> {
        let mut command = guard::command(&self.program).context("cannot find the lab's binary")?;
        command
            .args(&self.arguments)
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .env("PYTHONUNBUFFERED", "1")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }
}

fn endpoint(port: Option<u16>) -> Result<String> {
    let port = port.context("nothing to connect to")?;
    Ok(format!("tcp://127.0.0.1:{port}"))
}

/// The folder of the workspace.
fn root() -> &'static Path {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    lab.parent().unwrap_or(lab)
}

/// The Python that `scripts/python.sh` sets up.
fn python() -> Result<PathBuf> {
    let python = root().join("target/python/bin/python");
    ensure!(python.exists(), "the Python twins are not set up: scripts/python.sh does it");
    Ok(python)
}

fn twin(program: Program) -> Result<String> {
    let folder = program.python.with_context(|| format!("{} has no Python twin", program.file))?;
    Ok(format!("{folder}/python/{}.py", program.file))
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("--bind"), "--bind");
        assert_eq!(quoted("a message"), "'a message'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
