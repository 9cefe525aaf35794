//! Recordings that were saved.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::journal::FORMAT;

/// The largest recording that is read, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Reads a recording, and checks that it is one.
///
/// # Errors
///
/// It cannot be read; it is none, or of another version.
pub fn read(path: &Path) -> Result<String> {
    let what = || format!("cannot replay {}", path.display());
    let size = fs::metadata(path).with_context(what)?.len();
    ensure!(size <= MAX_SIZE, "{}: it is larger than {MAX_SIZE} bytes", what());
    let text = fs::read_to_string(path).with_context(what)?;
    check(&text).with_context(what)?;
    Ok(text)
}

fn check(text: &str) -> Result<()> {
    for (number, line) in (1..).zip(text.lines()) {
        let value: Value =
            serde_json::from_str(line).with_context(|| format!("line {number} is not JSON"))?;
        if number == 1 {
            let version = value.get("lab").context("it is no recording of the lab")?;
            ensure!(*version == FORMAT, "it is of version {version}; this lab plays {FORMAT}");
        } else {
            ensure!(value.get("is").is_some(), "line {number} is no event");
        }
    }
    ensure!(!text.is_empty(), "it is empty");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_recordings_of_this_version_are_played() {
        check("{\"lab\":1,\"scene\":\"req-rep\"}\n{\"t\":0,\"is\":\"end\"}\n").unwrap();
        for (text, error) in [
            ("", "it is empty"),
            ("{}", "it is no recording of the lab"),
            ("{\"lab\":2}", "it is of version 2; this lab plays 1"),
            ("{\"lab\":1}\nx", "line 2 is not JSON"),
            ("{\"lab\":1}\n{}", "line 2 is no event"),
        ] {
            assert_eq!(check(text).unwrap_err().to_string(), error);
        }
    }
}
