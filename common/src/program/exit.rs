//! How a program ends: its exit code, and the one line that says why it failed.

use std::panic;
use std::process::ExitCode;
use std::thread;

use super::signals::Interrupted;
use super::stderr;
use super::stdout::Closed;
use crate::panics;
use crate::socket::bind::CannotBind;

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
/// failed, 2 wrong usage; 129, 130 or 143 interrupted by SIGHUP, SIGINT or SIGTERM.
///
/// A reader that closes stdout has seen enough, as with `| head -1`. It ends a program quietly, with
/// 0, where the lines were printed for that reader: those of server, client, publisher and
/// subscriber, and every summary. It never stands for work that somebody else relies on: where that
/// failed or was cut short, this is what the exit code says, and a sink that writes its results to
/// stdout fails when nobody takes them. Only stdout counts: a broken pipe elsewhere is a failure.
pub fn report(run: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    end_on_panics();
    let ran = panics::caught(run).unwrap_or_else(|panic| Err(anyhow::anyhow!("{panic}")));
    let Err(error) = ran else {
        stderr::end(None, None);
        return ExitCode::SUCCESS;
    };
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        return wrong_usage(usage);
    }
    if error.is::<Closed>() {
        stderr::end(None, None);
        return ExitCode::SUCCESS;
    }
    stderr::end(Some(&format_args!("{error:#}")), hint(&error));
    let interrupted: Option<&Interrupted> = error.downcast_ref();
    interrupted.map_or(ExitCode::FAILURE, |error| error.signal.exit_code().into())
}

fn wrong_usage(usage: &clap::Error) -> ExitCode {
    let text = usage.render();
    let text = if stderr::in_colour() { text.ansi().to_string() } else { text.to_string() };
    stderr::end_with(&text);
    ExitCode::from(2)
}

/// From now on a panic that nobody catches ends the program, in whichever thread it is: without its
/// monitor, say, a program would wait for what it never hears of. `RUST_BACKTRACE` brings the usual
/// report of every panic back.
fn end_on_panics() {
    let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|v| !v.is_empty() && v != "0");
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if backtrace {
            usual(info);
        }
        if !panics::are_caught() {
            let thread = thread::current();
            let (thread, what) = (thread.name().unwrap_or("?"), panics::message(info.payload()));
            stderr::end(Some(&format_args!("the thread {thread} panicked: {what}")), None);
            // Not by way of what other threads have registered for the end: they still run.
            signal_hook::low_level::exit(1);
        }
    }));
}

/// What to do about a failure, where we know it.
fn hint(error: &anyhow::Error) -> Option<&str> {
    if let Some(Hinted { hint, .. }) = error.downcast_ref() {
        return Some(hint);
    }
    error.downcast_ref::<CannotBind>()?.hint.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_shown_with_the_failure_that_it_is_for() {
        let failed = |cause| -> anyhow::Result<()> {
            let failed = Err(anyhow::Error::new(cause).context("cannot send"));
            failed.hint_if(zmq::Error::EFSM, "receive first")
        };
        let error = failed(zmq::Error::EFSM).unwrap_err();
        assert_eq!(hint(&error), Some("receive first"));
        assert_eq!(format!("{error:#}"), format!("cannot send: {}", zmq::Error::EFSM));
        let error = failed(zmq::Error::EAGAIN).unwrap_err();
        assert_eq!(hint(&error), None);
    }
}
