//! The guard: a small process beside the worker that ends the worker's commands when the worker
//! dies, in whatever way.
//!
//! It is the worker's own binary in another mode, started once, and reads from a pipe the process
//! groups of commands as they begin (their id) and end (their id, negative). The pipe closes with
//! the worker. Then it kills the groups that it knows of, and those that a dying worker could not
//! tell of: each command carries a mark in its environment that `/proc` shows. (A worker that is
//! killed while it starts a command holds the pipe open until that one has its environment: both ends
//! of fork share it.)
//!
//! `PR_SET_PDEATHSIG` would have to be set in each command between fork and exec, which takes
//! `unsafe`, and would spare what the command has started itself. A wrapper that sets it would cost
//! another exec for each task.

use std::fs;
use std::io::{self, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::unistd::{Pid, getpgid, getpgrp, getsid};

/// The environment variable of a command that names the run of its worker.
pub const MARK: &str = "TASK_WORKER";
/// The hidden first argument of a worker that is a guard. The mark follows.
const MODE: &str = "--guard-commands";
/// Tells the guard that nothing runs and that it may end.
const NOTHING_RUNS: i32 = 0;
/// How long messages wait in the pipe, in milliseconds. It has room for 16,384.
const GATHER: u8 = 50;
/// How often it looks for commands that it was not told of, and how long it waits in between: one
/// that has just begun shows its environment a moment later.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// A worker's guard.
pub struct Guard {
    mark: String,
    process: Option<(Child, PipeWriter)>,
}

impl Guard {
    /// Starts it.
    pub fn start() -> Self {
        let mark = format!("{}.{:016x}", std::process::id(), rand::random::<u64>());
        let process = start(&mark);
        Self { mark, process }
    }

    /// What a command is to have as [`MARK`] in its environment.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// A command begins, beside those that run: it ends with the worker from now on.
    pub fn add(&mut self, group: Pid, running: &[Pid]) {
        let alive = |(process, _): &mut (Child, _)| matches!(process.try_wait(), Ok(None));
        if self.process.as_mut().is_some_and(alive) && self.tell(group.as_raw()) {
            return;
        }
        // Somebody has ended it.
        self.process = start(&self.mark);
        for group in running.iter().chain([&group]) {
            self.tell(group.as_raw());
        }
    }

    /// A command has ended.
    pub fn remove(&mut self, group: Pid) {
        self.tell(-group.as_raw());
    }

    fn tell(&mut self, what: i32) -> bool {
        let Some((_, pipe)) = &mut self.process else { return false };
        pipe.write_all(&what.to_ne_bytes()).is_ok()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.tell(NOTHING_RUNS);
    }
}

fn start(mark: &str) -> Option<(Child, PipeWriter)> {
    let started = pipe().and_then(|(reader, writer)| {
        let mut command = Command::new(own_binary()?);
        command
            .args(guard_arguments())
            .arg(mark)
            .env_remove(MARK)
            .current_dir("/")
            .process_group(0);
        command.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null());
        // It outlives any signal but SIGKILL that the worker's processes get together: it inherits
        // that all are blocked.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let process = command.spawn();
        before.thread_set_mask()?;
        Ok((process?, writer))
    });
    started
        .inspect_err(|error| {
            tracing::warn!("commands will not end with this worker if it is killed: {error}");
        })
        .ok()
}

/// This program, even where another one has taken its path meanwhile.
fn own_binary() -> io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe() }
}

#[cfg(not(test))]
fn guard_arguments() -> [&'static str; 1] {
    [MODE]
}

/// The test binary's, which makes it run [`tests::guard`] alone.
#[cfg(test)]
fn guard_arguments() -> [&'static str; 5] {
    ["--exact", "command::guard::tests::guard", "--nocapture", "--", MODE]
}

/// Is this process' guard, if it was started to be one. To be called first of all.
pub fn run_if_guard() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next()?;
    let mark = arguments.next().filter(|_| mode == MODE)?;
    run(&mark);
    Some(ExitCode::SUCCESS)
}

