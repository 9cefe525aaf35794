//! The guard: the lab's own binary in another mode, which lets a program die with the lab, however
//! that ends.
//!
//! `lab --guard PID PROGRAM ARGS…` asks the kernel for SIGKILL at the death of its parent, the lab,
//! and then becomes the program: the kernel's promise holds across exec, and the process keeps its
//! id. Elsewhere than on Linux it only becomes the program, and a lab that is killed with SIGKILL
//! leaves its programs behind.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use nix::unistd::getppid;

/// The hidden first argument of a lab that is a guard.
const MODE: &str = "--guard";

/// A command that starts `program` under a guard.
///
/// # Errors
///
/// What keeps the lab from finding its own binary.
pub fn command(program: &PathBuf) -> io::Result<Command> {
    let mut command = Command::new(own_binary()?);
    command.arg(MODE).arg(std::process::id().to_string()).arg(program);
    Ok(command)
}

/// This program, even where another one has taken its path meanwhile.
fn own_binary() -> io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe() }
}

/// Is this process' guard, if it was started to be one. To be called first of all. Returns only
/// where it is none, or where the program cannot be started.
pub fn run_if_guard() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|mode| mode == MODE)?;
    let lab = arguments.next().and_then(|id| id.to_str()?.parse().ok())?;
    let program = arguments.next()?;
    let error = run(lab, &program, arguments);
    eprintln!("error: cannot start {}: {error}", program.display());
    Some(ExitCode::FAILURE)
}

/// Returns only the error.
fn run(lab: i32, program: &OsString, arguments: impl Iterator<Item = OsString>) -> io::Error {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL) {
        return error.into();
    }
    // The lab may have died before it was asked for.
    if getppid().as_raw() != lab {
        return io::Error::other("the lab has ended");
    }
    Command::new(program).args(arguments).exec()
}
