//! A file in the folder, and whether it has changed since it was read.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::socket::curve::certificate::{Certificate, Key};

/// A file that was read so soon after a change may have changed once more since then, without a trace:
/// the time of a change is noted down in steps. Some file systems know whole seconds alone.
const STEP: Duration = Duration::from_millis(100);
const COARSE_STEP: Duration = Duration::from_secs(3);

/// What was found in a file.
pub(super) struct File {
    pub(super) state: State,
    /// `None` where it is no certificate.
    pub(super) key: Option<Key>,
    /// Whether the next change is sure to show.
    pub(super) settled: bool,
}

/// What changes when a file does: inode, size, and the times of the last change of content and
/// metadata, in seconds and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State([i128; 6]);

impl State {
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    pub(super) fn of(file: &Metadata) -> Self {
        let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
        let [a, b, c, d] = times.map(i128::from);
        Self([file.ino().into(), file.len().into(), a, b, c, d])
    }
}

/// Whether the last change of a file is long enough ago for the next one to show.
pub(super) fn has_settled(file: &Metadata, now: SystemTime) -> bool {
    let [seconds, nanos] = [file.ctime(), file.ctime_nsec()].map(|n| u64::try_from(n).unwrap_or(0));
    let changed = Duration::from_secs(seconds) + Duration::from_nanos(nanos);
    let step = if nanos == 0 { COARSE_STEP } else { STEP };
    now.duration_since(SystemTime::UNIX_EPOCH + changed).is_ok_and(|age| age >= step)
}

pub(super) fn read_key(path: &Path, metadata: &Metadata, warn: bool) -> Option<Key> {
    // To open a named pipe would wait for somebody who writes to it.
    let certificate = if metadata.is_file() {
        Certificate::read(path)
    } else {
        Err(anyhow::anyhow!("cannot read the certificate {}: not a file", path.display()))
    };
    match certificate {
        Ok(certificate) => Some(certificate.public),
        Err(error) => {
            if warn {
                tracing::warn!("{error:#}");
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_just_now_may_hide_the_next_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let metadata = file.as_file().metadata().unwrap();
        let changed = metadata.modified().unwrap();
        assert!(!has_settled(&metadata, changed));
        assert!(!has_settled(&metadata, changed + STEP / 2));
        assert!(has_settled(&metadata, changed + COARSE_STEP));
    }
}
