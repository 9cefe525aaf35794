//! A panic that nobody catches ends a program, whichever thread it is in.
//!
//! The programs are tests of this file, `child_…`, each in a process of its own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};
use std::sync::mpsc;
use std::thread;

use common::message::pickle;
use common::program::{exit, stderr};

fn run(child: &str) -> Output {
    command(child).env_remove("RUST_BACKTRACE").output().unwrap()
}

fn command(child: &str) -> Command {
    let flags = ["--exact", "--ignored", "--nocapture", "--quiet", child];
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(flags).env("NO_COLOR", "1");
    command
}

fn stderr_of(ended: &Output) -> &str {
    str::from_utf8(&ended.stderr).unwrap()
}

#[test]
fn a_panic_in_another_thread_ends_the_program_with_an_error_line() {
    let ended = run("child_whose_monitor_panics");
    assert_eq!(stderr_of(&ended), "error: the thread monitor panicked: unknown event type 7\n");
    assert_eq!(ended.status.code(), Some(1));
}

#[test]
#[ignore = "a program of the test above"]
fn child_whose_monitor_panics() {
    let _ = exit::report(|| {
        stderr::start(0, true);
        let panics = || panic!("unknown event type {}", 7);
        let _monitor = thread::Builder::new().name("monitor".to_owned()).spawn(panics)?;
        // As a program that waits for what a monitor tells.
        let (_sender, receiver) = mpsc::channel::<()>();
        Ok(receiver.recv()?)
    });
}

#[test]
fn a_panic_in_the_programs_own_thread_is_its_error() {
    let ended = run("child_that_panics");
    assert_eq!(stderr_of(&ended), "error: out of words\n");
}

#[test]
#[ignore = "a program of the test above"]
fn child_that_panics() {
    let _ = exit::report(|| panic!("out of words"));
}

#[test]
fn a_panic_is_reported_at_length_where_the_user_wants_it() {
    for (wanted, at_length) in [("", false), ("0", false), ("1", true)] {
        let ended = command("child_that_panics").env("RUST_BACKTRACE", wanted).output().unwrap();
        let told = stderr_of(&ended);
        assert!(told.ends_with("error: out of words\n"), "{told}");
        assert_eq!(told.contains("panicked at"), at_length, "{told}");
    }
}

/// serde-pickle panics on a set of floats without an order, which is a bad message.
#[test]
fn a_panic_that_is_caught_on_purpose_is_silent() {
    let ended = run("child_that_reads_a_bad_pickle");
    assert_eq!((stderr_of(&ended), ended.status.code()), ("", Some(0)));
}

#[test]
#[ignore = "a program of the test above"]
fn child_that_reads_a_bad_pickle() {
    let _ = exit::report(|| {
        // In any thread.
        let reads = || {
            let caught = common::panics::caught(|| -> u8 { panic!("no order") });
            assert_eq!(caught, Err("no order".to_owned()));
            assert!(pickle::decode(b"no pickle").is_err());
        };
        thread::spawn(reads).join().map_err(|_| anyhow::anyhow!("panicked"))
    });
}