fn run(mark: &str) {
    // For `ps` and `top`; it works as well without.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_name(c"worker-guard");
    let mut pipe = io::stdin().lock();
    let (mut groups, mut messages) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        // Woken for each message it would cost each task some time. Until the pipe closes, or is
        // about to be full, they may wait in it.
        wait(pipe.as_fd(), PollFlags::POLLIN, PollTimeout::NONE);
        wait(pipe.as_fd(), PollFlags::empty(), GATHER.into());
        let read = match pipe.read(&mut messages) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        // Each was written in one piece.
        for message in messages[..read].chunks_exact(size_of::<i32>()) {
            match message.try_into().map(i32::from_ne_bytes) {
                Ok(NOTHING_RUNS) if groups.is_empty() => return,
                Ok(group) if group > 0 => groups.push(group),
                Ok(group) => groups.retain(|other| *other != -group),
                Err(_) => {}
            }
        }
    }
    for group in groups {
        // It may have ended by itself.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    for _ in 0..LOOKS {
        for group in marked_groups(mark) {
            let _ = killpg(group, Signal::SIGKILL);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// Waits for `events`, or for the other end of a pipe to close.
fn wait(pipe: BorrowedFd<'_>, events: PollFlags, timeout: PollTimeout) {
    let _ = poll(&mut [PollFd::new(pipe, events)], timeout);
}

/// The groups of processes that have `mark` in their environment. A process that has left its
/// worker's session was to outlive its command, and is left alone.
fn marked_groups(mark: &str) -> Vec<Pid> {
    let mark = format!("{MARK}={mark}").into_bytes();
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let mut groups: Vec<Pid> = processes
        .filter_map(|process| process.ok()?.file_name().to_str()?.parse().ok().map(Pid::from_raw))
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark)
        })
        .filter(|pid| getsid(Some(*pid)) == getsid(None))
        .filter_map(|pid| getpgid(Some(pid)).ok())
        .filter(|group| *group != getpgrp())
        .collect();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::super::groups::signal;
    use super::*;

    /// Not a test: what the guards of the tests run.
    #[test]
    fn guard() {
        let mark = std::env::args().skip_while(|argument| argument != MODE).nth(1);
        if let Some(mark) = mark {
            run(&mark);
        }
    }

    fn pid(child: &Child) -> Pid {
        Pid::from_raw(child.id().try_into().unwrap())
    }

    fn sleep(mark: &str) -> Child {
        Command::new("sleep").arg("20").env(MARK, mark).process_group(0).spawn().unwrap()
    }

    fn die_without_a_word(mut guard: Guard) {
        let (mut process, pipe) = guard.process.take().unwrap();
        drop(pipe);
        process.wait().unwrap();
    }

    fn killed(mut child: Child) -> bool {
        child.wait().unwrap().signal() == Some(9)
    }

    #[test]
    fn commands_die_with_their_worker() {
        let mut guard = Guard::start();
        let (told, ended, other) = (sleep("other"), sleep("other"), sleep("other"));
        // As if the worker had died before it could tell.
        let untold = sleep(guard.mark());
        guard.add(pid(&told), &[]);
        guard.add(pid(&ended), &[]);
        guard.remove(pid(&ended));
        die_without_a_word(guard);
        assert!(killed(told) && killed(untold));
        for mut alive in [ended, other] {
            assert_eq!(alive.try_wait().unwrap(), None);
            signal(pid(&alive), Signal::SIGKILL);
            alive.wait().unwrap();
        }
    }

    #[test]
    fn a_guard_that_is_killed_is_replaced_and_knows_what_runs() {
        let mut guard = Guard::start();
        let (first, second) = (sleep("other"), sleep("other"));
        guard.add(pid(&first), &[]);
        let (process, _) = guard.process.as_mut().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        guard.add(pid(&second), &[pid(&first)]);
        die_without_a_word(guard);
        assert!(killed(first) && killed(second));
    }

    #[test]
    fn a_guard_outlives_signals() {
        let mut guard = Guard::start();
        let command = sleep("other");
        guard.add(pid(&command), &[]);
        for but_killed in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1] {
            signal(pid(&guard.process.as_ref().unwrap().0), but_killed);
        }
        die_without_a_word(guard);
        assert!(killed(command));
    }
}
