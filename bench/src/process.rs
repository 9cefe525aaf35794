//! The processes of a measurement: started, watched, and killed at its end.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::net::SocketAddrV4;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use shared_child::{SharedChild, unix::SharedChildExt};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::usage::{self, Usage};

/// How long anything may take before the measurement fails.
pub const DEADLINE: Duration = Duration::from_secs(120);
/// The processes that must end with this one.
static RUNNING: Mutex<Vec<Arc<SharedChild>>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Arc<SharedChild>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on SIGINT and SIGTERM end all processes, and then this one, with 130 or 143. Without
/// this, endless programs would keep running.
///
/// # Errors
///
/// Signals that cannot be caught.
pub fn end_all_on_signals() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot catch signals")?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // Locked to the end, so that no further process is started.
            let running = running();
            running.iter().for_each(|child| end(child));
            signal_hook::low_level::exit(128 + signal);
        }
    };
    let spawned = thread::Builder::new().name("signals".to_owned()).spawn(wait);
    spawned.map(drop).context("cannot start the thread for signals")
}

/// A running program. It is killed when this is dropped.
pub struct Process {
    name: String,
    child: Arc<SharedChild>,
    stdout: File,
    stderr: File,
}

impl Process {
    /// Starts `command`. Its output goes to files, which never block it.
    ///
    /// # Errors
    ///
    /// A program that cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
        let mut running = running();
        let child = SharedChild::spawn(command).with_context(|| format!("cannot start {name}"))?;
        let child = Arc::new(child);
        running.push(Arc::clone(&child));
        Ok(Self { name, child, stdout, stderr })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Interrupts the program, as Ctrl-C does.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn interrupt(&self) -> Result<()> {
        self.child.send_signal(SIGINT).with_context(|| format!("cannot interrupt {}", self.name))
    }

    /// Waits for the program's end, and returns what it printed on stdout.
    ///
    /// # Errors
    ///
    /// A program that fails, with its stderr; one that does not end within [`DEADLINE`].
    pub fn finish(mut self) -> Result<String> {
        let Some(status) = self.child.wait_timeout(DEADLINE)? else {
            bail!("{} has not ended within {DEADLINE:?}", self.name)
        };
        let stderr = read(&mut self.stderr)?;
        ensure!(status.success(), "{} failed ({status}): {}", self.name, stderr.trim_end());
        read(&mut self.stdout)
    }

    /// Waits for the program's end, and reads the last line of its stdout as JSON.
    pub fn summary<T: DeserializeOwned>(self) -> Result<T> {
        let name = self.name.clone();
        let stdout = self.finish()?;
        let line = stdout.lines().next_back().unwrap_or_default();
        serde_json::from_str(line).with_context(|| format!("cannot read what {name} printed"))
    }

    /// Waits until a program listens on `endpoint`, which this one binds. The kernel is asked: a
    /// connection that says nothing is not harmless everywhere (rzmq's queue keeps sending to it).
    ///
    /// # Errors
    ///
    /// A program that ends instead, or does not listen within [`DEADLINE`].
    pub fn wait_until_listening(&mut self, endpoint: &str) -> Result<()> {
        let address = endpoint.trim_start_matches("tcp://").parse();
        let address = address.with_context(|| format!("{endpoint} is no address"))?;
        let start = Instant::now();
        while !is_listened_on(address)? {
            self.check_that_it_runs()?;
            ensure!(start.elapsed() < DEADLINE, "{} does not listen on {endpoint}", self.name);
            thread::sleep(Duration::from_micros(100));
        }
        Ok(())
    }

    /// Checks that the program has not ended.
    ///
    /// # Errors
    ///
    /// How it has ended, with its stderr.
    pub fn check_that_it_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                bail!("{} ended ({status}): {}", self.name, read(&mut self.stderr)?.trim_end())
            }
        }
    }
}

/// Waits for the end of all programs, as [`Process::finish`] does, and returns what each has used.
///
/// # Errors
///
/// Those of [`Process::finish`].
pub fn finish_with_usage<const N: usize>(programs: [Process; N]) -> Result<[Usage; N]> {
    let (start, mut peaks, mut running) = (Instant::now(), [0; N], true);
    while running && start.elapsed() < DEADLINE {
        running = false;
        for (peak, program) in peaks.iter_mut().zip(&programs) {
            *peak = usage::peak(program.id())?.unwrap_or(*peak);
            running |= !usage::has_ended(program.id())?;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let mut used = peaks.map(|peak| Usage { peak, processor: Duration::ZERO });
    for (used, program) in used.iter_mut().zip(programs) {
        used.processor = usage::processor_time(program.id())?;
        program.finish()?;
    }
    Ok(used)
}

/// Whether some socket listens on this address (proc(5), `/proc/net/tcp`).
fn is_listened_on(address: SocketAddrV4) -> Result<bool> {
    let ip = u32::from_ne_bytes(address.ip().octets());
    let local = format!("{ip:08X}:{:04X}", address.port());
    let sockets = fs::read_to_string("/proc/net/tcp").context("cannot read /proc/net/tcp")?;
    Ok(sockets.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let (at, _peer, state) = (columns.next(), columns.next(), columns.next());
        at == Some(&local) && state == Some("0A")
    }))
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&self.child);
        running().retain(|child| !Arc::ptr_eq(child, &self.child));
    }
}

fn end(child: &SharedChild) {
    // Both fail if it has already ended.
    let _ = child.kill();
    let _ = child.wait();
}

fn read(file: &mut File) -> Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text).context("cannot read what a program printed")?;
    Ok(text)
}
