//! The page: what it makes of a recording, and what one can do with it in a browser.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::process::Command;

use e2e::{Stream, browser, root, rust};

/// Runs a script of `tests/page/` with node, which prints what it tests.
fn node(flags: &[&str], script: &str, arguments: &[&OsStr]) {
    let mut command = Command::new("node");
    let script = root().join("lab/tests/page").join(script);
    let status = command.args(flags).arg(script).args(arguments).status().expect("node");
    assert!(status.success(), "{command:?}: {status}");
}

#[test]
fn the_state_at_a_time_is_a_pure_function_of_the_events_before_it() {
    if browser().is_some() {
        node(&["--test"], "model.test.js", &[]);
    }
}

/// Each scene starts, messages move, a consumer is killed by its button, C12's verdict is what the
/// programs report, the language is switched, a recording is played backwards, nothing is cut off
/// at 1280 and 390 pixels, and the browser has nothing to complain about.
#[test]
fn the_page_shows_what_the_programs_do() {
    let Some(modules) = browser() else { return };
    let lab = rust("lab").arg("--no-open").start();
    let address = lab.wait_for(Stream::Stdout, "http://");
    node(&[], "browser.js", &[address.as_ref(), modules.as_ref()]);
}
