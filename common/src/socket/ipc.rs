//! The files of `ipc://` sockets. libzmq removes what is at the path before it binds, whatever that
//! is. Here a path is taken only if it is free, or has a socket that nobody listens on: what a
//! program leaves that has ended.

use std::fs::{self, File, FileType, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::bind::OsError;

/// How long somebody who listens may take to accept, before he counts as too busy to.
const ACCEPTING: Duration = Duration::from_millis(500);
/// How often to look whether another program is done that is about to bind in the same folder, and
/// how long to wait in between: for a second.
const LOOKS: u32 = 100;
const LOOK: Duration = Duration::from_millis(10);
/// The longest path of a socket, in bytes (`sun_path`, with a NUL at its end).
const MAX_PATH: usize = 107;

/// Something that is no socket, and stays as it is.
#[derive(Debug, thiserror::Error)]
#[error("{0} is there, and no socket")]
struct InTheWay(&'static str);

/// Has `bind` bind a socket at `path`, if it may.
pub(super) fn bind(path: &Path, bind: impl FnOnce() -> Result<()>) -> Result<()> {
    // Two programs that start at once would both find a socket that nobody listens on.
    let _locked = lock(&folder(path));
    // One of our own, which the kernel makes only where nothing is. Who looks meanwhile finds that
    // somebody listens. libzmq replaces it by its own.
    let _ours = claim(path)?;
    let inode = inode(path);
    bind().inspect_err(|_| {
        if inode.is_some() && self::inode(path) == inode {
            // It is of no use now.
            let _ = fs::remove_file(path);
        }
    })
}

fn claim(path: &Path) -> Result<UnixListener> {
    // Once more where a stale socket was in the way, or something that went by itself.
    for _ in 0..3 {
        match UnixListener::bind(path) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => remove_if_stale(path)?,
            // std checks the length by itself, and has words of its own.
            Err(_) if path.as_os_str().len() > MAX_PATH => {
                return Err(zmq::Error::ENAMETOOLONG.into());
            }
            Err(error) => return Err(OsError(error).into()),
        }
    }
    Err(zmq::Error::EADDRINUSE.into())
}

fn remove_if_stale(path: &Path) -> Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Ok(file) => file.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OsError(error).into()),
    };
    if !kind.is_socket() {
        return Err(InTheWay(name(kind)).into());
    }
    if is_listened_on(path).map_err(OsError)? {
        return Err(zmq::Error::EADDRINUSE.into());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(OsError(error).into()),
        _gone => Ok(()),
    }
}

/// Only a refused connection shows that nobody does.
fn is_listened_on(path: &Path) -> io::Result<bool> {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    // To connect takes as long as its listener likes. What comes later goes nowhere.
    thread::Builder::new().spawn(move || sender.send(UnixStream::connect(path)))?;
    match receiver.recv_timeout(ACCEPTING) {
        Ok(Err(error)) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Ok(false),
            ErrorKind::PermissionDenied => Err(error),
            _of_another_kind => Ok(true),
        },
        Ok(Ok(_)) | Err(_) => Ok(true),
    }
}

/// A lock that programs of this workspace respect. Without one to be had in time, a race that is
/// unlikely is possible: no reason not to start.
fn lock(folder: &Path) -> Option<File> {
    let is_folder = fs::metadata(folder).is_ok_and(|file| file.is_dir());
    let file = File::open(folder).ok().filter(|_| is_folder)?;
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_file() {
        "a file"
    } else {
        "a device"
    }
}

