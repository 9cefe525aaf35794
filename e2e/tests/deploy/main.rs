//! The reliable pipeline on engines that exist: what `deploy/` has for them, run by the real ones where
//! that is possible.

mod kubernetes;
mod slurm;
mod systemd;

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Process, Stream, root};
use serde_json::Value;

/// Runs a command that sets up what a test needs, one at a time. Where that is impossible, this fails
/// if the environment variable `CI` is set; otherwise it says so and returns `false`: skip the test.
fn set_up(command: &mut Command) -> bool {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let output = {
        let _guard = ONE_AT_A_TIME.lock().unwrap();
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
    };
    if !output.status.success() {
        skip(&String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

/// Waits until an engine says that it is ready. Where it ends instead, this does as [`set_up`] does.
fn when_ready(engine: Process) -> Option<Process> {
    let is_ready = || engine.count(Stream::Stdout, "ready") > 0;
    wait_until("an engine", DEADLINE, || is_ready() || engine.has_ended());
    if is_ready() {
        return Some(engine);
    }
    skip(&engine.wait().stderr);
    None
}

/// Says why a test is skipped, or fails where `CI` is set.
fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "cannot be set up: {why}");
    // Not with a macro, whose output the test runner would capture.
    writeln!(io::stderr(), "not tested, since it cannot be set up: {why}").expect("stderr");
}

/// A script of `scripts/lib`.
fn script(name: &str) -> PathBuf {
    root().join("scripts/lib").join(name)
}

/// A new folder below `target/`, removed at the end.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// An input of so many tasks.
fn tasks(total: u64) -> String {
    (0..total).map(|num| num.to_string() + "\n").collect()
}

/// Writes a script that can be run.
fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Waits until `holds`, at most `time`.
fn wait_until(what: &str, time: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < time, "not within {time:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// How many lines a file has by now.
fn count_lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

/// Checks that an output has each of `total` tasks once, and that none has failed.
fn assert_each_task_once(output: &Path, total: u64) {
    let text = fs::read_to_string(output).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(lines.next().unwrap()["total"], total);
    let lines: Vec<Value> = lines.collect();
    assert!(lines.iter().all(|line| line["failed"].is_null()), "{text}");
    let mut nums: Vec<_> = lines.iter().map(|line| line["num"].as_u64().unwrap()).collect();
    nums.sort_unstable();
    assert!(nums.into_iter().eq(0..total), "not each task once: {} lines", lines.len());
}

/// The blocks of a document that are in a language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let document = fs::read_to_string(root().join(document)).unwrap();
    let start = format!("```{language}\n");
    let blocks = document.split(&start).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}
