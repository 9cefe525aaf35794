//! What a running program prints, and whether it has ended, as threads of their own see it.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::DEADLINE;

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

#[derive(Debug, Default)]
pub struct Watched {
    pub state: Mutex<State>,
    pub changed: Condvar,
}

#[derive(Debug, Default)]
pub struct State {
    pub lines: Vec<(Stream, String)>,
    /// How many streams are still open.
    pub open: usize,
    pub ended: bool,
}

impl Watched {
    /// Reads lines in a separate thread, until all writers are gone. When a terminal overwrites a
    /// line after a carriage return, the new text counts as another line.
    pub fn follow(self: &Arc<Self>, stream: Stream, output: impl Read + Send + 'static) {
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
    pub fn follow_end(self: &Arc<Self>, process: Pid) {
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
    pub fn wait_until_ended(&self, time: Duration) -> bool {
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
    pub fn wait_until_closed(&self) -> Vec<(Stream, String)> {
        let open = |state: &mut State| state.open > 0;
        let state = self.state.lock().expect("the state");
        let (state, waited) =
            self.changed.wait_timeout_while(state, DEADLINE, open).expect("the state");
        assert!(!waited.timed_out(), "somebody still holds the output: {state:#?}");
        state.lines.clone()
    }
}
