//! The tasks of a job, and its id.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use protocol::line::parse_json;
use protocol::message::MAX_TASKS;
use protocol::schedule::too_large;
use sha2::{Digest, Sha256};

/// All tasks, in memory: they are handed out in any order.
pub struct Job {
    /// A hash of the tasks: the same tasks are the same job.
    pub id: String,
    tasks: Tasks,
}

enum Tasks {
    /// `{"num": n}` for each `n` below this.
    Counted(u64),
    /// JSON texts, one after the other, and where each begins and ends.
    Listed { text: Vec<u8>, bounds: Vec<(usize, usize)> },
}

/// What an input is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON value per line.
    Json,
    /// A text per line.
    Lines,
    /// Texts that end with NUL.
    Null,
}

impl Job {
    /// The job of `count` tasks `{"num": n}`.
    pub fn counted(count: u64) -> Self {
        let id = id(&[format!("count {count}").as_bytes()]);
        Self { id, tasks: Tasks::Counted(count) }
    }

    /// Reads a job from a file, or from stdin where `path` is `-`.
    ///
    /// # Errors
    ///
    /// A file that cannot be read; the first line that is no task, or is larger than `limit`.
    pub fn read(path: &Path, format: Format, limit: u64) -> Result<Self> {
        let what = || format!("cannot read the tasks in {}", path.display());
        let mut text = Vec::new();
        if path.as_os_str() == "-" {
            io::stdin().lock().read_to_end(&mut text).with_context(what)?;
        } else {
            File::open(path).and_then(|mut file| file.read_to_end(&mut text)).with_context(what)?;
        }
        let job = match format {
            Format::Json => Self::parse(text),
            Format::Lines => Self::quote(&text, b'\n'),
            Format::Null => Self::quote(&text, 0),
        };
        let job = job.with_context(what)?;
        ensure!(
            job.total() <= MAX_TASKS,
            "{}: {} tasks; the limit is {MAX_TASKS}",
            what(),
            job.total()
        );
        if let Some(num) = (0..job.total()).find(|num| job.size(*num).saturating_add(2) > limit) {
            bail!("{}: {}", what(), too_large(&format!("task {num}"), job.size(num), limit));
        }
        Ok(job)
    }

    /// One task per line. Empty lines are ignored.
    fn parse(text: Vec<u8>) -> Result<Self> {
        let mut bounds = Vec::new();
        let mut start = 0;
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let task = line.trim_ascii();
            if !task.is_empty() {
                if let Err(why) = parse_json(task) {
                    bail!("line {} is {why}", number + 1);
                }
                let begin = start + (line.len() - line.trim_ascii_start().len());
                bounds.push((begin, begin + task.len()));
            }
            start += line.len();
        }
        Ok(Self { id: id(&[&text]), tasks: Tasks::Listed { text, bounds } })
    }

    /// Each text is a task, as a JSON string.
    fn quote(text: &[u8], end: u8) -> Result<Self> {
        let id = id(&[b"text", &[end], text]);
        let (mut json, mut bounds) = (Vec::new(), Vec::new());
        for (number, line) in text.split_inclusive(|byte| *byte == end).enumerate() {
            let task = line.strip_suffix(&[end]).unwrap_or(line);
            let task = std::str::from_utf8(task);
            let task = task.with_context(|| format!("line {} is not UTF-8", number + 1))?;
            let start = json.len();
            serde_json::to_writer(&mut json, task)?;
            bounds.push((start, json.len()));
        }
        Ok(Self { id, tasks: Tasks::Listed { text: json, bounds } })
    }

    /// How many tasks there are.
    pub fn total(&self) -> u64 {
        match &self.tasks {
            Tasks::Counted(count) => *count,
            Tasks::Listed { bounds, .. } => bounds.len() as u64,
        }
    }

    /// How many bytes a task has.
    pub fn size(&self, num: u64) -> u64 {
        match &self.tasks {
            Tasks::Counted(_) => "{\"num\":}".len() as u64 + u64::from(num.max(1).ilog10()) + 1,
            Tasks::Listed { .. } => self.listed(num).len() as u64,
        }
    }

    fn listed(&self, num: u64) -> &[u8] {
        let Tasks::Listed { text, bounds } = &self.tasks else { return b"null" };
        let bounds = usize::try_from(num).ok().and_then(|num| bounds.get(num));
        bounds.map_or(b"null", |&(start, end)| &text[start..end])
    }

    /// The tasks of these numbers, which are below the total, as a JSON array.
    pub fn tasks(&self, nums: impl Iterator<Item = u64>) -> Vec<u8> {
        let mut array = Vec::new();
        for num in nums {
            array.push(if array.is_empty() { b'[' } else { b',' });
            match &self.tasks {
                Tasks::Counted(_) => {
                    array.extend(b"{\"num\":");
                    array.extend(itoa::Buffer::new().format(num).bytes());
                    array.push(b'}');
                }
                Tasks::Listed { .. } => array.extend(self.listed(num)),
            }
        }
        array.push(b']');
        array
    }
}

fn id(texts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text);
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(job: &Job, nums: &[u64]) -> String {
        String::from_utf8(job.tasks(nums.iter().copied())).unwrap()
    }

    #[test]
    fn a_task_is_a_line() {
        let job = Job::parse(b"{\"url\": 1}\r\n\n  [2, 3] \n\"end\"".to_vec()).unwrap();
        assert_eq!((job.total(), job.size(0), job.size(2)), (3, 10, 5));
        assert_eq!(array(&job, &[0, 2]), "[{\"url\": 1},\"end\"]");
        assert_eq!(array(&job, &[1]), "[[2, 3]]");
    }

    #[test]
    fn a_line_that_is_not_json_is_named() {
        let error = Job::parse(b"1\n2\noops\n".to_vec()).err().unwrap();
        assert!(
            format!("{error:#}").starts_with("line 3 is not JSON: expected value"),
            "{error:#}"
        );
    }

    #[test]
    fn a_text_is_a_task_as_it_is() {
        let job = Job::quote(b" a \"b\"\\\n\n\xe8\xa8\x8a", b'\n').unwrap();
        assert_eq!(array(&job, &[0, 1, 2]), "[\" a \\\"b\\\"\\\\\",\"\",\"訊\"]");
        let names = Job::quote(b"one\ntwo\0three\0", 0).unwrap();
        assert_eq!(array(&names, &[0, 1]), "[\"one\\ntwo\",\"three\"]");
        assert!(Job::quote(b"\xff", 0).is_err());
        assert_ne!(job.id, Job::quote(b"", 0).unwrap().id);
    }

    #[test]
    fn the_same_tasks_are_the_same_job() {
        assert_eq!(Job::counted(7).id, Job::counted(7).id);
        assert_ne!(Job::counted(7).id, Job::counted(8).id);
        let job = Job::counted(1000);
        assert_eq!(array(&job, &[0, 1]), "[{\"num\":0},{\"num\":1}]");
        for num in [0, 9, 10, 999] {
            assert_eq!(job.size(num) + 2, array(&job, &[num]).len() as u64);
        }
    }
}