/// What to do about a path where no socket can be bound.
pub(super) fn hint(path: &Path, error: &anyhow::Error) -> Option<String> {
    if error.is::<InTheWay>() {
        return Some("it is left as it is; choose a path where nothing is".to_owned());
    }
    match error.downcast_ref() {
        Some(zmq::Error::EADDRINUSE) => {
            return Some("another program listens there; is this one running already?".to_owned());
        }
        Some(zmq::Error::ENAMETOOLONG) => {
            let bytes = path.as_os_str().len();
            return Some(format!(
                "the path of a socket has at most {MAX_PATH} bytes, and this one has {bytes}"
            ));
        }
        _ => {}
    }
    let folder = folder(path);
    let folder = folder.display();
    match error.downcast_ref::<OsError>()?.0.kind() {
        ErrorKind::PermissionDenied => {
            Some(format!("this user may not make, or replace, a socket in the folder {folder}"))
        }
        ErrorKind::NotFound => Some(format!("there is no folder {folder}")),
        ErrorKind::NotADirectory => Some(format!("{folder} is not a folder, or not in one")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Binds in place of libzmq, which removes what is there first.
    fn take(path: &Path) -> Result<UnixListener> {
        let mut listener = None;
        bind(path, || {
            fs::remove_file(path)?;
            listener = Some(UnixListener::bind(path)?);
            Ok(())
        })?;
        Ok(listener.unwrap())
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let first = take(&path).unwrap();
        let error = take(&path).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&zmq::Error::EADDRINUSE));
        drop(first);
        assert!(path.exists());
        let _second = take(&path).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
    }

    #[test]
    fn of_many_that_start_at_once_one_has_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        for _ in 0..20 {
            // What is left of one that has ended.
            drop(UnixListener::bind(&path).unwrap());
            let listeners: Vec<_> = thread::scope(|scope| {
                let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| take(&path))).collect();
                starting.into_iter().filter_map(|start| start.join().unwrap().ok()).collect()
            });
            assert_eq!(listeners.len(), 1);
            assert!(UnixStream::connect(&path).is_ok());
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn what_is_no_socket_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, dangling, inner, pipe] =
            ["file", "link", "dangling", "folder", "pipe"].map(|name| folder.path().join(name));
        fs::write(&file, "precious").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
        fs::create_dir(&inner).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for (path, what) in [
            (&file, "a file"),
            (&link, "a symbolic link"),
            (&dangling, "a symbolic link"),
            (&inner, "a folder"),
            (&pipe, "a named pipe"),
        ] {
            let error = take(path).unwrap_err();
            assert_eq!(error.to_string(), format!("{what} is there, and no socket"));
        }
        assert_eq!(fs::read(&link).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink() && inner.is_dir());
    }

    #[test]
    fn what_has_gone_by_itself_is_out_of_the_way() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(remove_if_stale(&file.path().with_extension("gone")).is_ok());
        assert!(remove_if_stale(&file.path().join("inside")).is_err());
    }

    #[test]
    fn a_socket_that_is_not_bound_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        bind(&path, || anyhow::bail!("no")).unwrap_err();
        assert!(!path.exists());
    }

    #[test]
    fn what_has_taken_the_place_of_a_socket_that_is_not_bound_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["socket", "other"].map(|name| folder.path().join(name));
        fs::write(&other, "precious").unwrap();
        let replace_and_fail = || {
            fs::rename(&other, &path)?;
            anyhow::bail!("no")
        };
        bind(&path, replace_and_fail).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn each_reason_has_its_own_hint() {
        let folder = tempfile::tempdir().unwrap();
        let within = |name: &str| folder.path().join(name);
        let hint_at = |path: &Path| hint(path, &take(path).unwrap_err()).unwrap();
        let shown = folder.path().display();
        fs::write(within("file"), "").unwrap();
        let _live = take(&within("live")).unwrap();
        let long = MAX_PATH - within("").as_os_str().len();
        let longest = within(&"x".repeat(long));
        assert!(take(&longest).is_ok());
        for (path, expected) in [
            (within("file"), "it is left as it is; choose a path where nothing is".to_owned()),
            (
                within("live"),
                "another program listens there; is this one running already?".to_owned(),
            ),
            (within("no/socket"), format!("there is no folder {shown}/no")),
            (
                within(&format!("no/{}", "x".repeat(long - 3))),
                format!("there is no folder {shown}/no"),
            ),
            (within("file/socket"), format!("{shown}/file is not a folder, or not in one")),
            (
                within(&"x".repeat(long + 1)),
                "the path of a socket has at most 107 bytes, and this one has 108".to_owned(),
            ),
        ] {
            assert_eq!(hint_at(&path), expected, "{}", path.display());
        }
        let denied = OsError(ErrorKind::PermissionDenied.into()).into();
        assert_eq!(
            hint(Path::new("socket"), &denied).unwrap(),
            "this user may not make, or replace, a socket in the folder ."
        );
    }
}
