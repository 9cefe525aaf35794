//! The caller's own limit of open files, for the commands.
//!
//! A program raises its limit when it starts (`Program::start`), and what it starts inherits that.
//! Commands are to find what their caller set, as those need that use `select`, or close all files
//! that they could have. Between fork and exec nothing can be changed without `unsafe`, so the
//! worker itself has the caller's limit: always, where that is enough for it, else only while it
//! starts a command. Then one command starts at a time, and a file that another thread opens
//! meanwhile has to be below the caller's limit (libzmq tries again to connect). The pipes' ends
//! that the command gets have to be below it, too; the worker's own move out of their way. Where
//! nothing is left below it, a command finds its limit only a moment after it has begun.

use std::io;
use std::os::fd::OwnedFd;

use nix::unistd::Pid;
use rlimit::Resource;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{self, Rlimit, prlimit};

/// Files that a worker has open beside its tasks.
const OWN: u64 = 64;
/// Files for each task at a time: two sockets with their connections, and a command's pipes.
const PER_JOB: u64 = 32;

/// The caller's limit of open files.
#[derive(Clone, Copy, Debug)]
pub struct OpenFiles {
    soft: Option<u64>,
}

/// What to do about the limit when a command starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    /// Nothing: it is the caller's.
    Not,
    /// Set it to `caller`, and back to `own`.
    While {
        /// The caller's.
        caller: u64,
        /// The worker's.
        own: u64,
    },
}

impl OpenFiles {
    /// Records the limit. To be called before `Program::start`.
    pub fn record() -> Self {
        Self { soft: Resource::NOFILE.get_soft().ok() }
    }

    /// Takes the caller's limit again, if it is enough for as many tasks at a time as `jobs`.
    pub fn restore(self, jobs: u16) -> Restore {
        let Some((caller, own)) = self.soft.zip(Resource::NOFILE.get_soft().ok()) else {
            return Restore::Not;
        };
        if caller >= own {
            return Restore::Not;
        }
        if caller >= OWN + PER_JOB * u64::from(jobs) && set(caller) {
            return Restore::Not;
        }
        Restore::While { caller, own }
    }
}

impl Restore {
    /// Sets the caller's limit until the guard is dropped.
    pub fn now(self) -> Option<Lowered> {
        let Self::While { caller, own } = self else { return None };
        set(caller).then_some(Lowered { own })
    }

    /// Sets the caller's limit for a command that has begun.
    pub fn of(self, command: Pid) {
        let Self::While { caller, .. } = self else { return };
        let pid = process::Pid::from_raw(command.as_raw());
        let maximum = process::getrlimit(process::Resource::Nofile).maximum;
        let limit = Rlimit { current: Some(caller), maximum };
        if let Err(error) = prlimit(pid, process::Resource::Nofile, limit) {
            tracing::debug!("cannot restore the number of open files of a command: {error}");
        }
    }

    /// Moves a file of the worker's out of the way of those that a command gets.
    ///
    /// # Errors
    ///
    /// Where there are too many open files.
    pub fn move_up<T: From<OwnedFd> + Into<OwnedFd>>(self, file: T) -> io::Result<T> {
        let Self::While { caller, .. } = self else { return Ok(file) };
        let lowest = i32::try_from(caller).unwrap_or(i32::MAX);
        Ok(fcntl_dupfd_cloexec(file.into(), lowest)?.into())
    }
}

/// The caller's limit is set.
pub struct Lowered {
    own: u64,
}

impl Drop for Lowered {
    fn drop(&mut self) {
        if !set(self.own) {
            tracing::warn!("cannot raise the number of open files again");
        }
    }
}

fn set(soft: u64) -> bool {
    let hard = Resource::NOFILE.get_hard();
    hard.and_then(|hard| Resource::NOFILE.set(soft, hard)).is_ok()
}
