//! What a sink knows of its output, a header and then one line per result: which tasks have a line,
//! which lines are safe, and what the dispatcher knows of that.
//!
//! No files, sockets or clocks: time is an argument, and the caller writes.

mod report;

use std::io::{self, BufRead};

use memchr::memchr_iter;

use crate::VERSION;
use crate::known::Known;
use crate::line::{GivenUp, Header, may_be_header, may_be_result};
use crate::message::Results;
use crate::task_set::TaskSet;
pub use report::{Heard, Reporter};

/// The results that have arrived.
#[derive(Default)]
pub struct Output {
    header: Option<Header>,
    /// The tasks that have a line, safe or not.
    known: TaskSet,
    failed: u64,
    /// Lines that are not written yet.
    lines: Vec<u8>,
    /// The tasks to report once these are safe.
    nums: Vec<u64>,
}

/// An output that was there, and how much of it is to be kept.
pub struct Resumed {
    /// What is known of it.
    pub output: Output,
    /// How many bytes of it are whole lines.
    pub length: u64,
}

impl Output {
    /// Learns from an output what is done. What was not written to its end is not kept.
    ///
    /// # Errors
    ///
    /// What cannot be read, or what is wrong with it: it is then no output of this tool.
    pub fn resume(file: &mut impl BufRead) -> io::Result<Resumed> {
        let (mut output, mut length, mut line) = (Self::default(), 0, Vec::new());
        for number in 1.. {
            line.clear();
            let read = file.read_until(b'\n', &mut line)? as u64;
            let is_ended = line.pop_if(|byte| *byte == b'\n').is_some();
            if read == 0 || !output.read(number, &line, is_ended)? {
                break;
            }
            length += read;
        }
        Ok(Resumed { output, length })
    }

    /// Reads a line. Returns whether it is to be kept.
    fn read(&mut self, number: u64, line: &[u8], is_ended: bool) -> io::Result<bool> {
        // Where a disk has not written, there are zeros: nothing from here on was ever reported.
        let written = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let is_torn = !is_ended || written.len() < line.len();
        let foreign = |why| io::Error::other(format!("line {number} is not of a sink: {why}"));
        if self.header.is_none() {
            if is_torn && may_be_header(written) {
                return Ok(false);
            }
            self.start(Header::parse(line).map_err(foreign)?);
            return Ok(true);
        }
        match Known::parse(line) {
            Ok(known) => {
                self.failed += u64::from(self.is_new(known.num) && known.has_failed);
                if !is_ended {
                    self.lines.push(b'\n');
                }
                Ok(true)
            }
            Err(_) if is_torn && may_be_result(written) => Ok(false),
            Err(why) => Err(foreign(why)),
        }
    }

    /// What the output is of, once that is known.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// How many tasks have a line.
    pub fn done(&self) -> u64 {
        self.known.count()
    }

    /// How many of them failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Whether every task of the job has a line, safe or not.
    pub fn has_all(&self) -> bool {
        self.header.is_some() && self.known.is_full()
    }

    /// Whether every task of the job has a line, and all of them are safe.
    pub fn is_complete(&self) -> bool {
        self.has_all() && self.waiting() == 0
    }

    /// Begins the output of a job.
    pub fn begin(&mut self, job: String, total: u64) {
        let header = Header { job, total, version: VERSION };
        // A header is always JSON.
        self.lines.extend(serde_json::to_vec(&header).unwrap_or_default());
        self.lines.push(b'\n');
        self.start(header);
    }

    fn start(&mut self, header: Header) {
        self.known = TaskSet::new(header.total);
        self.header = Some(header);
    }

    /// Adds the results that a worker has sent: the first frame, and the lines. Those of tasks that
    /// have a line already are dropped, and reported again: somebody does not know. Returns how many
    /// were dropped.
    ///
    /// # Errors
    ///
    /// What is wrong with a line. The lines before it are added.
    pub fn add(&mut self, first: &[u8], lines: &[u8]) -> Result<u64, String> {
        let Results { version, job } =
            serde_json::from_slice(first).map_err(|error| format!("not results: {error}"))?;
        if version != VERSION {
            return Err(format!("of version {version} of the protocol, not {VERSION}"));
        }
        if self.header.as_ref().is_none_or(|header| header.job != job) {
            return Err(format!("of another job, {job}"));
        }
        // All lines at once: one by one takes several times as long.
        let text = str::from_utf8(lines)
            .or_else(|error| str::from_utf8(&lines[..error.valid_up_to()]))
            .unwrap_or_default();
        let (mut duplicates, mut start) = (0, 0);
        for end in memchr_iter(b'\n', text.as_bytes()) {
            let known = Known::of(&text[start..end])?;
            if self.is_new(known.num) {
                self.lines.extend_from_slice(&lines[start..=end]);
                self.failed += u64::from(known.has_failed);
            } else {
                duplicates += 1;
            }
            self.nums.push(known.num);
            start = end + 1;
        }
        if text.len() < lines.len() {
            return Err("not UTF-8".to_owned());
        }
        if start < lines.len() {
            return Err("not a line".to_owned());
        }
        Ok(duplicates)
    }

    /// Adds a task that the dispatcher gives up.
    pub fn give_up(&mut self, task: &GivenUp) {
        if self.is_new(task.num) {
            // So is this.
            self.lines.extend(serde_json::to_vec(task).unwrap_or_default());
            self.lines.push(b'\n');
            self.failed += 1;
        }
        self.nums.push(task.num);
    }

    fn is_new(&mut self, num: u64) -> bool {
        self.known.insert(num)
    }

    /// How many bytes wait to be written, about.
    pub fn waiting(&self) -> usize {
        self.lines.len() + self.nums.len()
    }

    /// The lines to write, and to make safe.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// The lines are safe. Returns the tasks to report.
    pub fn committed(&mut self) -> impl Iterator<Item = u64> {
        self.lines.clear();
        self.nums.drain(..)
    }

    /// What always holds.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub fn check_invariants(&self) {
        assert!(self.failed <= self.done());
        assert!(self.header.is_some() || self.lines.is_empty());
        assert_eq!(self.header.as_ref().map_or(0, |header| header.total), self.known.total());
    }
}
