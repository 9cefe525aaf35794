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
        self.pause = (start.elapsed() * SHARE).min(LOOK_EVERY);
        let (folder, keys) = (self.folder.display(), self.files.len());
        tracing::debug!("looked at {folder}: {keys} files, {} read so far", self.cost.reads);
        Ok(())
    }
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
mod tests {
    use super::*;
    use crate::socket::curve::certificate::Certificate;

    fn add(folder: &Path, name: &str) -> Key {
        let certificate = Certificate::generate().unwrap();
        certificate.write(&folder.join(name)).unwrap();
        certificate.public
    }

    /// A clock for the looks at the folder.
    struct Clock(Instant);

    impl Clock {
        fn next_look(&mut self) -> Instant {
            self.0 += LOOK_EVERY;
            self.0
        }
    }

    #[test]
    fn a_folder_is_read_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let alice = add(folder.path(), "alice");
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        let mut clock = Clock(keys.looked);
        assert_eq!(keys.owner(&alice), Some("alice"));

        let bob = add(folder.path(), "bob");
        assert_eq!(keys.owner_at(&bob, clock.next_look()), Some("bob"));

        fs::remove_file(folder.path().join("alice.key")).unwrap();
        assert_eq!(keys.owner_at(&alice, clock.next_look()), None);
        assert_eq!(keys.owner_at(&bob, clock.0), Some("bob"));

        fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
        assert_eq!(keys.owner_at(&bob, clock.next_look()), None);
        fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
        assert_eq!(keys.owner_at(&bob, clock.next_look()), Some("bob"));
    }

    #[test]
    fn a_key_that_comes_or_goes_is_noticed_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        let mut now = keys.looked;
        for name in ["alice", "bob"] {
            let key = add(folder.path(), name);
            now += keys.pause;
            assert_eq!(keys.owner_at(&key, now), Some(name));
        }
        // While nothing comes or goes, nobody looks.
        now += LOOK_EVERY;
        assert_eq!(keys.owner_at(b"stranger", now), None);
        let looks = keys.cost.looks;
        now += keys.pause.min(LOOK_EVERY / 2);
        assert_eq!(keys.owner_at(b"stranger", now), None);
        assert_eq!(keys.cost.looks, looks);
    }

    /// Neither the folder's time nor the file's size says so, and perhaps not even the file's time.
    #[test]
    fn a_file_that_is_overwritten_in_place_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (alice, bob) = (add(folder.path(), "a"), add(folder.path(), "b"));
        let [a, b] = ["a.key", "b.key"].map(|name| folder.path().join(name));
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        let mut clock = Clock(keys.looked);
        fs::write(&a, fs::read(&b).unwrap()).unwrap();
        fs::remove_file(b).unwrap();
        assert_eq!(keys.owner_at(&bob, clock.next_look()), Some("a"));
        assert_eq!(keys.owner_at(&alice, clock.0), None);
    }

    #[test]
    fn what_is_no_public_certificate_lets_nobody_in_and_keeps_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let alice = add(folder.path(), "alice");
        fs::write(folder.path().join("broken.key"), "public-key = nonsense").unwrap();
        fs::create_dir(folder.path().join("folder.key")).unwrap();
        let secret_alone = add(folder.path(), "secret");
        fs::remove_file(folder.path().join("secret.key")).unwrap();
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        assert_eq!(keys.owner(&alice), Some("alice"));
        assert_eq!(keys.owner(&secret_alone), None);
        assert_eq!(keys.owner(b"short"), None);
    }

    #[test]
    fn what_is_no_file_is_not_even_opened() {
        let folder = tempfile::tempdir().unwrap();
        let alice = add(folder.path(), "alice");
        // Opening the one for reading would never return, and reading the other would never end.
        let pipe = folder.path().join("pipe.key");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("device.key")).unwrap();
        std::os::unix::fs::symlink(&pipe, folder.path().join("link.key")).unwrap();
        let _socket =
            std::os::unix::net::UnixListener::bind(folder.path().join("socket.key")).unwrap();
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        assert_eq!(keys.owner(&alice), Some("alice"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = AllowedKeys::read(Path::new("/nowhere/at/all")).err().unwrap();
        assert!(format!("{error:#}").contains("/nowhere/at/all: No such file"), "{error:#}");
    }

    #[test]
    fn strangers_cost_no_look_at_the_folder_and_a_look_reads_what_has_changed_alone() {
        const KEYS: usize = 10_000;
        let folder = tempfile::tempdir().unwrap();
        let key = |number: usize| {
            let mut key = Key::default();
            key[..8].copy_from_slice(&number.to_le_bytes());
            key
        };
        for number in 0..KEYS {
            let text = format!("public-key = \"{}\"\n", z85::encode(key(number)));
            fs::write(folder.path().join(format!("{number}.key")), text).unwrap();
        }
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        let mut clock = Clock(keys.looked);
        assert_eq!(keys.cost, Cost { looks: 1, reads: 10_000 });
        for stranger in KEYS..2 * KEYS {
            assert_eq!(keys.owner_at(&key(stranger), clock.0), None);
            assert!(keys.owner_at(&key(stranger - KEYS), clock.0).is_some());
        }
        assert_eq!(keys.cost, Cost { looks: 1, reads: 10_000 });

        // They are young: each is read once more.
        assert!(keys.owner_at(&key(0), clock.next_look()).is_some());
        let reads = keys.cost.reads;
        fs::write(folder.path().join("7.key"), "no key").unwrap();
        fs::remove_file(folder.path().join("8.key")).unwrap();
        for number in [7, 8] {
            assert!(keys.owner_at(&key(number), clock.0).is_some());
        }
        clock.next_look();
        for number in [7, 8] {
            assert_eq!(keys.owner_at(&key(number), clock.0), None);
        }
        assert_eq!(keys.cost, Cost { looks: 3, reads: reads + 1 });
    }
}
