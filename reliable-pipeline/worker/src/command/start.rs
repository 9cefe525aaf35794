//! Starting a command: its arguments, its environment, its pipes.

use std::ffi::CString;
use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::iter;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::Pid;
use rustix::io::ioctl_fionbio;
use rustix::process::{PidfdFlags, pidfd_open};

use super::groups::Groups;
use super::guard::MARK;
use super::launch::Launch;
use super::open_files::Restore;
use super::{CommandLine, TaskRun};

/// The variables that each command has of its own.
pub const OWN_VARIABLES: [&str; 4] = ["TASK_NUM", "TASK_ATTEMPT", "TASK_JOB", MARK];
/// How often, and at first after what time, a host that lacks something just now is asked again.
const RETRIES: u32 = 6;
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// A command that runs.
pub struct Started {
    /// Just before it was started.
    pub began: Instant,
    /// Its process, and its group.
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
    /// Starts the command for a task.
    pub fn start(
        &self,
        launch: &Launch,
        run: &TaskRun<'_>,
        groups: &Groups,
        restore: &Restore,
    ) -> Result<Started, NotStarted> {
        let alone = restore.is_needed();
        let mut after = RETRY_AFTER;
        for retries in (0..=RETRIES).rev() {
            let error =
                match groups.start(alone, || self.spawn(launch, run, groups.mark(), restore)) {
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
        launch: &Launch,
        run: &TaskRun<'_>,
        mark: &str,
        restore: &Restore,
    ) -> io::Result<(Started, Pid)> {
        // Until the command has them, and this process no more.
        let _places = restore.free_places();
        let program = iter::once(self.program.clone());
        let args = program.chain(self.args.iter().map(|arg| fill_in(arg, run)));
        let args = args.map(c_string).collect::<io::Result<Vec<_>>>()?;
        let values = [&run.num.to_string(), &run.attempt.to_string(), run.job, mark];
        let own = OWN_VARIABLES.iter().zip(values).map(|(name, value)| format!("{name}={value}"));
        let own = own.map(c_string).collect::<io::Result<Vec<_>>>()?;
        let ((stdin, to_stdin), (stdout, to_stdout), (stderr, to_stderr)) =
            (pipe()?, pipe()?, pipe()?);
        let to_stdin = restore.move_up(to_stdin)?;
        let (stdout, stderr) = (restore.move_up(stdout)?, restore.move_up(stderr)?);
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
        let is_left = written < task.len();
        let rest = is_left.then_some(Unwritten { pipe: to_stdin, task, written });

        let pipes = [stdin.as_raw_fd(), to_stdout.as_raw_fd(), to_stderr.as_raw_fd()];
        let began = Instant::now();
        let pid = restore.start(pipes, || launch.start(&args, &own, pipes))?;
        let ended = rustix::process::Pid::from_raw(pid.as_raw())
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
            .and_then(|ended| restore.move_up(ended).ok());
        Ok((Started { began, pid, ended, stdin: rest, stdout, stderr }, pid))
    }
}

fn c_string(text: String) -> io::Result<CString> {
    let nul = |_| io::Error::new(io::ErrorKind::InvalidInput, "nul byte found in provided data");
    CString::new(text).map_err(nul)
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
    use rustix::time::{ClockId, clock_gettime};

    use super::super::OpenFiles;
    use super::super::running::Running;
    use super::*;

    fn run(task: &str) -> TaskRun<'_> {
        TaskRun { num: 7, attempt: 1, job: "j", task }
    }

    #[test]
    fn braces_in_arguments_are_the_task_and_its_number() {
        assert_eq!(fill_in("{}", &run("\"a b\\n{#}{}\"")), "a b\n{#}{}");
        assert_eq!(fill_in("-n={}/{#}.{}", &run("{\"x\": 1.0}")), "-n={\"x\": 1.0}/7.{\"x\": 1.0}");
        assert_eq!(fill_in("{{}} {a} {", &run("5")), "{5} {a} {");
    }

    /// The kernel says in which hundredth of a second a process began. A clock that is started after
    /// the command is soon found in the next one.
    #[test]
    fn the_clock_is_started_before_the_command() {
        let (groups, restore) = (Groups::new().unwrap(), OpenFiles::record().restore(1));
        let (program, args) = ("cat".to_owned(), vec!["/proc/self/stat".to_owned()]);
        let line = CommandLine { program, args, timeout: None, max_result: 1 << 10 };
        let launch = Launch::new(&line.program, &OWN_VARIABLES).unwrap();
        for _ in 0..100 {
            let started = line.start(&launch, &run("1"), &groups, &restore).ok().unwrap();
            let began = started.began;
            let ended = Running::new(started, "cat", None, 1 << 10).wait(&groups).unwrap();
            let printed = String::from_utf8(ended.stdout.whole().unwrap().to_vec()).unwrap();
            // After its id, and its name in parentheses.
            let mut fields = printed.rsplit_once(')').unwrap().1.split_whitespace();
            let hundredths: u64 = fields.nth(19).unwrap().parse().unwrap();
            let now = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap();
            let began = now.checked_sub(began.elapsed()).unwrap();
            assert!(began < Duration::from_millis((hundredths + 1) * 10), "{began:?}: {printed}");
        }
    }
}
