//! A running program, its output, and its end.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::{DEADLINE, PROMPTLY};

const NAP: Duration = Duration::from_millis(10);

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Both in one: a terminal, or a pipe for both.
    Both,
}

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

#[derive(Debug, Default)]
struct Watched {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<(Stream, String)>,
    /// How many streams are still open.
    open: usize,
    ended: bool,
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

    fn wait_within(mut self, time: Duration) -> Ended {
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

impl Watched {
    /// Reads lines in a separate thread, until all writers are gone. When a terminal overwrites a
    /// line after a carriage return, the new text counts as another line.
    fn follow(self: &Arc<Self>, stream: Stream, output: impl Read + Send + 'static) {
        self.change(|state| state.open += 1);
        let watched = Arc::clone(self);
        thread::spawn(move || {
            let (mut output, mut line) = (BufReader::new(output), Vec::new());
            let ends = |byte: &u8| *byte == b'\n' || (*byte == b'\r' && stream == Stream::Both);
            // A terminal whose last writer is gone fails with EIO.
            while let Ok(read @ [_, ..]) = output.fill_buf() {
                let end = read.iter().position(ends);
                line.extend_from_slice(&read[..end.unwrap_or(read.len())]);
                let used = end.map_or(read.len(), |end| end + 1);
                output.consume(used);
                if end.is_some() && (!line.is_empty() || stream != Stream::Both) {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    watched.change(|state| state.lines.push((stream, text)));
                    line.clear();
                }
            }
            watched.change(|state| state.open -= 1);
        });
    }

    /// Waits for the end of a process in a separate thread. Leaves its exit status to
    /// [`Child::wait`], so that until then no other process gets its id.
    fn follow_end(self: &Arc<Self>, process: Pid) {
        let watched = Arc::clone(self);
        thread::spawn(move || {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
            // Fails when the process was killed and waited for meanwhile.
            let _ = waitid(Id::Pid(process), flags);
            watched.change(|state| state.ended = true);
        });
    }

    /// Waits `time`, in naps: a machine that is so busy that a nap takes longer gives the program
    /// as much longer. On any other, the time is what it says.
    fn wait_until_ended(&self, time: Duration) -> bool {
        let runs = |state: &mut State| !state.ended;
        let mut state = self.state.lock().expect("the state");
        for _nap in 0..time.as_millis() / NAP.as_millis() {
            state = self.changed.wait_timeout_while(state, NAP, runs).expect("the state").0;
        }
        state.ended
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("the state"));
        self.changed.notify_all();
    }

    /// All lines, after the last one.
    fn wait_until_closed(&self) -> Vec<(Stream, String)> {
        let open = |state: &mut State| state.open > 0;
        let state = self.state.lock().expect("the state");
        let (state, waited) =
            self.changed.wait_timeout_while(state, DEADLINE, open).expect("the state");
        assert!(!waited.timed_out(), "somebody still holds the output: {state:#?}");
        state.lines.clone()
    }
}
