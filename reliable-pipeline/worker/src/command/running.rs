//! A command that runs, from its start to its end, in the thread that runs it: feeds it the rest of
//! its task, reads what it prints, and watches for its end, its deadline, and what would stop it.

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use common::program::stderr::EACH;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus, waitid};

use super::groups::{Groups, signal, terminate};
use super::kept::{Kept, Lines};
use super::start::{Started, Unwritten};

/// How much of the end of stderr is kept.
const STDERR_KEPT: usize = 4 << 10;
/// How much of stdout is kept of a command that fails, or prints more than it may.
pub const STDOUT_KEPT: usize = 16 << 10;
/// A command that prints this many times what it may is not waited for.
const FAR_TOO_MUCH: usize = 16;
/// How much is read at a time.
const READ_BYTES: usize = 16 << 10;
/// How long a command that is timed out may take to end by itself.
const TIMEOUT_GRACE: Duration = Duration::from_secs(2);
/// How often to look whether a command is stopped, and a worker has been.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often to look for the end of a command where the kernel does not tell.
const LOOK_FOR_END: Duration = Duration::from_millis(5);

/// Why a command was ended by its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It took too long.
    TimedOut(Duration),
    /// It is in the background, and uses the terminal.
    Terminal(Signal),
    /// It prints without end.
    Endless,
}

/// What is known of a command that has ended.
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// Why its worker ended it, if it did.
    pub cut: Option<Cut>,
    /// What it printed.
    pub stdout: Kept,
    /// The end of what it said.
    pub stderr: Kept,
}

/// A command that runs.
pub struct Running<'a> {
    started: Started,
    program: &'a str,
    stdout: Kept,
    stderr: Kept,
    lines: Lines,
    /// Whether stdout and stderr are open.
    open: [bool; 2],
    deadline: Option<(Instant, Duration)>,
    cut: Option<Cut>,
    kill_at: Option<Instant>,
}

impl<'a> Running<'a> {
    /// Watches a command that has started just now.
    pub fn new(
        started: Started,
        program: &'a str,
        timeout: Option<Duration>,
        max_result: usize,
    ) -> Self {
        Self {
            started,
            program,
            stdout: Kept::new(max_result, STDOUT_KEPT),
            stderr: Kept::new(0, STDERR_KEPT),
            lines: Lines::default(),
            open: [true; 2],
            deadline: timeout.and_then(|time| Some((Instant::now().checked_add(time)?, time))),
            cut: None,
            kill_at: None,
        }
    }

    /// Waits until its process has ended, and ends with it what it has left behind.
    ///
    /// # Errors
    ///
    /// What keeps it from being watched.
    pub fn wait(mut self, groups: &Groups) -> io::Result<Ended> {
        let status = self.watch();
        groups.end(self.started.pid);
        // What it printed is in the pipes by now. What it left behind may hold them open.
        for of_stderr in [false, true] {
            self.read(of_stderr, true);
        }
        let program = self.program;
        self.lines.finish(|line| tracing::warn!(target: EACH, "{program}: {line}"));
        // Process 1 may have done so. The status may be one that has no name.
        let _ = waitpid(self.started.pid, None);
        let (cut, stdout, stderr) = (self.cut, self.stdout, self.stderr);
        Ok(Ended { status: status?, cut, stdout, stderr })
    }

    fn watch(&mut self) -> io::Result<ExitStatus> {
        let mut look_at = Instant::now() + LOOK_EVERY;
        loop {
            let now = Instant::now();
            let next = [Some(look_at), self.kill_at, self.deadline.map(|(at, _)| at)];
            let next = next.into_iter().flatten().min().unwrap_or(look_at);
            let mut wait = next.saturating_duration_since(now);
            if self.started.ended.is_none() {
                wait = wait.min(LOOK_FOR_END);
            }
            if self.poll(wait)?
                && let Some(status) = self.look(WaitIdOptions::EXITED)?
            {
                return Ok(exit_status(&status));
            }
            // Not only this thread, but the host or the job was stopped meanwhile, and with it the
            // command: that is not its time.
            let late = now.elapsed().saturating_sub(wait);
            if late > LOOK_EVERY
                && let Some((deadline, _)) = &mut self.deadline
            {
                *deadline += late;
            }
            self.judge();
            if Instant::now() >= look_at {
                look_at = Instant::now() + LOOK_EVERY;
                self.look_for_stop()?;
            }
        }
    }

