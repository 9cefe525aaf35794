//! The processes: each a state machine, as its program drives it.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::time::Duration;

use protocol::failures::Failures;
use protocol::line::{Attempt, Done};
use protocol::message::{Failure, Results, Work};
use protocol::output::{Output, Reporter, Resumed};
use protocol::schedule::{Schedule, Slot, too_large};
use protocol::session::{Finished, Session};
use serde_json::value::RawValue;

use crate::disk::File;

/// A dispatcher, and where the answers to workers that wait go: a connection, and which one it was.
pub struct Dispatcher {
    pub schedule: Schedule,
    pub routes: BTreeMap<Slot, (usize, u64)>,
}

/// A worker, and what its slots run.
pub struct Worker {
    pub session: Session,
    pub index: usize,
    pub running: BTreeMap<u32, Run>,
    /// The last task that each slot has finished.
    pub finished: BTreeMap<u32, u64>,
}

/// A batch that is run.
pub struct Run {
    pub work: Work,
    pub nums: Vec<u64>,
    /// Which of them runs now.
    pub at: usize,
    pub lines: Vec<u8>,
    failures: Failures,
    pub busy: Duration,
    pub ended: bool,
}

/// What a command does with a task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Done,
    Failed,
    /// It is larger than the limit.
    Huge,
}

impl Run {
    pub fn new(work: Work) -> Self {
        let nums: Vec<u64> = work.nums.numbers().collect();
        let failures = Failures::new(work.request_limit);
        let (lines, busy) = (Vec::new(), Duration::ZERO);
        Self { work, nums, at: 0, lines, failures, busy, ended: false }
    }

    /// The task that runs has ended. Returns the next one.
    pub fn end(&mut self, fate: Fate, worker_id: u64) -> Option<u64> {
        let num = self.nums[self.at];
        self.at += 1;
        if fate == Fate::Done {
            let result = &RawValue::from_string(num.to_string()).unwrap();
            let attempt = &Attempt::default();
            let done = Done { num, worker_id, result, attempt };
            done.write(&mut self.lines).unwrap();
        } else {
            let is_final = fate == Fate::Huge;
            let why = if is_final {
                too_large(&format!("the result of task {num}"), 1 << 30, self.work.result_limit)
            } else {
                "it must ".repeat(200)
            };
            let attempt = Attempt { stderr: Some("x".repeat(2_000)), ..Attempt::default() };
            self.failures.push(Failure { num, why, is_final, attempt });
        }
        self.ended = self.at == self.nums.len() || !self.failures.has_room();
        (!self.ended).then(|| self.nums[self.at])
    }

    pub fn finish(self) -> (Vec<Vec<u8>>, Finished) {
        let results = Results { version: protocol::VERSION, job: self.work.job };
        let message = vec![serde_json::to_vec(&results).unwrap(), self.lines];
        let finished = Finished {
            failed: self.failures.into_vec(),
            returned: protocol::ranges::Ranges::of(self.nums[self.at..].iter().copied()),
            busy: self.busy,
            bytes: message[1].len() as u64,
        };
        (message, finished)
    }
}

/// A sink, and the file that it writes to.
pub struct Sink {
    pub output: Output,
    pub reporter: Reporter,
    pub file: usize,
}

impl Sink {
    /// Opens a file that it may lock.
    pub fn open(file: &mut File, index: usize, instance: u64, limit: u64, now: Duration) -> Self {
        let mut reader = BufReader::new(&file.bytes[..]);
        let Resumed { output, length } = Output::resume(&mut reader).unwrap();
        file.keep(length);
        file.lock = Some(instance);
        let reporter = Reporter::new(instance << 20, format!("file {index}"), limit, now);
        Self { output, reporter, file: index }
    }
}
