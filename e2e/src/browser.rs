//! A browser for the tests of pages.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;

use crate::lock::lock;
use crate::workspace::root;

/// The folder `node_modules` with playwright-core, with which a script for node drives
/// `/usr/bin/chromium`; `scripts/browser.sh` sets up all three. Where that is impossible, this fails
/// if the environment variable `CI` is set; otherwise it says so and returns `None`: skip the test.
pub fn browser() -> Option<PathBuf> {
    // The script may have to install what it needs.
    let lock = lock("browser");
    let output = Command::new(root().join("scripts/browser.sh")).output();
    let output = output.expect("scripts/browser.sh");
    drop(lock);
    if output.status.success() {
        return Some(String::from_utf8(output.stdout).expect("a path").trim_end().into());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    assert!(std::env::var_os("CI").is_none(), "no browser: {reason}");
    // Not with a macro, whose output the test runner would capture.
    writeln!(io::stderr(), "not tested, since there is no browser: {reason}").expect("stderr");
    None
}
