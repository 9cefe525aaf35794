//! How a program ends: its exit code, and the one line that says why it failed.

use std::io;
use std::panic;
use std::process::ExitCode;

use super::signals::Interrupted;

/// A failure, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{error:#}")]
struct Hinted {
    error: anyhow::Error,
    hint: &'static str,
}

/// Adds to a failed call what to do about it.
pub trait HintExt<T> {
    /// Shows `hint` below the error line, where the failure is `cause`.
    ///
    /// # Errors
    ///
    /// The failure itself.
    fn hint_if(self, cause: zmq::Error, hint: &'static str) -> anyhow::Result<T>;
}

impl<T> HintExt<T> for anyhow::Result<T> {
    fn hint_if(self, cause: zmq::Error, hint: &'static str) -> anyhow::Result<T> {
        self.map_err(|error| match error.downcast_ref::<zmq::Error>() {
            Some(found) if *found == cause => Hinted { error, hint }.into(),
            _ => error,
        })
    }
}

/// Runs a program, says on stderr why it failed, if it did, and returns its exit code: 0 done, 1
/// failed, 2 wrong usage; 129, 130 or 143 interrupted by SIGHUP, SIGINT or SIGTERM. A reader that
/// closes stdout has seen enough: that is no failure.
pub fn report(run: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    let Err(error) = caught(run) else { return ExitCode::SUCCESS };
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        usage.exit();
    }
    if error.chain().any(is_closed_pipe) {
        return ExitCode::SUCCESS;
    }
    tracing::error!("{error:#}");
    if let Some(hint) = hint(&error) {
        eprintln!("hint: {hint}");
    }
    let interrupted: Option<&Interrupted> = error.downcast_ref();
    interrupted.map_or(ExitCode::FAILURE, |error| error.signal.exit_code().into())
}

/// Turns a panic into an error: the zmq crate panics where the system gives it an error number that
/// it does not know (`ENOTDIR` from `bind`, say). `RUST_BACKTRACE` brings the usual report back.
fn caught(run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    if std::env::var_os("RUST_BACKTRACE").is_none_or(|value| value.is_empty() || value == "0") {
        panic::set_hook(Box::new(|_| {}));
    }
    panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(anyhow::anyhow!("{}", text.unwrap_or("the program panicked")))
    })
}

fn is_closed_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    let cause = cause.downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// What to do about a failure, where we know it.
fn hint(error: &anyhow::Error) -> Option<&'static str> {
    if let Some(Hinted { hint, .. }) = error.downcast_ref() {
        return Some(hint);
    }
    match error.downcast_ref()? {
        zmq::Error::EADDRINUSE => {
            Some("another program is bound there; is this one running already?")
        }
        zmq::Error::ENODEV => Some("no network interface of this host has that name or address"),
        _ => None,
    }
}
