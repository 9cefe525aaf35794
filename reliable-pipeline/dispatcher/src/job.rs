//! The tasks of a job, and its id.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::value::RawValue;
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
    /// Texts, one after the other, and where each begins and ends.
    Listed { text: Vec<u8>, bounds: Vec<(usize, usize)> },
}

impl Job {
    /// The job of `count` tasks `{"num": n}`.
    pub fn counted(count: u64) -> Self {
        let id = id(format!("count {count}").as_bytes());
        Self { id, tasks: Tasks::Counted(count) }
    }

    /// Reads a job from a file, or from stdin where `path` is `-`.
    ///
    /// # Errors
    ///
    /// A file that cannot be read; the first line that is not JSON.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot read the tasks in {}", path.display());
        let mut text = Vec::new();
        if path.as_os_str() == "-" {
            io::stdin().lock().read_to_end(&mut text).with_context(what)?;
        } else {
            File::open(path).and_then(|mut file| file.read_to_end(&mut text)).with_context(what)?;
        }
        Self::parse(text).with_context(what)
    }

    /// One task per line. Empty lines are ignored.
    fn parse(text: Vec<u8>) -> Result<Self> {
        let mut bounds = Vec::new();
        let mut start = 0;
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let task = line.trim_ascii();
            if !task.is_empty() {
                serde_json::from_slice::<&RawValue>(task)
                    .with_context(|| format!("line {} is not JSON", number + 1))?;
                let begin = start + (line.len() - line.trim_ascii_start().len());
                bounds.push((begin, begin + task.len()));
            }
            start += line.len();
        }
        Ok(Self { id: id(&text), tasks: Tasks::Listed { text, bounds } })
    }

    /// How many tasks there are.
    pub fn total(&self) -> u64 {
        match &self.tasks {
            Tasks::Counted(count) => *count,
            Tasks::Listed { bounds, .. } => bounds.len() as u64,
        }
    }

    /// The tasks of these numbers, which are below the total, as a JSON array.
    pub fn tasks(&self, nums: &[u64]) -> Vec<u8> {
        let mut array = Vec::with_capacity(2 + 16 * nums.len());
        for num in nums {
            array.push(if array.is_empty() { b'[' } else { b',' });
            match &self.tasks {
                Tasks::Counted(_) => array.extend(format!("{{\"num\":{num}}}").bytes()),
                Tasks::Listed { text, bounds } => {
                    let bounds = usize::try_from(*num).ok().and_then(|num| bounds.get(num));
                    array.extend(bounds.map_or(&b"null"[..], |&(start, end)| &text[start..end]));
                }
            }
        }
        array.push(b']');
        array
    }
}

fn id(text: &[u8]) -> String {
    Sha256::digest(text).iter().take(16).fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_a_line() {
        let job = Job::parse(b"{\"url\": 1}\r\n\n  [2, 3] \n\"end\"".to_vec()).unwrap();
        assert_eq!(job.total(), 3);
        assert_eq!(job.tasks(&[0, 2]), b"[{\"url\": 1},\"end\"]");
        assert_eq!(job.tasks(&[1]), b"[[2, 3]]");
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
    fn the_same_tasks_are_the_same_job() {
        assert_eq!(Job::counted(7).id, Job::counted(7).id);
        assert_ne!(Job::counted(7).id, Job::counted(8).id);
        assert_eq!(Job::counted(2).tasks(&[0, 1]), b"[{\"num\":0},{\"num\":1}]");
    }
}
