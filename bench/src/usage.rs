//! What a process uses, as the kernel counts it: memory and processor time.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// What a program has used from its start to its end.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// The most memory that was resident at a time, in bytes.
    pub peak: u64,
    /// Processor time of all its threads, in user and in kernel mode.
    pub processor: Duration,
}

/// The memory of a process that is resident now, in bytes.
///
/// # Errors
///
/// A process that has ended.
pub fn resident(process: u32) -> Result<u64> {
    let status = status(process)?;
    bytes(&status, "VmRSS:").with_context(|| format!("process {process} has no memory"))
}

/// The most memory of a process that was resident at a time, in bytes. None if it is ending, and has
/// no memory any more.
///
/// # Errors
///
/// A process that is not there.
pub fn peak(process: u32) -> Result<Option<u64>> {
    Ok(bytes(&status(process)?, "VmHWM:"))
}

/// Whether a process has ended, and is still to be waited for.
///
/// # Errors
///
/// A process that is not there.
pub fn has_ended(process: u32) -> Result<bool> {
    let status = status(process)?;
    Ok(field(&status, "State:").is_some_and(|state| state.starts_with('Z')))
}

/// The processor time that a process has used until now, all threads together. It is known until
/// the process is waited for.
///
/// # Errors
///
/// A process that is not there.
pub fn processor_time(process: u32) -> Result<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(process)?))
        .with_context(|| format!("process {process} has no clock"))?;
    let now = clock.now().with_context(|| format!("cannot read the clock of process {process}"))?;
    Ok(now.into())
}

fn status(process: u32) -> Result<String> {
    let path = format!("/proc/{process}/status");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let kilobytes: u64 = field(status, name)?.split(' ').next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Bytes as megabytes.
#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
