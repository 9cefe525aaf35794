//! The folder of those who may connect: a public certificate each.

mod file;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;

use super::certificate::Key;
use file::{File, State, has_settled, read_key};

/// How often all files are looked at, at most. Strangers who try one key after the other cost a
/// look-up each, and no more.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The folder's own time shows that a file has come or gone, and then there is a look at once, unless
/// looking would take more than one part in this many of the time.
const SHARE: u32 = 10;

/// The keys in a folder of public certificates, `*.key`: a key that is added lets its owner in, one
/// that is taken out keeps its owner from connecting again, without a restart, and within a second.
pub struct AllowedKeys {
    folder: PathBuf,
    looked: Instant,
    /// How long it takes until the next look at least.
    pause: Duration,
    /// The folder itself at the last look, unless it had changed only just before.
    seen: Option<State>,
    files: HashMap<OsString, File>,
    owners: HashMap<Key, String>,
    /// How often the folder was looked at, and how many files were read, so far.
    cost: Cost,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    looks: u32,
    reads: u32,
}

impl AllowedKeys {
    /// Reads a folder. A file that is no certificate is warned of, and lets nobody in.
    ///
    /// # Errors
    ///
    /// The path of a folder that cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut keys = Self {
            folder: folder.to_owned(),
            looked: Instant::now(),
            pause: Duration::ZERO,
            seen: None,
            files: HashMap::new(),
            owners: HashMap::new(),
            cost: Cost::default(),
        };
        keys.look(SystemTime::now()).with_context(|| keys.cannot_read())?;
        if keys.owners.is_empty() {
            tracing::warn!("no key in {} yet: nobody can connect", folder.display());
        }
        Ok(keys)
    }

    /// Whose key it is: the name of the file without its `.key`.
    ///
    /// Looks at the folder first, if that was not done of late. While it cannot be read, nobody's key
    /// is known.
    pub fn owner(&mut self, key: &[u8]) -> Option<&str> {
        self.owner_at(key, Instant::now())
    }

    /// Where the keys are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn owner_at(&mut self, key: &[u8], now: Instant) -> Option<&str> {
        if self.is_due(now) {
            self.looked = now;
            // Other than zero in tests alone.
            let ahead = now.saturating_duration_since(Instant::now());
            if let Err(error) = self.look(SystemTime::now() + ahead) {
                tracing::warn!("{}: {error}; nobody can connect", self.cannot_read());
                self.files.clear();
                self.owners.clear();
            }
        }
        self.owners.get(key).map(String::as_str)
    }

    fn is_due(&self, now: Instant) -> bool {
        let age = now.duration_since(self.looked);
        age >= LOOK_EVERY || (age >= self.pause && State::of_path(&self.folder) != self.seen)
    }

    fn cannot_read(&self) -> String {
        format!("cannot read the folder of allowed keys {}", self.folder.display())
    }

    /// Reads the files that may have changed since they were read.
    fn look(&mut self, now: SystemTime) -> io::Result<()> {
        self.cost.looks += 1;
        let start = Instant::now();
        let folder = fs::metadata(&self.folder)?;
        self.seen = has_settled(&folder, now).then(|| State::of(&folder));
        let (mut files, mut changed) = (HashMap::with_capacity(self.files.len()), false);
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            if Path::new(&name).extension().is_none_or(|extension| extension != "key") {
                continue;
            }
            let path = self.folder.join(&name);
            // Gone already, or a link to nowhere: no key either way.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let state = State::of(&metadata);
            let file = match self.files.remove(&name).filter(|file| file.state == state) {
                Some(file) if file.settled => file,
                before => {
                    self.cost.reads += 1;
                    // What is wrong with it has been said.
                    let key = read_key(&path, &metadata, before.is_none());
                    changed |= before.is_none_or(|before| before.key != key);
                    File { state, key, settled: has_settled(&metadata, now) }
                }
            };
            files.insert(name, file);
        }
        // What is left is gone.
        changed |= !self.files.is_empty();
        self.files = files;
        if changed {
            self.owners = owners(&self.files);
        }
        self.pause = pause(start.elapsed());
        let (folder, keys) = (self.folder.display(), self.files.len());
        tracing::debug!("looked at {folder}: {keys} files, {} read so far", self.cost.reads);
        Ok(())
    }
}

/// How long it takes until the next look at least, after one that took this long.
fn pause(took: Duration) -> Duration {
    (took * SHARE).min(LOOK_EVERY)
}

/// Of two files with the same key, the one whose name comes first names its owner.
fn owners(files: &HashMap<OsString, File>) -> HashMap<Key, String> {
    let mut owners: HashMap<Key, String> = HashMap::with_capacity(files.len());
    for (name, file) in files {
        let Some(key) = file.key else { continue };
        let name = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
        let owner = owners.entry(key).or_insert_with(|| name.clone().into_owned());
        if *name < **owner {
            *owner = name.into_owned();
        }
    }
    owners
}

#[cfg(test)]
mod tests;
