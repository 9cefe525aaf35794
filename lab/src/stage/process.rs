//! A program as a process of its own, with its lines as they come.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::event::Stream;

/// How much of a line is kept, in bytes.
const MAX_LINE: usize = 2000;
/// Signals that wait for a process.
const MAX_SIGNALS: usize = 16;
/// How long the output of a process that has ended may stay open, in the hands of another one.
const OUTPUT_CLOSES: Duration = Duration::from_millis(500);

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    /// Its id, for people.
    pub pid: u32,
    signals: mpsc::Sender<Signal>,
}

/// What a process lets its owner know.
#[derive(Debug)]
pub enum News {
    /// It printed a line.
    Printed(Stream, String),
    /// It ended. Nothing follows.
    Ended(Ended),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that it died of.
    pub signal: Option<&'static str>,
}

impl Process {
    /// Starts `command` in a process group of its own, and tells `hears` what becomes of it.
    ///
    /// # Errors
    ///
    /// What keeps it from starting.
    pub fn start(
        command: Command,
        hears: impl Fn(News) + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        let mut command = tokio::process::Command::from(command);
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().context("cannot start the program")?;
        let pid = child.id().context("the program has ended at once")?;
        let (signals, received) = mpsc::channel(MAX_SIGNALS);
        let outputs = [
            child.stdout.take().map(|out| follow(out, Stream::Stdout, hears.clone())),
            child.stderr.take().map(|out| follow(out, Stream::Stderr, hears.clone())),
        ];
        tokio::spawn(async move {
            let ended = attend(child, received).await;
            for output in outputs.into_iter().flatten() {
                let _ = timeout(OUTPUT_CLOSES, output).await;
            }
            hears(News::Ended(ended));
        });
        Ok(Self { pid, signals })
    }

    /// Sends a signal to the process and to what it has started.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.signals.try_send(signal).context("the program has ended")
    }
}

/// Passes signals on until the process has ended. A process keeps its id until it has been waited
/// for, which happens here alone: no signal reaches another one.
async fn attend(mut child: Child, mut signals: mpsc::Receiver<Signal>) -> Ended {
    loop {
        let signal = tokio::select! {
            status = child.wait() => return status.map(Ended::from).unwrap_or_default(),
            signal = signals.recv() => signal,
        };
        // Without an owner, a process has no use.
        let signal = signal.unwrap_or(Signal::SIGKILL);
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // It may end at this moment.
            let _ = killpg(Pid::from_raw(pid), signal);
        }
        if signal == Signal::SIGKILL {
            return child.wait().await.map(Ended::from).unwrap_or_default();
        }
    }
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        let signal = status.signal().and_then(|signal| Signal::try_from(signal).ok());
        Self { code: status.code(), signal: signal.map(Signal::as_str) }
    }
}

/// Reads lines until the output closes. What is too long of a line is dropped.
fn follow(
    mut output: impl AsyncRead + Send + Unpin + 'static,
    stream: Stream,
    hears: impl Fn(News) + Send + Sync + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let tell = |line: &[u8]| {
            hears(News::Printed(stream, String::from_utf8_lossy(line).into_owned()));
        };
        let (mut read, mut line) = (vec![0; 16 << 10], Vec::new());
        while let Ok(length @ 1..) = output.read(&mut read).await {
            let mut pieces = read[..length].split(|byte| *byte == b'\n').peekable();
            while let Some(piece) = pieces.next() {
                let room = MAX_LINE.saturating_sub(line.len());
                line.extend_from_slice(&piece[..piece.len().min(room)]);
                if pieces.peek().is_some() {
                    tell(&line);
                    line.clear();
                }
            }
        }
        if !line.is_empty() {
            tell(&line);
        }
    })
}
