//! A program from its first line to its first socket, and from the end of its loop to its exit code.

pub mod arguments;
pub mod exit;
pub mod latency;
pub mod progress;
pub mod scheduling;
pub mod signals;
pub mod stderr;
pub mod stdout;
pub mod tally;
pub mod waiting;

use std::time::Duration;

use anyhow::{Result, ensure};
use zmq::{Context, SocketType};

use crate::socket::{self, Socket};
use arguments::CommonArgs;
use progress::Progress;
use signals::{Shutdown, Sleeper};
use stdout::{Closed, Output};
use tally::Tally;

/// How many files a program opens before its first connection, and some more. libzmq aborts where it
/// cannot open its own.
const LEAST_OPEN_FILES: u64 = 32;

/// What every program has: a log on stderr, its stdout, a ZeroMQ context, and a way to end.
///
/// Made before the first socket, and [finished](Program::finish) after the last one is closed.
pub struct Program {
    /// Where messages and results are printed.
    pub stdout: Output,
    arguments: CommonArgs,
    context: Context,
    shutdown: Shutdown,
}

impl Program {
    /// Starts the log, allows as many connections as the OS does, and catches the signals that ask
    /// a program to end.
    ///
    /// # Errors
    ///
    /// What keeps the signals from being caught; a limit on open files that is too low.
    pub fn start(arguments: &CommonArgs) -> Result<Self> {
        stderr::start(arguments.verbose, arguments.quiet);
        // A connection is a file descriptor. Most systems allow 1024 unless asked for more.
        match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(limit) => ensure!(
                limit >= LEAST_OPEN_FILES,
                "at most {limit} files may be open; at least {LEAST_OPEN_FILES} are needed (ulimit -n)"
            ),
            Err(error) => tracing::debug!("cannot raise the number of open files: {error}"),
        }
        let stdout = Output::new(arguments.format, arguments.quiet);
        let context = socket::context()?;
        let shutdown = Shutdown::on_signals(&context)?;
        Ok(Self { stdout, arguments: arguments.clone(), context, shutdown })
    }

    /// Makes a socket that follows the command line.
    pub fn socket(&self, kind: SocketType) -> Result<Socket> {
        Socket::new(&self.context, kind, &self.arguments.socket)
    }

    /// Waits, unless a signal comes.
    ///
    /// # Errors
    ///
    /// `ETERM`, as any call on a socket, once a signal has come.
    pub fn sleep(&self, duration: Duration) -> zmq::Result<()> {
        self.shutdown.sleep(duration)
    }

    /// Sleeps as [`Program::sleep`] does, in other threads.
    pub fn sleeper(&self) -> Sleeper {
        self.shutdown.sleeper()
    }

    /// A progress bar towards `total` of these `things` (0 = no known end), where stderr is a
    /// terminal and neither -q nor -v is given.
    pub fn progress(&self, things: &str, total: u64) -> Result<Progress> {
        Progress::new(things, total, self.arguments.shows_progress())
    }

    /// Ends the program, whose sockets are closed by now: waits until what they have sent is
    /// delivered, as far as they linger, and prints the summary. `ended` is how the program's loop
    /// came to its end: `ETERM` stands for a signal.
    ///
    /// One rule for all programs: the summary is printed, unless the printed messages are the result
    /// ([`Tally::of_printed`]); and a program that had something to complete fails with what is
    /// missing when a signal came first.
    ///
    /// # Errors
    ///
    /// That of `ended`, where it is not the work of a signal; stdout's own; what is missing.
    pub fn finish(self, ended: Result<()>, tally: &Tally) -> Result<()> {
        if ended.is_ok() {
            tracing::info!("{}; waiting until all that was sent is delivered", tally.so_far());
        }
        let signal = self.shutdown.finish(self.context, ended)?;
        if tally.is_printed() {
            match self.stdout.result(tally, tally) {
                // Nobody wants the summary. What was done, or was not, is another matter.
                Err(error) if error.is::<Closed>() => {}
                printed => printed?,
            }
        }
        match signal.zip(tally.missing()) {
            Some((signal, missing)) => Err(signal.interrupted(missing)),
            None => Ok(()),
        }
    }
}
