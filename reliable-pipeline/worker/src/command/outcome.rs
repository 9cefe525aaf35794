//! How a command came to its end, for people and for the output.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::signal::Signal;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::result::{result, value};
use super::running::{Cut, Ended};

/// The longest reason for a failure, in bytes.
const LONGEST_REASON: usize = 1024;

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// The command succeeded.
    Done(Finished),
    /// The command failed.
    Failed(Failed),
    /// The command cannot be run here: the worker's fault, not the task's. It is to end with this.
    CannotStart(String),
    /// The worker is to end, and so was the command, or could not begin: nobody's fault.
    Interrupted,
}

/// Where, when and how a command ran.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ran {
    /// The name of the host.
    pub host: String,
    /// When it began (RFC 3339).
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// How its process ended. `None` if it never began.
    pub exit: Option<Exit>,
}

/// How a process ended. In JSON a number, or a signal's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

/// A command that succeeded.
#[derive(Debug)]
pub struct Finished {
    /// What it printed: one JSON value on one line.
    pub result: Box<RawValue>,
    /// How it ran.
    pub ran: Ran,
}

/// A command that failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Why, for people: one line of at most 1 KiB.
    pub reason: String,
    /// How it ran.
    pub ran: Ran,
    /// The end of what it printed (16 KiB): a string, or `{"base64": …}`.
    pub stdout: Value,
    /// The end of what it said on stderr (4 KiB).
    pub stderr: String,
    /// Whether it would fail again on any worker.
    pub is_final: bool,
}

impl Outcome {
    /// Of a command that succeeded, unless it printed too much.
    pub fn of_printed(ended: &Ended, ran: Ran) -> Self {
        let Some(printed) = ended.stdout.whole() else {
            return Self::Failed(Failed::too_large(ended, ran, ended.stdout.total));
        };
        match result(printed) {
            Ok(result) if result.get().len() > ended.stdout.limit => {
                Self::Failed(Failed::too_large(ended, ran, result.get().len()))
            }
            Ok(result) => Self::Done(Finished { result, ran }),
            Err(error) => Self::Failed(Failed::new(&format!("no result: {error}"), ran, ended)),
        }
    }
}

impl Failed {
    /// Of a command that failed by itself, or was cut.
    pub fn of(program: &str, ended: &Ended, ran: Ran) -> Self {
        let why = match ended.cut {
            Some(Cut::TimedOut(after)) => {
                format!("timed out after {}", humantime::format_duration(after))
            }
            Some(Cut::Terminal(Signal::SIGTTOU)) => "stopped: it writes to the terminal".to_owned(),
            Some(Cut::Terminal(_)) => "stopped: it reads from the terminal".to_owned(),
            Some(Cut::Endless) => return Self::too_large(ended, ran, ended.stdout.total),
            None => {
                let said = String::from_utf8_lossy(ended.stderr.end());
                let last = said.lines().rfind(|line| !line.trim().is_empty());
                let last = last.map_or_else(String::new, |line| format!(": {line}"));
                format!("{program} ended with {}{last}", ended.status)
            }
        };
        Self::new(&why, ran, ended)
    }

    /// Of a command that this task keeps from starting.
    pub fn never_begun(why: &str, ran: Ran) -> Self {
        let (reason, stdout) = (one_line(why), Value::from(""));
        Self { reason, ran, stdout, stderr: String::new(), is_final: true }
    }

    fn too_large(ended: &Ended, ran: Ran, size: usize) -> Self {
        // A command that prints without end was killed.
        let least = if ended.cut == Some(Cut::Endless) { "at least " } else { "" };
        let limit = ended.stdout.limit;
        let why =
            format!("its result is {least}{size} bytes; the limit is {limit} (--max-message-size)");
        Self { is_final: true, ..Self::new(&why, ran, ended) }
    }

    fn new(why: &str, ran: Ran, ended: &Ended) -> Self {
        let stderr = String::from_utf8_lossy(ended.stderr.end()).into_owned();
        let (reason, stdout) = (one_line(why), value(ended.stdout.end()));
        Self { reason, ran, stdout, stderr, is_final: false }
    }
}

impl Exit {
    /// Of a process that has ended.
    pub fn of(status: ExitStatus) -> Option<Self> {
        status.code().map(Self::Code).or_else(|| status.signal().map(Self::Signal))
    }

    /// Whether a signal ended it, or a process whose end it passed on, as shells do (128 + signal).
    pub fn is_by_signal(self) -> bool {
        match self {
            Self::Code(code) => code > 128 && Signal::try_from(code - 128).is_ok(),
            Self::Signal(_) => true,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => code.fmt(f),
            Self::Signal(signal) => match Signal::try_from(*signal) {
                Ok(signal) => signal.as_str().fmt(f),
                Err(_) => signal.fmt(f),
            },
        }
    }
}

impl Serialize for Exit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Code(code) => serializer.serialize_i32(*code),
            Self::Signal(_) => serializer.collect_str(self),
        }
    }
}

/// Cut to the longest that a reason may be, between two characters.
fn one_line(why: &str) -> String {
    const CUT: &str = "…";
    let why = why.replace(['\n', '\r'], " ");
    if why.len() <= LONGEST_REASON {
        return why;
    }
    let longest = LONGEST_REASON - CUT.len();
    let end = (0..=longest).rfind(|end| why.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{CUT}", &why[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_at_most_a_kibibyte() {
        assert_eq!(one_line("a\nb"), "a b");
        let long = one_line(&"é".repeat(1000));
        assert_eq!(long.len(), 1023);
        assert!(long.ends_with("é…"));
    }

    #[test]
    fn an_exit_is_a_number_or_the_name_of_a_signal() {
        let exits = [Exit::Code(3), Exit::Signal(9), Exit::Signal(40)];
        assert_eq!(serde_json::to_string(&exits).unwrap(), "[3,\"SIGKILL\",\"40\"]");
        let by_signal = [0, 1, 128, 143, 255].map(|code| Exit::Code(code).is_by_signal());
        assert_eq!(by_signal, [false, false, false, true, false]);
    }
}
