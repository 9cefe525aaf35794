//! The contenders: the programs of this workspace, and their peers. All have the same command
//! lines, except for the flags that make them quiet.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

/// An implementation of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Contender {
    /// The programs of this workspace
    ZmqPatterns,
    /// Plain loops on the zmq crate
    Bare,
    /// The same loops on omq-libzmq, which is measured only where it is named
    BareOmq,
    /// The Python twins, on pyzmq
    Python,
    /// omq-tokio
    Omq,
    /// rzmq, written entirely in Rust
    Rzmq,
    /// zeromq, written entirely in Rust
    Zeromq,
    /// A TCP stream: the lower bound for a round trip
    Tcp,
}

impl Contender {
    /// All that speak ZeroMQ.
    pub const ZEROMQ: [Self; 7] = [
        Self::ZmqPatterns,
        Self::Bare,
        Self::BareOmq,
        Self::Python,
        Self::Omq,
        Self::Rzmq,
        Self::Zeromq,
    ];
    /// All that can encrypt with CURVE, and are measured with it.
    pub const CURVE: [Self; 3] = [Self::ZmqPatterns, Self::Omq, Self::Rzmq];

    /// Its name in tables and plots.
    pub fn name(self) -> &'static str {
        match self {
            Self::ZmqPatterns => "zmq-patterns",
            Self::Bare => "bare zmq loop",
            Self::BareOmq => "bare loop on omq-libzmq",
            Self::Python => "Python twins",
            Self::Omq => "omq-tokio",
            Self::Rzmq => "rzmq",
            Self::Zeromq => "zeromq",
            Self::Tcp => "TCP stream",
        }
    }

    /// The number of `messages` it is measured with: a fifth for Python, which needs tens of times
    /// as long for each.
    pub fn share(self, messages: u64) -> u64 {
        if self == Self::Python { messages.div_ceil(5) } else { messages }
    }

    /// The command that runs one of its programs, still without that program's arguments.
    ///
    /// # Errors
    ///
    /// A program that is not built.
    pub fn program(self, name: &str) -> Result<Command> {
        let peer = |peer: &str| -> Result<Command> {
            let mut command = Command::new(built(peer)?);
            command.arg(name);
            Ok(command)
        };
        match self {
            Self::ZmqPatterns => {
                let mut command = Command::new(built(name)?);
                command.args(["--quiet", "--format", "json"]);
                if name == "publisher" {
                    command.args(["--interval", "0"]);
                }
                Ok(command)
            }
            Self::Python => python(name),
            Self::Bare => peer("peer_bare"),
            Self::BareOmq => peer("peer_omq_libzmq"),
            Self::Omq => peer("peer_omq"),
            Self::Rzmq => peer("peer_rzmq"),
            Self::Zeromq => peer("peer_zeromq"),
            Self::Tcp => peer("peer_tcp"),
        }
    }
}

/// The `wanted` contenders, or all that are `able` when none is named, but for one: omq-libzmq takes
/// as long to build as everything else here.
///
/// # Errors
///
/// A wanted contender that cannot do the work.
pub fn choose(wanted: &[Contender], able: &[Contender]) -> Result<Vec<Contender>> {
    for one in wanted {
        ensure!(able.contains(one), "{} has no such benchmark", one.name());
    }
    let all = able.iter().copied().filter(|one| *one != Contender::BareOmq);
    Ok(if wanted.is_empty() { all.collect() } else { wanted.to_vec() })
}

/// The path of a program in the folder of this one.
///
/// # Errors
///
/// A program that is missing.
pub fn built(name: &str) -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this program")?;
    let path = this.with_file_name(name);
    ensure!(
        path.is_file(),
        "{} is missing; scripts/bench.sh builds it, or BENCHMARKS.md says how",
        path.display()
    );
    Ok(path)
}

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Python with the packages that the twins need.
///
/// # Errors
///
/// The failure of `scripts/python.sh`.
pub fn interpreter() -> Result<PathBuf> {
    set_up("scripts/python.sh")
}

/// The path of the Python that `script` sets up, and prints.
///
/// # Errors
///
/// The script's failure.
pub fn set_up(script: &str) -> Result<PathBuf> {
    let output = Command::new(root().join(script)).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {script}"))?;
    ensure!(output.status.success(), "{script}: {}", output.status);
    Ok(String::from_utf8(output.stdout).context("no path in UTF-8")?.trim_end().into())
}

fn python(name: &str) -> Result<Command> {
    let (pattern, prints) = match name {
        "zmq_server" => ("req-rep", true),
        "zmq_client" => ("req-rep", false),
        "publisher" | "subscriber" => ("pub-sub", true),
        _ => ("pipeline", false),
    };
    let mut command = Command::new(interpreter()?);
    command.arg(root().join(pattern).join("python").join(format!("{name}.py")));
    if prints {
        command.arg("--quiet");
    }
    if name == "publisher" {
        command.args(["--interval", "0"]);
    }
    Ok(command)
}
