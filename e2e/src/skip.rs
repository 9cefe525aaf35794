//! What is not tested on this machine.

use std::io::{self, Write};

/// Says on stderr that something is `not tested`, and why. Where the environment variable `CI` is set,
/// this fails instead: there, everything is to be tested.
pub fn skip(not_tested: &str, reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "not tested: {not_tested}: {reason}");
    // Not with a macro, whose output the test runner would capture.
    writeln!(io::stderr(), "not tested: {not_tested}: {reason}").expect("stderr");
}
