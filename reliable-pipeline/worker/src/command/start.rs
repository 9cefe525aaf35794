//! Starting a command: its arguments, its environment, its pipes.

use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::Pid;
use rustix::io::ioctl_fionbio;
use rustix::process::{PidfdFlags, pidfd_open};

use super::groups::{self, Groups};
use super::guard::MARK;
use super::open_files::Restore;
use super::{CommandLine, TaskRun};

/// How often, and at first after what time, a host that lacks something just now is asked again.
const RETRIES: u32 = 6;
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// A command that runs.
pub struct Started {
    /// Its process, and the leader of its group.
    pub child: Child,
    /// Its id.
    pub pid: Pid,
    /// Readable once the process has ended, on a kernel that has such files (Linux 5.3).
    pub ended: Option<OwnedFd>,
    /// What of its task does not fit into the pipe yet.
    pub stdin: Option<Unwritten>,
    /// What it prints.
    pub stdout: PipeReader,
    /// What it says.
    pub stderr: PipeReader,
}

/// The rest of a task.
pub struct Unwritten {
    /// The command's stdin.
    pub pipe: PipeWriter,
    /// The whole task.
    pub task: Vec<u8>,
    /// How much of it is written.
    pub written: usize,
}

/// Why a command did not start.
pub enum NotStarted {
    /// With this task it never will.
    Task(String),
    /// On this host it does not.
    Host(String),
    /// The worker is to end.
    Interrupted,
}

impl CommandLine {
    /// Starts the command for a task: the program at `path`.
    pub fn start(
        &self,
        path: &Path,
        run: &TaskRun<'_>,
        groups: &Groups,
        restore: &Restore,
    ) -> Result<Started, NotStarted> {
        let alone = restore.is_needed();
        let mut after = RETRY_AFTER;
        for retries in (0..=RETRIES).rev() {
            let error = match groups.start(alone, || self.spawn(path, run, groups.mark(), restore))
            {
                Ok(started) => return started.ok_or(NotStarted::Interrupted),
                Err(error) => error,
            };
            let program = &self.program;
            let errno = error.raw_os_error().map(Errno::from_raw);
            let why = errno.map_or_else(|| error.to_string(), |errno| errno.desc().to_owned());
            let why = format!("cannot run {program}: {why}");
            match errno {
                Some(Errno::E2BIG) => return Err(NotStarted::Task(why)),
                // A byte of zero in an argument.
                None if error.kind() == io::ErrorKind::InvalidInput => {
                    return Err(NotStarted::Task(why));
                }
                Some(
                    Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE | Errno::ETXTBSY,
                ) if retries > 0 => {
                    tracing::warn!("{why}; trying again");
                    thread::sleep(after);
                    after *= 2;
                }
                _ => return Err(NotStarted::Host(why)),
            }
        }
        Err(NotStarted::Interrupted)
    }

    fn spawn(
        &self,
        path: &Path,
        run: &TaskRun<'_>,
        mark: &str,
        restore: &Restore,
    ) -> io::Result<(Started, Pid)> {
        // Until the command has them, and this process no more.
        let _places = restore.free_places();
        let mut command = Command::new(path);
        command.arg0(&self.program).args(self.args.iter().map(|arg| fill_in(arg, run)));
        command.process_group(0);
        command.env("TASK_NUM", run.num.to_string()).env("TASK_ATTEMPT", run.attempt.to_string());
        command.env("TASK_JOB", run.job).env(MARK, mark);
        let ((stdin, to_stdin), (stdout, to_stdout), (stderr, to_stderr)) =
            (pipe()?, pipe()?, pipe()?);
        let to_stdin = restore.move_up(to_stdin)?;
        let (stdout, stderr) = (restore.move_up(stdout)?, restore.move_up(stderr)?);
        command.stdin(stdin).stdout(to_stdout).stderr(to_stderr);
        for ours in [&stdout, &stderr] {
            ioctl_fionbio(ours, true)?;
        }
        ioctl_fionbio(&to_stdin, true)?;
        let mut task = Vec::with_capacity(run.task.len() + 1);
        task.extend_from_slice(run.task.as_bytes());
        task.push(b'\n');
        // Most tasks fit: the command finds the whole of it, and nothing is left to do.
        let written = match (&to_stdin).write(&task) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            written => written?,
        };
        let rest = written < task.len();
        let stdin = rest.then_some(Unwritten { pipe: to_stdin, task, written });

        let child = spawn(&mut command, restore)?;
        let pid = groups::pid(&child);
        let ended = rustix::process::Pid::from_raw(pid.as_raw())
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
            .and_then(|ended| restore.move_up(ended).ok());
        Ok((Started { child, pid, ended, stdin, stdout, stderr }, pid))
    }
}

/// Starts a process that finds the caller's limit of open files.
fn spawn(command: &mut Command, restore: &Restore) -> io::Result<Child> {
    let lowered = restore.now();
    let spawned = command.spawn();
    drop(lowered);
    match spawned {
        // What the process is to get is not below the limit.
        Err(error) if restore.is_needed() && is(&error, Errno::EBADF) => {
            let child = command.spawn()?;
            restore.of(groups::pid(&child));
            Ok(child)
        }
        spawned => spawned,
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno as i32)
}

/// `{}` in an argument is the task, a string without its quotes, and `{#}` its number.
fn fill_in(arg: &str, run: &TaskRun<'_>) -> String {
    let mut filled = String::new();
    let mut rest = arg;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        if let Some(after) = after.strip_prefix('}') {
            match serde_json::from_str::<String>(run.task) {
                Ok(text) => filled.push_str(&text),
                Err(_) => filled.push_str(run.task),
            }
            rest = after;
        } else if let Some(after) = after.strip_prefix("#}") {
            filled.push_str(&run.num.to_string());
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_in_arguments_are_the_task_and_its_number() {
        let run = |task| TaskRun { num: 7, attempt: 1, job: "j", task };
        assert_eq!(fill_in("{}", &run("\"a b\\n{#}{}\"")), "a b\n{#}{}");
        assert_eq!(fill_in("-n={}/{#}.{}", &run("{\"x\": 1.0}")), "-n={\"x\": 1.0}/7.{\"x\": 1.0}");
        assert_eq!(fill_in("{{}} {a} {", &run("5")), "{5} {a} {");
    }
}
