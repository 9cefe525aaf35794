//! A disk that tears, and fills.

use std::collections::BTreeSet;

use protocol::known::Known;

use crate::random::Random;

/// A file, and what would be left of it after a power loss.
#[derive(Default)]
pub struct File {
    pub bytes: Vec<u8>,
    synced: usize,
    /// The tasks that have a line, and those whose line is synced.
    lines: BTreeSet<u64>,
    pub safe: BTreeSet<u64>,
    /// The process that writes.
    pub lock: Option<u64>,
}

impl File {
    /// Writes, and syncs. Where the disk is full, a part is written.
    pub fn write(&mut self, bytes: &[u8], full: bool, random: &mut Random) -> Result<(), ()> {
        let part = usize::try_from(random.below(bytes.len() as u64 + 1)).unwrap();
        self.bytes.extend(if full { &bytes[..part] } else { bytes });
        if full {
            return Err(());
        }
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(Known { num, .. }) = Known::parse(line) {
                assert!(self.lines.insert(num), "task {num} is in the output twice");
            }
        }
        self.synced = self.bytes.len();
        self.safe = self.lines.clone();
        Ok(())
    }

    /// Writes, and dies on the way.
    pub fn tear(&mut self, bytes: &[u8], random: &mut Random) {
        let part = usize::try_from(random.below(bytes.len() as u64 + 1)).unwrap();
        self.bytes.extend(&bytes[..part]);
    }

    /// What was not synced is cut off somewhere, or zeros.
    pub fn lose_power(&mut self, random: &mut Random) {
        let rest = self.bytes.len() - self.synced;
        let kept = self.synced + usize::try_from(random.below(rest as u64 + 1)).unwrap();
        if random.chance(50) {
            self.bytes[kept..].fill(0);
        } else {
            self.bytes.truncate(kept);
        }
    }

    /// Whether every task of a job has a line that is safe.
    pub fn is_complete(&self, total: u64) -> bool {
        self.synced > 0 && self.safe.len() as u64 == total
    }

    /// Keeps the first bytes, as a sink does that resumes: nothing synced is lost.
    pub fn keep(&mut self, length: u64) {
        let length = usize::try_from(length).unwrap();
        assert!(length >= self.synced, "safe results are cut off");
        self.bytes.truncate(length);
        let lines = self.bytes.split(|byte| *byte == b'\n');
        let nums = lines.filter_map(|line| Known::parse(line).ok()).map(|known| known.num);
        let nums: Vec<u64> = nums.collect();
        self.lines = nums.iter().copied().collect();
        assert_eq!(self.lines.len(), nums.len(), "a task is in the output twice");
        // A sink syncs what it finds: the one before may have died before it could.
        (self.synced, self.safe) = (length, self.lines.clone());
    }
}
