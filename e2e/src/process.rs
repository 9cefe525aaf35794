//! A running program, its output, and its end.

use std::fs::File;
use std::io::pipe;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::watched::{Stream, Watched};
use crate::{DEADLINE, PROMPTLY};

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    watched: Arc<Watched>,
}

/// How a program ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, or `None` after a signal that the program did not catch.
    pub code: Option<i32>,
    /// All lines of stdout.
    pub stdout: String,
    /// All lines of stderr, without the notes that the program waits for a peer, and that the wait is
    /// over: these appear only on a slow machine.
    pub stderr: String,
    /// All lines of both without those notes, if they are one.
    pub both: String,
}

/// Whether a line says that a program waits for its peers, or no longer does.
fn is_note(line: &str) -> bool {
    line.starts_with("note: ")
}

impl Process {
    pub(crate) fn piped(name: String, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::spawn(name, command)
    }

    pub(crate) fn with_stdout(name: String, mut command: Command, stdout: Stdio) -> Self {
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        Self::spawn(name, command)
    }

    pub(crate) fn with_stderr(name: String, mut command: Command, stderr: Stdio) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        Self::spawn(name, command)
    }

    pub(crate) fn merged(name: String, mut command: Command) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        command.stdin(Stdio::null()).stdout(writer.try_clone().expect("the pipe")).stderr(writer);
        let process = Self::spawn(name, command);
        process.watched.follow(Stream::Both, reader);
        process
    }

    pub(crate) fn on_terminal(name: String, mut command: Command) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(&size, None).expect("a terminal");
        let slave = File::from(terminal.slave);
        command
            .stdin(slave.try_clone().expect("the terminal"))
            .stdout(slave.try_clone().expect("the terminal"))
            .stderr(slave);
        let process = Self::spawn(name, command);
        process.watched.follow(Stream::Both, File::from(terminal.master));
        process
    }

    fn spawn(name: String, mut command: Command) -> Self {
        let mut child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let watched = Arc::new(Watched::default());
        if let Some(stdout) = child.stdout.take() {
            watched.follow(Stream::Stdout, stdout);
        }
        if let Some(stderr) = child.stderr.take() {
            watched.follow(Stream::Stderr, stderr);
        }
        let process = Self { name, child, watched };
        process.watched.follow_end(process.pid());
        process
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of `stream` that contains `text`, and returns the line.
    pub fn wait_for(&self, stream: Stream, text: &str) -> String {
        self.wait_for_lines(stream, text, 1).remove(0)
    }

    /// Waits for `count` lines of `stream` that contain `text`, and returns the first `count` of
    /// them.
    pub fn wait_for_lines(&self, stream: Stream, text: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        let (mut found, mut seen) = (Vec::new(), 0);
        let mut state = self.watched.state.lock().expect("the state");
        loop {
            let new = state.lines[seen..].iter();
            let new = new.filter(|(of, line)| *of == stream && line.contains(text));
            found.extend(new.take(count - found.len()).map(|(_, line)| line.clone()));
            seen = state.lines.len();
            if found.len() == count {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.open == 0 {
                let (lines, found) = (state.lines.clone(), found.len());
                drop(state);
                panic!("{} printed {text:?} {found} of {count} times: {lines:#?}", self.name);
            }
            state = self.watched.changed.wait_timeout(state, left).expect("the state").0;
        }
    }

    /// How many lines of `stream` contain `text` so far.
    pub fn count(&self, stream: Stream, text: &str) -> usize {
        let state = self.watched.state.lock().expect("the state");
        state.lines.iter().filter(|(of, line)| *of == stream && line.contains(text)).count()
    }

    /// Whether the program has ended by now.
    pub fn has_ended(&self) -> bool {
        self.watched.state.lock().expect("the state").ended
    }

    /// Waits until the program, told with `-v` to say so, is listening, and returns the endpoint.
    pub fn wait_until_listening(&self) -> String {
        let line = self.wait_for(Stream::Stderr, "listening on ");
        line.rsplit_once(' ').expect("an endpoint").1.to_owned()
    }

    /// Sends SIGINT (Ctrl-C), and waits for the program's end, which must come within a second.
    pub fn interrupt(self) -> Ended {
        self.end_with(Signal::SIGINT)
    }

    /// Sends a signal, and waits for the program's end, which must come within a second.
    pub fn end_with(self, signal: Signal) -> Ended {
        self.signal(signal);
        self.wait_within(PROMPTLY)
    }

    /// Kills the program (SIGKILL), and waits until it has ended.
    pub fn kill(self) {
        drop(self);
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("a running process");
    }

    /// Sends SIGINT to the program and to all processes it has started, as Ctrl-C in a terminal
    /// does.
    pub fn press_ctrl_c(&self) {
        killpg(self.pid(), Signal::SIGINT).expect("a running process");
    }

    /// Waits for the program's end.
    pub fn wait(self) -> Ended {
        self.wait_within(DEADLINE)
    }

    /// Waits for the end of a program that takes longer than [`DEADLINE`] by its nature.
    pub fn wait_within(mut self, time: Duration) -> Ended {
        let ended = self.watched.wait_until_ended(time);
        assert!(ended, "{} is still running after {time:?}: {:#?}", self.name, self.watched.state);
        let status = self.child.wait().expect("the program's end");
        let lines = self.watched.wait_until_closed();
        let of = |wanted: Stream| {
            lines
                .iter()
                .filter(|(of, line)| *of == wanted && !is_note(line))
                .flat_map(|(_, line)| [line.as_str(), "\n"])
                .collect()
        };
        Ended {
            code: status.code(),
            stdout: of(Stream::Stdout),
            stderr: of(Stream::Stderr),
            both: of(Stream::Both),
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }
}

/// Whether any process of this process's group is still running, after the process has ended.
pub fn group_exists(id: u32) -> bool {
    killpg(Pid::from_raw(i32::try_from(id).expect("a process id")), None).is_ok()
}

impl Drop for Process {
    /// Kills the program and all processes it has started.
    fn drop(&mut self) {
        // Both fail when there is nothing left to kill.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
