//! What a worker does with a task.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::value::{RawValue, to_raw_value};

/// The commands that run now, as process groups.
#[derive(Default)]
pub struct Running(Mutex<Groups>);

#[derive(Default)]
struct Groups {
    ids: Vec<Pid>,
    stopped: bool,
}

impl Running {
    /// Kills all commands with what they have started, and lets no more begin.
    pub fn stop(&self) {
        let mut groups = self.lock();
        groups.stopped = true;
        for id in &groups.ids {
            // It may have ended by itself.
            let _ = killpg(*id, Signal::SIGKILL);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a command with `task` on its stdin. Returns its stdout, or why it failed.
    ///
    /// # Errors
    ///
    /// What keeps the command from running, or how it ended.
    pub fn run(&self, command: &[String], task: &str) -> Result<Box<RawValue>, String> {
        let [program, args @ ..] = command else { return Err("no command".to_owned()) };
        let mut command = Command::new(program);
        command.args(args).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, id) = {
            let mut groups = self.lock();
            if groups.stopped {
                return Err("stopped".to_owned());
            }
            let child =
                command.spawn().map_err(|error| format!("cannot run {program}: {error}"))?;
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap_or_default());
            groups.ids.push(id);
            (child, id)
        };
        let stdin = child.stdin.take();
        let output = thread::scope(|scope| {
            scope.spawn(move || {
                // A command need not read its task.
                stdin.map(|mut stdin| stdin.write_all(task.as_bytes()).or_else(closed))
            });
            child.wait_with_output()
        });
        self.lock().ids.retain(|other| *other != id);
        let output = output.map_err(|error| format!("cannot wait for {program}: {error}"))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        for line in stderr.lines() {
            tracing::warn!("{program}: {line}");
        }
        if !output.status.success() {
            let last = stderr.lines().last().map_or_else(String::new, |line| format!(": {line}"));
            return Err(format!("{program} ended with {}{last}", output.status));
        }
        result(&output.stdout).map_err(|error| format!("no result: {error}"))
    }
}

fn closed(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

/// JSON as it is, if it is of one line, and all else as a JSON string.
fn result(stdout: &[u8]) -> serde_json::Result<Box<RawValue>> {
    let text = String::from_utf8_lossy(stdout);
    let text = text.trim_end_matches(['\n', '\r']);
    let one_line = !text.contains(['\n', '\r']);
    if let (true, Ok(raw)) = (one_line, RawValue::from_string(text.to_owned())) {
        return Ok(raw);
    }
    to_raw_value(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, task: &str) -> Result<String, String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        Running::default().run(&command, task).map(|result| result.get().to_owned())
    }

    #[test]
    fn stdout_is_the_result() {
        assert_eq!(run("cat", "{\"num\": 7}"), Ok("{\"num\": 7}".to_owned()));
        assert_eq!(run("echo hello; echo world", ""), Ok("\"hello\\nworld\"".to_owned()));
        assert_eq!(run("true", "not read"), Ok("\"\"".to_owned()));
        assert_eq!(run("printf '[1,\\n2]'", ""), Ok("\"[1,\\n2]\"".to_owned()));
    }

    #[test]
    fn a_failed_command_says_why() {
        let failed = run("echo no >&2; exit 3", "");
        assert_eq!(failed, Err("sh ended with exit status: 3: no".to_owned()));
        assert!(run("kill -9 $$", "").unwrap_err().contains("signal: 9"));
        let command = ["/no/such/command".to_owned()];
        let error = Running::default().run(&command, "").unwrap_err();
        assert!(error.starts_with("cannot run /no/such/command: No such file"), "{error}");
    }

    #[test]
    fn a_big_task_and_a_big_result_do_not_block_each_other() {
        let task = format!("\"{}\"", "x".repeat(1 << 20));
        assert_eq!(run("cat", &task), Ok(task));
    }

    #[test]
    fn stopping_kills_what_runs_and_lets_nothing_begin() {
        let running = Running::default();
        thread::scope(|scope| {
            let ended = scope.spawn(|| running.run(&["sleep".to_owned(), "100".to_owned()], ""));
            while running.lock().ids.is_empty() {
                thread::yield_now();
            }
            running.stop();
            assert!(ended.join().unwrap().is_err());
        });
        assert_eq!(running.run(&["true".to_owned()], "").unwrap_err(), "stopped");
    }
}
