//! The programs under test, as commands.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::hosts::Hosts;
use crate::lock::lock;
use crate::process::Process;
use crate::workspace::root;

/// The article's programs.
pub const PROGRAMS: [&str; 7] = [
    "zmq_server",
    "zmq_client",
    "publisher",
    "subscriber",
    "producer",
    "consumer",
    "resultcollector",
];

/// A program and its arguments, not yet started.
pub struct Program {
    name: String,
    command: Command,
}

/// A Rust program of the workspace, built first if necessary.
pub fn rust(name: &str) -> Program {
    Program::new(name, programs().join(name))
}

/// The folder of the workspace's programs, which are built first if necessary.
fn programs() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(build)
}

/// Commands for a shell in `folder` that finds the workspace's programs. It ends at the first
/// command that fails.
pub fn shell(commands: &str, folder: &Path) -> Program {
    let path = std::env::var("PATH").expect("a search path");
    let path = format!("{}:{path}", programs().display());
    let mut program = Program::new("sh", "sh").args(["-euc", commands]).env("PATH", path);
    program.command.current_dir(folder);
    program
}

/// A Python twin, such as `req-rep/python/zmq_server.py`, with the pinned pyzmq.
pub fn python(path: &str) -> Program {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    let interpreter = PYTHON.get_or_init(|| {
        let _lock = lock("python");
        let output = Command::new(root().join("scripts/python.sh"))
            .stderr(Stdio::inherit())
            .output()
            .expect("scripts/python.sh");
        assert!(output.status.success(), "scripts/python.sh: {}", output.status);
        PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim_end())
    });
    let script = root().join(path);
    assert!(script.is_file(), "{} is missing", script.display());
    Program::new(path, interpreter).arg(script).env("PYTHONUNBUFFERED", "1")
}

/// The language of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// One of the workspace's binaries.
    Rust,
    /// Its twin, a plain pyzmq program.
    Python,
}

impl Language {
    /// The program of a pattern, such as `req-rep`, in this language.
    pub fn program(self, pattern: &str, name: &str) -> Program {
        match self {
            Self::Rust => rust(name),
            Self::Python => python(&format!("{pattern}/python/{name}.py")),
        }
    }

    /// The article's program of this name in this language, bare: without flags, on the article's
    /// ports ([`DefaultPorts`](crate::DefaultPorts)).
    pub fn bare(self, pattern: &str, name: &str) -> Program {
        match self {
            Self::Rust => rust(&format!("examples/{name}")),
            Self::Python => python(&format!("{pattern}/python/bare/{name}.py")),
        }
    }
}

/// A script of `scripts/`, run from another folder. The programs it runs are built first.
pub fn script(name: &str) -> Program {
    static BUILT: OnceLock<()> = OnceLock::new();
    // In the scripts' profile, whatever profile the test has.
    BUILT.get_or_init(|| {
        cargo_build(std::iter::empty());
        cargo_build(["-p", "zmq_client", "--example", "raw_tcp_client"].into_iter());
    });
    let mut program = Program::new(name, root().join("scripts").join(name));
    program.command.current_dir(std::env::temp_dir());
    program
}

impl Program {
    pub(crate) fn new(name: &str, path: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(path);
        command.current_dir(root()).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
        Self { name: name.to_owned(), command }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Makes the program run on one of the `hosts`.
    #[must_use]
    pub fn on(self, hosts: &Hosts, host: u8) -> Self {
        Self::new(&self.name, "ip")
            .args(["netns", "exec", &hosts.namespace(host)])
            .arg(self.command.get_program())
            .args(self.command.get_args())
    }

    /// Starts the program with its stdout and stderr captured.
    pub fn start(self) -> Process {
        Process::piped(self.name, self.command)
    }

    /// Starts the program with its stdout and stderr captured as one.
    pub fn start_merged(self) -> Process {
        Process::merged(self.name, self.command)
    }

    /// Starts the program on a new terminal.
    pub fn start_on_terminal(self) -> Process {
        Process::on_terminal(self.name, self.command)
    }

    /// Starts the program with its stdout connected to `stdout`, which may be closed or never read.
    pub fn start_with_stdout(self, stdout: impl Into<Stdio>) -> Process {
        Process::with_stdout(self.name, self.command, stdout.into())
    }

    /// Starts the program with a stderr that `stderr` reads, or does not read.
    pub fn start_with_stderr(self, stderr: impl Into<Stdio>) -> Process {
        Process::with_stderr(self.name, self.command, stderr.into())
    }
}

/// Builds all programs in the profile of the running test, and returns the folder that holds them.
fn build() -> PathBuf {
    // target/<profile>/deps/<test>
    let test = std::env::current_exe().expect("the path of the test");
    let directory = test.ancestors().nth(2).expect("a folder above the test's").to_owned();
    let target = directory.parent().expect("the target folder");
    let release = directory.file_name().is_some_and(|name| name == "release");
    let target = target.to_str().expect("a path in UTF-8");
    let profile = release.then_some("--release");
    cargo_build(
        ["--workspace", "--bins", "--examples", "--target-dir", target].into_iter().chain(profile),
    );
    directory
}

fn cargo_build<'a>(args: impl Iterator<Item = &'a str>) {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--locked"])
        .args(args)
        .current_dir(root())
        .status()
        .expect("cargo");
    assert!(status.success(), "cargo build: {status}");
}
