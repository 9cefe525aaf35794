//! The caller's own limit of open files, for the commands.
//!
//! A program raises its limit when it starts (`Program::start`), and what it starts inherits that.
//! Commands are to find what their caller set, as those need that use `select`, or close all files
//! that they could have. Between fork and exec nothing can be changed without `unsafe`, so the
//! worker itself has the caller's limit: always, where that is enough for it, else only while it
//! starts a command. Then one command starts at a time, and a file that another thread opens
//! meanwhile has to be below the caller's limit (libzmq tries again to connect). The pipes' ends
//! that the command gets have to be below it, too: a few places there are kept for them. Should
//! another thread have taken those, a command finds its limit only a moment after it has begun.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::unistd::Pid;
use rlimit::Resource;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{self, Rlimit, prlimit};

/// Files that a worker has open beside its tasks.
const OWN: u64 = 64;
/// Files for each task at a time: two sockets with their connections, and a command's pipes.
const PER_JOB: u64 = 32;
/// The ends of the three pipes of a command.
const PIPES_ENDS: usize = 6;
/// How many places below the caller's limit are kept at first: more than one command needs, as some
/// are lost to other threads.
const PLACES: usize = 36;

/// The caller's limit of open files.
#[derive(Clone, Copy, Debug)]
pub struct OpenFiles {
    soft: Option<u64>,
}

/// What to do about the limit when a command starts.
pub struct Restore {
    /// The caller's limit and the worker's, if they differ.
    limits: Option<(u64, u64)>,
    /// Files that keep the places below the caller's limit.
    kept: Mutex<Vec<File>>,
}

impl OpenFiles {
    /// Records the limit. To be called before `Program::start`.
    pub fn record() -> Self {
        Self { soft: Resource::NOFILE.get_soft().ok() }
    }

    /// Takes the caller's limit again, if it is enough for as many tasks at a time as `jobs`. Else
    /// to be called before the worker opens many files.
    pub fn restore(self, jobs: u16) -> Restore {
        let limits = self.soft.zip(Resource::NOFILE.get_soft().ok());
        let limits = limits.filter(|(caller, own)| {
            let enough = *caller >= OWN + PER_JOB * u64::from(jobs);
            caller < own && !(enough && set(*caller))
        });
        let places = || (0..PLACES).map_while(|_| File::open("/dev/null").ok()).collect();
        Restore { limits, kept: Mutex::new(limits.map_or_else(Vec::new, |_| places())) }
    }
}

impl Restore {
    /// Whether anything is to be done. Then one command starts at a time.
    pub fn is_needed(&self) -> bool {
        self.limits.is_some()
    }

    /// Frees the places that are kept, until the guard is dropped.
    pub fn free_places(&self) -> Option<FreePlaces<'_>> {
        let (caller, _) = self.limits?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let left = kept.len().saturating_sub(PIPES_ENDS);
        kept.truncate(left);
        Some(FreePlaces { kept, caller })
    }

    /// Starts a command, which is to get these files, so that it finds the caller's limit.
    ///
    /// # Errors
    ///
    /// Those of `start`.
    pub fn start(
        &self,
        files: [RawFd; 3],
        start: impl FnOnce() -> nix::Result<Pid>,
    ) -> nix::Result<Pid> {
        let are_below = |(caller, _)| {
            files.iter().all(|file| u64::try_from(*file).is_ok_and(|file| file < caller))
        };
        if self.limits.is_none_or(are_below) {
            let _lowered = self.now();
            return start();
        }
        let command = start()?;
        self.of(command);
        Ok(command)
    }

    /// Sets the caller's limit until the guard is dropped.
    fn now(&self) -> Option<Lowered> {
        self.limits.filter(|(caller, _)| set(*caller)).map(|(_, own)| Lowered { own })
    }

    /// Sets the caller's limit for a command that has begun.
    fn of(&self, command: Pid) {
        let Some((caller, _)) = self.limits else { return };
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
    pub fn move_up<T: From<OwnedFd> + Into<OwnedFd>>(&self, file: T) -> io::Result<T> {
        let Some((caller, _)) = self.limits else { return Ok(file) };
        let lowest = i32::try_from(caller).unwrap_or(i32::MAX);
        Ok(fcntl_dupfd_cloexec(file.into(), lowest)?.into())
    }
}

/// Some of the places that are kept are free.
pub struct FreePlaces<'a> {
    kept: MutexGuard<'a, Vec<File>>,
    caller: u64,
}

impl Drop for FreePlaces<'_> {
    fn drop(&mut self) {
        // The lowest places that are free are taken.
        let taken = (0..PIPES_ENDS).map_while(|_| File::open("/dev/null").ok());
        let below = |file: &File| u64::try_from(file.as_raw_fd()).is_ok_and(|fd| fd < self.caller);
        let taken: Vec<_> = taken.take_while(below).collect();
        self.kept.extend(taken);
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
