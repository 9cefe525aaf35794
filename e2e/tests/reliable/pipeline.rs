//! One reliable pipeline, on its own endpoints.

use std::fs;
use std::path::PathBuf;

use e2e::{Ended, Process, Stream, endpoint, rust};
use serde_json::Value;

/// The endpoints of one pipeline, and its output.
pub struct Pipeline {
    pub work: String,
    pub acks: String,
    pub progress: String,
    pub results: String,
    pub folder: tempfile::TempDir,
}

impl Pipeline {
    pub fn new() -> Self {
        let [work, acks, progress, results] = [(); 4].map(|()| endpoint());
        Self { work, acks, progress, results, folder: tempfile::tempdir().unwrap() }
    }

    pub fn output(&self) -> PathBuf {
        self.folder.path().join("results.jsonl")
    }

    /// Writes a file, and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    }

    pub fn dispatcher(&self, flags: &[&str]) -> Process {
        let acks = ["--acks-bind", &self.acks, "--progress-bind", &self.progress];
        rust("dispatcher").args(["--bind", &self.work]).args(acks).args(flags).start()
    }

    pub fn worker(&self, flags: &[&str]) -> Process {
        let connect = ["--connect", &self.work, "--results-connect", &self.results];
        rust("worker").args(connect).args(flags).start()
    }

    /// A worker that learns of the end of its job, even of a very short one.
    pub fn connected_worker(&self, flags: &[&str]) -> Process {
        let worker = self.worker(&[&["-v"], flags].concat());
        worker.wait_for(Stream::Stderr, &format!("connected to {}", self.work));
        worker
    }

    pub fn sink(&self, flags: &[&str]) -> Process {
        let own = ["--bind", &self.results, "--acks-connect", &self.acks, "--output"];
        rust("sink").args(own).arg(self.output()).args(flags).start()
    }

    /// The lines of the output without the header, sorted by task number.
    pub fn lines(&self, total: u64) -> Vec<Value> {
        let text = fs::read_to_string(self.output()).unwrap();
        let mut lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .collect::<Vec<_>>();
        assert_eq!(lines[0]["total"], total);
        lines.remove(0);
        lines.sort_by_key(|line| line["num"].as_u64());
        let nums = lines.iter().map(|line| line["num"].as_u64().unwrap());
        assert!(nums.eq(0..total), "not each task once: {} lines", lines.len());
        lines
    }
}

/// Waits for a program to end with exit code 0.
pub fn succeeded(process: Process) -> Ended {
    let ended = process.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}
