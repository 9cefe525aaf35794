//! The output: a header, then one line per result. It is all that is left of a job when every process
//! is gone, so nothing counts as done before it is safe here.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use fixedbitset::FixedBitSet;
use protocol::VERSION;
use protocol::message::GivenUp;
use protocol::ranges::{Range, ranges};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The job's id.
    pub job: String,
    /// How many tasks it has.
    pub total: u64,
    /// [`VERSION`].
    pub version: u32,
}

/// Any other line.
#[derive(Deserialize)]
struct Line {
    num: u64,
    #[serde(rename = "worker_id")]
    _worker_id: u64,
    /// Whether the line has a result. That may be any JSON value, null among them.
    #[serde(rename = "result", default, deserialize_with = "is_there")]
    has_result: bool,
    /// Whether it says why the task failed.
    #[serde(rename = "failed", default, deserialize_with = "is_there")]
    has_failed: bool,
}

fn is_there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|IgnoredAny| true)
}

/// Where lines go.
enum Place {
    File(File),
    Stdout(io::Stdout),
}

/// The results that have arrived, and those that are safe.
pub struct Output {
    place: Place,
    header: Option<Header>,
    /// The tasks that have a line, safe or not.
    known: FixedBitSet,
    /// Lines that are not written yet, and the tasks they are of.
    lines: Vec<u8>,
    nums: Vec<u64>,
    failed: u64,
}

impl Output {
    /// Opens a file, and learns from it what is done. A last line that was cut off is removed.
    ///
    /// # Errors
    ///
    /// The path with what is wrong about it: it is another sink's now, or no output of this tool.
    pub fn open(path: &Path) -> Result<Self> {
        let what = || format!("cannot use {} as the output", path.display());
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.with_context(what)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{}: another sink writes to it", what()),
            Err(TryLockError::Error(error)) => return Err(error).with_context(what),
        }
        let mut output = Self::to(Place::Stdout(io::stdout()));
        let safe = output.resume(&mut BufReader::new(&file)).with_context(what)?;
        file.set_len(safe).with_context(what)?;
        file.seek(SeekFrom::Start(safe)).with_context(what)?;
        // A new file is safe when its name is, too.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        folder.and_then(|folder| folder.sync_all()).with_context(what)?;
        output.place = Place::File(file);
        Ok(output)
    }

    /// Writes to stdout.
    pub fn stdout() -> Self {
        Self::to(Place::Stdout(io::stdout()))
    }

    fn to(place: Place) -> Self {
        let (known, lines, nums) = (FixedBitSet::new(), Vec::new(), Vec::new());
        Self { place, header: None, known, lines, nums, failed: 0 }
    }

    /// Reads all whole lines. Returns how many bytes they are.
    fn resume(&mut self, file: &mut impl BufRead) -> Result<u64> {
        let (mut safe, mut line, mut number) = (0, Vec::new(), 0);
        loop {
            line.clear();
            let length = file.read_until(b'\n', &mut line)?;
            number += 1;
            if line.pop() != Some(b'\n') {
                return Ok(safe);
            }
            let foreign = || format!("line {number} is not of a sink");
            if self.header.is_none() {
                let header: Header = serde_json::from_slice(&line).with_context(foreign)?;
                if header.version != VERSION {
                    bail!("it is of version {}, not {VERSION}", header.version);
                }
                self.start(header);
            } else {
                let line: Line = serde_json::from_slice(&line).with_context(foreign)?;
                self.failed += u64::from(line.has_failed);
                self.is_new(line.num);
            }
            safe += length as u64;
        }
    }

    /// What the output is of, once that is known.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// How many tasks have a line.
    pub fn done(&self) -> u64 {
        self.known.count_ones(..) as u64
    }

    /// Whether every task of the job has a line.
    pub fn is_complete(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.total == self.done())
    }

    /// How many of them failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// The tasks that have a line.
    pub fn all(&self) -> Vec<Range> {
        ranges(self.known.ones().map(|num| num as u64))
    }

    /// Begins the output of a job.
    pub fn begin(&mut self, job: String, total: u64) -> Result<()> {
        let header = Header { job, total, version: VERSION };
        serde_json::to_writer(&mut self.lines, &header).context("cannot write the header")?;
        self.lines.push(b'\n');
        self.start(header);
        Ok(())
    }

    fn start(&mut self, header: Header) {
        self.known.grow(usize::try_from(header.total).unwrap_or(usize::MAX));
        self.header = Some(header);
    }

    /// Adds lines that a worker has sent. Those of tasks that have one are dropped. Returns how many
    /// were dropped.
    ///
    /// # Errors
    ///
    /// What is wrong with a line. The lines before it are added.
    pub fn add(&mut self, lines: &[u8]) -> Result<u64, String> {
        let mut duplicates = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let parsed: Line =
                serde_json::from_slice(line).map_err(|error| format!("not a result: {error}"))?;
            if parsed.has_result == parsed.has_failed || line.last() != Some(&b'\n') {
                return Err("not a result".to_owned());
            }
            if self.is_new(parsed.num) {
                self.lines.extend(line);
                self.nums.push(parsed.num);
                self.failed += u64::from(parsed.has_failed);
            } else {
                duplicates += 1;
            }
        }
        Ok(duplicates)
    }

    /// Adds a task that the dispatcher gives up.
    pub fn give_up(&mut self, task: &GivenUp) -> Result<()> {
        if self.is_new(task.num) {
            serde_json::to_writer(&mut self.lines, task).context("cannot write a failure")?;
            self.lines.push(b'\n');
            self.nums.push(task.num);
            self.failed += 1;
        }
        Ok(())
    }

    fn is_new(&mut self, num: u64) -> bool {
        let num = usize::try_from(num).unwrap_or(usize::MAX);
        num < self.known.len() && !self.known.put(num)
    }

    /// How many bytes are not written yet.
    pub fn waiting(&self) -> usize {
        self.lines.len()
    }

    /// Writes and syncs what has arrived. Returns the tasks that may be acknowledged now.
    ///
    /// # Errors
    ///
    /// What the disk says. Nothing may be acknowledged then.
    pub fn commit(&mut self) -> Result<Vec<Range>> {
        match &mut self.place {
            Place::File(file) => file.write_all(&self.lines).and_then(|()| file.sync_data()),
            Place::Stdout(stdout) => stdout.write_all(&self.lines).and_then(|()| stdout.flush()),
        }
        .context("cannot write the results")?;
        self.lines.clear();
        self.nums.sort_unstable();
        Ok(ranges(self.nums.drain(..)))
    }
}
