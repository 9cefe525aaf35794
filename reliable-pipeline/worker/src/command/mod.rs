//! How a worker runs a command for a task.
//!
//! A command gets its task on stdin, in its arguments and in its environment, and its result is what
//! it prints ([`mod@result`]). It is a process group of its own, and is over when its process is:
//! what the process has left behind ends with it, whether or not it holds the pipes open. It ends
//! with its worker too, however that dies ([`guard`]).
//!
//! Running one costs no thread beside the caller's, and three files (stdout, stderr, and one that
//! tells of its end), or four while a task larger than a pipe (64 KiB) is written. Of what it prints
//! at most [`CommandLine::max_result`] bytes are kept.
//!
//! A command that is stopped with its worker has not failed. Where a whole job gets a signal, as by
//! `scancel`, its command may die of it before the worker has seen its own: one that fails is
//! judged a moment later.

mod groups;
mod guard;
mod kept;
mod launch;
mod open_files;
mod outcome;
mod result;
mod running;
mod start;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use guard::run_if_guard;
pub use open_files::OpenFiles;
pub use outcome::{Exit, Failed, Outcome, Ran};

use groups::Groups;
use launch::Launch;
use open_files::Restore;
use running::{Ended, Running};
use start::NotStarted;

/// How long after a command was killed the worker may learn that it is to end itself.
const SIGNAL_GRACE: Duration = Duration::from_millis(500);
/// The same, after a command that failed by itself, as some do on a signal.
const EXIT_GRACE: Duration = Duration::from_millis(20);

/// What to run for each task.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The program.
    pub program: String,
    /// Its arguments. `{}` stands for the task, `{#}` for its number.
    pub args: Vec<String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How large its result may be, in bytes.
    pub max_result: usize,
}

/// A task for a command.
#[derive(Clone, Copy, Debug)]
pub struct TaskRun<'a> {
    /// The number of the task.
    pub num: u64,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// The job that it belongs to.
    pub job: &'a str,
    /// The task, as JSON on one line.
    pub task: &'a str,
}

/// The commands of a worker, whose threads share it.
pub struct Commands {
    line: CommandLine,
    launch: Launch,
    restore: Restore,
    groups: Arc<Groups>,
    host: String,
}

impl Commands {
    /// Prepares for running as many commands at a time as `jobs`, before the first socket is made.
    /// `open_files` is the limit that they are to find.
    ///
    /// # Errors
    ///
    /// What keeps signals from being caught.
    pub fn new(line: CommandLine, jobs: u16, open_files: OpenFiles) -> io::Result<Self> {
        let restore = open_files.restore(jobs);
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let launch = Launch::new(&line.program, &start::OWN_VARIABLES)?;
        Ok(Self { line, launch, restore, groups: Groups::new()?, host })
    }

    /// Ends all commands with what they have started, within a third of a second, and lets no more
    /// begin. What runs is [`Outcome::Interrupted`].
    pub fn stop(&self) {
        self.groups.stop();
    }

    /// Runs the command for a task, until its end.
    pub fn run(&self, run: TaskRun<'_>) -> Outcome {
        let (line, groups) = (&self.line, &*self.groups);
        let mut ran = Ran {
            host: self.host.clone(),
            started: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            seconds: 0.0,
            exit: None,
        };
        let started = match line.start(&self.launch, &run, groups, &self.restore) {
            Ok(started) => started,
            Err(NotStarted::Interrupted) => return Outcome::Interrupted,
            Err(NotStarted::Host(why)) => return Outcome::CannotStart(why),
            Err(NotStarted::Task(why)) => return Outcome::Failed(Failed::never_begun(&why, ran)),
        };
        let began = started.began;
        let running = Running::new(started, &line.program, line.timeout, line.max_result);
        let ended = match running.wait(groups) {
            Ok(ended) => ended,
            Err(error) => {
                return Outcome::CannotStart(format!("cannot wait for {}: {error}", line.program));
            }
        };
        ran.seconds = (began.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        ran.exit = Exit::of(ended.status);
        self.judge(&ended, ran)
    }

    fn judge(&self, ended: &Ended, ran: Ran) -> Outcome {
        if self.groups.is_stopped() {
            return Outcome::Interrupted;
        }
        let succeeded = ran.exit == Some(Exit::Code(0));
        if succeeded && ended.cut.is_none() {
            return Outcome::of_printed(ended, ran);
        }
        if ended.cut.is_none() {
            let killed = ran.exit.is_some_and(Exit::is_by_signal);
            let grace = if killed { SIGNAL_GRACE } else { EXIT_GRACE };
            if self.groups.is_interrupted_within(grace) {
                return Outcome::Interrupted;
            }
        }
        Outcome::Failed(Failed::of(&self.line.program, ended, ran))
    }
}
