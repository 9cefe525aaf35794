//! Starting the process of a command.
//!
//! By `posix_spawn` itself: the standard library's `Command` copies and sorts the whole environment
//! for each process, which takes as long as all else that a worker does for it.

use std::env;
use std::ffi::{CStr, CString, NulError};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{AccessFlags, Pid, access};

/// What is the same for all commands of a worker.
pub struct Launch {
    /// The program, looked for once: to do so takes each command as many tries as `PATH` has folders
    /// before the right one.
    path: CString,
    /// The worker's environment, but for what each command has of its own.
    environment: Vec<CString>,
}

impl Launch {
    /// Of a program. Each command has its `own` variables.
    ///
    /// # Errors
    ///
    /// A byte of zero in the program's name.
    pub fn new(program: &str, own: &[&str]) -> Result<Self, NulError> {
        let inherited = env::vars_os().filter(|(name, _)| own.iter().all(|own| name != own));
        let environment = inherited.map(|(mut variable, value)| {
            variable.push("=");
            variable.push(value);
            CString::new(variable.into_vec())
        });
        let path = CString::new(find(program).into_os_string().into_vec())?;
        Ok(Self { path, environment: environment.collect::<Result<_, _>>()? })
    }

    /// Starts a process in a group of its own. `args` begin with the program's name, `own` are
    /// variables, as `NAME=value`, and `pipes` become stdin, stdout and stderr. They are below the
    /// limit of open files: nix 0.31 takes a refusal of `posix_spawn_file_actions_adddup2` for none.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn start(&self, args: &[CString], own: &[CString], pipes: [RawFd; 3]) -> nix::Result<Pid> {
        let mut files = PosixSpawnFileActions::init()?;
        for (pipe, stream) in pipes.into_iter().zip(0..) {
            files.add_dup2(pipe, stream)?;
        }
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_pgroup(Pid::from_raw(0))?;
        attributes.set_sigmask(&SigSet::empty())?;
        // A Rust program ignores it.
        attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
        attributes.set_flags(
            PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
                | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
        )?;
        let environment = self.environment.iter().chain(own).map(CString::as_c_str);
        let environment: Vec<&CStr> = environment.collect();
        posix_spawnp(&self.path, &files, &attributes, args, &environment)
    }
}

/// The path of a program, as `execvp` finds it. One that is not there keeps its name: to start it
/// says so.
fn find(program: &str) -> PathBuf {
    let is_program = |path: &Path| path.is_file() && access(path, AccessFlags::X_OK).is_ok();
    let folders = env::var_os("PATH").filter(|_| !program.contains('/')).unwrap_or_default();
    let mut paths = env::split_paths(&folders).map(|folder| folder.join(program));
    paths.find(|path| is_program(path)).unwrap_or_else(|| program.into())
}
