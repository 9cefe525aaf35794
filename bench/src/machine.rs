//! The machine, the versions and the time of a run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::contender::{interpreter, root};
use crate::results::{Experiment, Results};

/// Adds to `experiments` the command line, the machine and the versions they ran with.
///
/// # Errors
///
/// A version or a property of the machine that cannot be read.
pub fn describe(experiments: Vec<Experiment>) -> Result<Results> {
    let (major, minor, patch) = zmq::version();
    let mut versions = vec![
        ("zmq-patterns".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("libzmq".to_owned(), format!("{major}.{minor}.{patch}")),
        ("zmq".to_owned(), locked(&root().join("Cargo.lock"), "zmq")?),
    ];
    let peers = root().join("bench/peers/Cargo.lock");
    for peer in ["omq-tokio", "rzmq", "zeromq"] {
        versions.push((peer.to_owned(), locked(&peers, peer)?));
    }
    let pyzmq = "import zmq; print(zmq.__version__, 'on libzmq', zmq.zmq_version())";
    versions.push(("pyzmq".to_owned(), output(Command::new(interpreter()?).args(["-c", pyzmq]))?));
    let rustc = output(Command::new("rustc").arg("--version"))?;
    versions.push(("rustc".to_owned(), rustc.trim_start_matches("rustc ").to_owned()));
    let mut words = std::env::args();
    let program = words.next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    let command = [program.into_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
    Ok(Results {
        date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        command,
        machine: machine()?,
        versions,
        experiments,
    })
}

/// `AMD EPYC, 2 processors, Linux 6.1.0`
fn machine() -> Result<String> {
    let processors = thread::available_parallelism().context("cannot count the processors")?;
    let system = output(Command::new("uname").args(["-s", "-r"]))?;
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    Ok(format!("{model}, {processors} processors, {system}"))
}

/// The version of a package in a lock file.
fn locked(path: &Path, package: &str) -> Result<String> {
    let lock =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{package}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    let version = version.with_context(|| format!("no {package} in {}", path.display()))?;
    Ok(version.trim_matches('"').to_owned())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
