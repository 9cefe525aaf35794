//! Locks for what only one test of this machine may use at a time.

use std::fs::File;

/// Waits for the lock of this name, and holds it until the file is dropped.
pub(crate) fn lock(name: &str) -> File {
    let file = File::create(std::env::temp_dir().join(format!("zmq-patterns-{name}.lock")));
    let file = file.expect("a lock file");
    file.lock().expect("the lock");
    file
}
