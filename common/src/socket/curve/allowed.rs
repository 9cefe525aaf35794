//! The folder of those who may connect: a public certificate each.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::certificate::{Certificate, Key};

/// The keys in a folder of public certificates, `*.key`, as it is now: a key that is added lets its
/// owner in, one that is taken out keeps its owner from connecting again, without a restart.
pub struct AllowedKeys {
    folder: PathBuf,
    seen: Vec<FileState>,
    names: HashMap<Key, String>,
}

/// What changes when a file does.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct FileState {
    name: OsString,
    inode: u64,
    bytes: u64,
    /// Of the content and of the metadata, in seconds and nanoseconds.
    changed: [i64; 4],
}

impl AllowedKeys {
    /// Reads a folder. A file that is no certificate is warned of, and lets nobody in.
    ///
    /// # Errors
    ///
    /// The path of a folder that cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut keys = Self { folder: folder.to_owned(), seen: Vec::new(), names: HashMap::new() };
        keys.refresh().with_context(|| keys.cannot_read())?;
        if keys.names.is_empty() {
            tracing::warn!("no key in {} yet: nobody can connect", folder.display());
        }
        Ok(keys)
    }

    /// Whose key it is: the name of the file without its `.key`.
    ///
    /// Looks at the folder first. While that cannot be read, nobody's key is known.
    pub fn owner(&mut self, key: &[u8]) -> Option<&str> {
        if let Err(error) = self.refresh() {
            tracing::warn!("{}: {error}; nobody can connect", self.cannot_read());
            self.names.clear();
            self.seen.clear();
        }
        self.names.get(key).map(String::as_str)
    }

    /// Where the keys are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn cannot_read(&self) -> String {
        format!("cannot read the folder of allowed keys {}", self.folder.display())
    }

    fn refresh(&mut self) -> io::Result<()> {
        let files = files(&self.folder)?;
        if files != self.seen {
            self.names = files.iter().filter_map(|file| self.named_key(file)).collect();
            self.seen = files;
        }
        Ok(())
    }

    fn named_key(&self, file: &FileState) -> Option<(Key, String)> {
        match Certificate::read(&self.folder.join(&file.name)) {
            Ok(certificate) => {
                let name = Path::new(&file.name).file_stem().unwrap_or_default();
                Some((certificate.public, name.to_string_lossy().into_owned()))
            }
            Err(error) => {
                tracing::warn!("{error:#}");
                None
            }
        }
    }
}

/// The certificates in a folder, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<FileState>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "key") {
            continue;
        }
        // Gone already, or a link to nowhere: no key either way.
        let Ok(file) = fs::metadata(&path) else { continue };
        files.push(FileState {
            name: entry.file_name(),
            inode: file.ino(),
            bytes: file.len(),
            changed: [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()],
        });
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(folder: &Path, name: &str) -> Key {
        let certificate = Certificate::generate().unwrap();
        certificate.write(&folder.join(name)).unwrap();
        certificate.public
    }

    #[test]
    fn a_folder_is_read_anew_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let alice = add(folder.path(), "alice");
        let mut keys = AllowedKeys::read(folder.path()).unwrap();
        assert_eq!(keys.owner(&alice), Some("alice"));

        let bob = add(folder.path(), "bob");
        assert_eq!(keys.owner(&bob), Some("bob"));

        fs::remove_file(folder.path().join("alice.key")).unwrap();
        assert_eq!(keys.owner(&alice), None);
        assert_eq!(keys.owner(&bob), Some("bob"));

        fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
        assert_eq!(keys.owner(&bob), None);
        fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
        assert_eq!(keys.owner(&bob), Some("bob"));
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
    fn a_folder_that_is_not_there_is_an_error() {
        let error = AllowedKeys::read(Path::new("/nowhere/at/all")).err().unwrap();
        assert!(format!("{error:#}").contains("/nowhere/at/all: No such file"), "{error:#}");
    }
}