    /// Moves what can be moved through the pipes, once any of them is ready. Returns whether the
    /// command may have ended.
    fn poll(&mut self, wait: Duration) -> io::Result<bool> {
        // Rounded up: a poll that ends early would only be repeated.
        let wait = wait.as_micros().div_ceil(1000).try_into().unwrap_or(PollTimeout::MAX);
        let Started { ended, stdin, stdout, stderr, .. } = &self.started;
        let (in_, out) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        let watched = [
            ended.as_ref().map(|fd| (fd.as_fd(), in_)),
            stdin.as_ref().map(|stdin| (stdin.pipe.as_fd(), out)),
            self.open[0].then_some((stdout.as_fd(), in_)),
            self.open[1].then_some((stderr.as_fd(), in_)),
        ];
        let mut fds: Vec<PollFd> =
            watched.iter().flatten().map(|(fd, events)| PollFd::new(*fd, *events)).collect();
        match poll(&mut fds, wait) {
            Err(nix::errno::Errno::EINTR) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(false));
        let [ended, stdin, stdout, stderr] =
            watched.map(|fd| fd.is_some() && ready.next().unwrap_or(false));
        if stdin {
            self.write();
        }
        if stdout {
            self.read(false, false);
        }
        if stderr {
            self.read(true, false);
        }
        Ok(ended || self.started.ended.is_none())
    }

    /// Writes what the pipe takes. A command need not read its task.
    fn write(&mut self) {
        let Some(Unwritten { pipe, task, written }) = &mut self.started.stdin else { return };
        match pipe.write(&task[*written..]) {
            Ok(more) => *written += more,
            Err(error) if is_not_ready(&error) => {}
            Err(_) => *written = task.len(),
        }
        if *written == task.len() {
            self.started.stdin = None;
        }
    }

    /// Reads some of what is in a pipe, or all that is in it now.
    fn read(&mut self, of_stderr: bool, all: bool) {
        let Started { stdout, stderr, .. } = &self.started;
        let mut pipe: &PipeReader = if of_stderr { stderr } else { stdout };
        let mut buffer = [0; READ_BYTES];
        let mut left = if all { ioctl_fionread(pipe).unwrap_or(0) } else { 1 };
        while left > 0 {
            let read = match pipe.read(&mut buffer) {
                Ok(0) => return self.open[usize::from(of_stderr)] = false,
                Ok(read) => read,
                Err(error) if is_not_ready(&error) => return,
                Err(error) => {
                    tracing::warn!("cannot read what {} prints: {error}", self.program);
                    return self.open[usize::from(of_stderr)] = false;
                }
            };
            left = left.saturating_sub(read as u64);
            let (bytes, program) = (&buffer[..read], self.program);
            if of_stderr {
                self.stderr.push(bytes);
                self.lines.push(bytes, |line| tracing::warn!(target: EACH, "{program}: {line}"));
            } else {
                self.stdout.push(bytes);
            }
        }
    }

    /// Ends the command if its time is over, or it prints without end.
    fn judge(&mut self) {
        let (now, pid) = (Instant::now(), self.started.pid);
        if self.kill_at.is_some_and(|at| now >= at) {
            self.kill_at = None;
            signal(pid, Signal::SIGKILL);
        }
        if let Some((_, time)) = self.deadline.take_if(|(at, _)| now >= *at) {
            self.cut.get_or_insert(Cut::TimedOut(time));
            self.kill_at = Some(now + TIMEOUT_GRACE);
            terminate(pid);
        }
        if self.stdout.total / FAR_TOO_MUCH > self.stdout.limit {
            self.cut.get_or_insert(Cut::Endless);
            signal(pid, Signal::SIGKILL);
        }
    }

    /// Ends the command if the terminal has stopped it: nobody would have it go on. Anyone who stops
    /// it by another signal is to have it go on.
    fn look_for_stop(&mut self) -> io::Result<()> {
        // A process that has ended meanwhile is not a child to a call that asks for stops alone.
        let now = self.look(WaitIdOptions::STOPPED | WaitIdOptions::EXITED)?;
        let by = now.and_then(|status| status.stopping_signal());
        let by = by.and_then(|by| Signal::try_from(by).ok());
        if let Some(by @ (Signal::SIGTTIN | Signal::SIGTTOU)) = by {
            self.cut.get_or_insert(Cut::Terminal(by));
            signal(self.started.pid, Signal::SIGKILL);
        }
        Ok(())
    }

    /// Looks how the process is, without waiting for it.
    fn look(&self, what: WaitIdOptions) -> io::Result<Option<WaitIdStatus>> {
        let Some(pid) = Pid::from_raw(self.started.pid.as_raw()) else { return Ok(None) };
        let options = what | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(pid), options)?)
    }
}

/// As the standard library has it.
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    const DUMPED: i32 = 0x80;
    ExitStatus::from_raw(match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code << 8,
        (None, Some(signal)) if status.dumped() => signal | DUMPED,
        (None, signal) => signal.unwrap_or(0),
    })
}

fn is_not_ready(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
