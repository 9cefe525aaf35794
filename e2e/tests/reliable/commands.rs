//! Commands that workers run, and what becomes of them with their workers.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use e2e::{DEADLINE, Process, group_exists, shell};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::pipeline::{Pipeline, succeeded};

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "{what}");
        thread::yield_now();
    }
}

/// Waits for a process id, and a line end, in a file.
fn id(path: &Path) -> u32 {
    let read = || fs::read_to_string(path).unwrap_or_default();
    wait_until("no process id", || read().ends_with('\n'));
    read().trim().parse().unwrap()
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap())
}

/// A worker whose command writes its process id, and the file with that.
fn busy_worker(pipeline: &Pipeline, name: &str) -> (Process, PathBuf) {
    let begun = pipeline.folder.path().join(name);
    let script = format!("echo $$ > {}; sleep 1000; true", begun.display());
    (pipeline.worker(&["--", "sh", "-c", &script]), begun)
}

/// A worker with its flags, as arguments of another program, which becomes it.
fn worker_by(launcher: &str, pipeline: &Pipeline, flags: &str) -> Process {
    let (work, results) = (&pipeline.work, &pipeline.results);
    let worker = format!("worker --connect {work} --results-connect {results} {flags}");
    shell(&format!("{launcher} {worker}"), pipeline.folder.path()).start()
}

#[test]
fn a_command_dies_with_its_worker_however_that_dies() {
    let pipeline = Pipeline::new();
    let _dispatcher = pipeline.dispatcher(&["--count", "2"]);
    let _sink = pipeline.sink(&[]);
    for signal in [Signal::SIGKILL, Signal::SIGHUP, Signal::SIGTERM] {
        let (worker, begun) = busy_worker(&pipeline, signal.as_str());
        let group = id(&begun);
        worker.signal(signal);
        wait_until("its command runs on", || !group_exists(group));
    }
}

/// `scancel` sends a signal to all processes, and the command's comes first.
#[test]
fn a_signal_to_worker_and_command_is_no_failure_of_the_task() {
    let pipeline = Pipeline::new();
    let flags = ["--count", "1", "--attempts", "1", "--lease", "1h"];
    let dispatcher = pipeline.dispatcher(&flags);
    let sink = pipeline.sink(&[]);
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (worker, begun) = busy_worker(&pipeline, signal.as_str());
        killpg(pid(id(&begun)), signal).unwrap();
        assert_eq!(worker.end_with(signal).code, Some(128 + signal as i32));
    }
    let worker = pipeline.connected_worker(&[]);
    succeeded(sink);
    succeeded(dispatcher);
    succeeded(worker);
}

#[test]
fn a_worker_that_cannot_run_its_command_ends_and_costs_no_attempt() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "20", "--attempts", "1", "--lease", "1h"]);
    let sink = pipeline.sink(&[]);
    let ended = pipeline.worker(&["--jobs", "2", "--", "./missing"]).wait();
    assert_eq!(ended.code, Some(1));
    let why = "error: cannot run ./missing: No such file or directory\n";
    assert!(ended.stderr.ends_with(why), "{}", ended.stderr);
    let worker = pipeline.connected_worker(&["--", "cat"]);
    assert_eq!(succeeded(sink).stdout, "results: 20\n");
    succeeded(dispatcher);
    succeeded(worker);
}

/// One task at a time leaves the worker the caller's limit, too; many do not.
#[test]
fn commands_find_their_callers_limit_of_open_files() {
    for (jobs, limit) in [("1", 200), ("40", 1000), ("60", 200)] {
        let pipeline = Pipeline::new();
        let dispatcher = pipeline.dispatcher(&["--count", "200"]);
        let flags = format!("--jobs {jobs} -- sh -c 'ulimit -Sn'");
        let worker = worker_by(&format!("ulimit -Sn {limit}; exec"), &pipeline, &flags);
        succeeded(pipeline.sink(&[]));
        succeeded(dispatcher);
        succeeded(worker);
        for line in pipeline.lines(200) {
            assert_eq!(line["result"], json!(limit), "with --jobs {jobs}");
        }
    }
}

/// As process 1 of a container it inherits them; here it is told to.
#[test]
fn a_worker_that_inherits_orphans_waits_for_them() {
    let pipeline = Pipeline::new();
    let _dispatcher = pipeline.dispatcher(&["--count", "1"]);
    let sink = pipeline.sink(&[]);
    let orphan = pipeline.folder.path().join("orphan");
    let (path, prctl) = (orphan.display(), "ctypes.CDLL(None).prctl(36, 1)");
    let launcher = format!(
        "exec python3 -c 'import ctypes, os, sys; {prctl}; os.execvp(sys.argv[1], sys.argv[1:])'"
    );
    // Its parent ends at once, and it leaves the command's group, which ends after that.
    let flags = format!(
        "-- sh -c '(setsid sh -c \"echo \\$\\$ > {path}; exec sleep 0.2\" &); \
         until test -s {path}; do sleep 0.01; done; cat'"
    );
    let worker = worker_by(&launcher, &pipeline, &flags);
    let orphan = pid(id(&orphan));
    let status = fs::read_to_string(format!("/proc/{orphan}/stat")).unwrap_or_default();
    wait_until(&format!("not waited for: {status}"), || kill(orphan, None).is_err());
    succeeded(sink);
    succeeded(worker);
}

/// A command is in the background, where a read from the terminal stops it.
#[test]
fn a_command_that_reads_from_the_terminal_fails() {
    let pipeline = Pipeline::new();
    let _dispatcher = pipeline.dispatcher(&["--count", "1", "--attempts", "1"]);
    let terminal = "exec python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])'";
    let _worker = worker_by(terminal, &pipeline, "-- sh -c 'read -r line < /dev/tty'");
    assert_eq!(pipeline.sink(&[]).wait().code, Some(1));
    assert_failed(&pipeline.lines(1)[0], "stopped: it reads from the terminal");
}

#[test]
fn a_command_that_takes_too_long_or_prints_too_much_fails_by_name() {
    let pipeline = Pipeline::new();
    let _dispatcher = pipeline.dispatcher(&["--count", "2", "--attempts", "1"]);
    let script = "read -r task; case $task in *:0}) sleep 1000;; esac; \
                  head -c 17000000 /dev/zero | tr '\\0' x";
    let _worker = pipeline.worker(&["--timeout", "2s", "--jobs", "2", "--", "sh", "-c", script]);
    assert_eq!(pipeline.sink(&[]).wait().code, Some(1));
    let lines = pipeline.lines(2);
    assert_failed(&lines[0], "timed out after 2s");
    assert_failed(&lines[1], "its result is 17000000 bytes; the limit is ");
}

fn assert_failed(line: &Value, why: &str) {
    assert!(line["failed"].as_str().unwrap().starts_with(why), "{line}");
}
