//! The place of the output: a file that is this sink's alone, or stdout.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use protocol::known::Known;
use protocol::output::{Output, Resumed};

/// Where lines go.
pub enum Place {
    /// A file, and its path.
    File(File, PathBuf),
    /// What a reader may close.
    Stdout(io::Stdout),
}

impl Place {
    /// Opens a file, and learns from it what is done. What was not written to its end is cut off.
    ///
    /// # Errors
    ///
    /// The path, with what is wrong about it. A file that is no output of a sink is left as it is.
    pub fn open(path: &Path) -> Result<(Self, Output)> {
        let what = || format!("cannot use {} as the output", path.display());
        let mut file = lock(path).with_context(what)?;
        let resumed = Output::resume(&mut BufReader::new(&file));
        let Resumed { output, length } = resumed.with_context(what)?;
        if file.metadata().with_context(what)?.len() > length {
            file.set_len(length).with_context(what)?;
        }
        file.seek(SeekFrom::Start(length)).with_context(what)?;
        // What is there is reported as safe. A new file is safe when its name is, too.
        file.sync_all().and_then(|()| sync_folder(path)).with_context(what)?;
        Ok((Self::File(file, path.to_owned()), output))
    }

    /// Writes lines, and makes them safe.
    ///
    /// # Errors
    ///
    /// What the OS says. Nothing may be reported as safe then.
    pub fn write(&mut self, lines: &[u8]) -> Result<()> {
        match self {
            Self::File(file, path) => {
                file.write_all(lines)
                    .and_then(|()| file.sync_data())
                    .context("cannot write the results")?;
                let written = file.metadata().context("cannot look at the output")?;
                ensure!(written.nlink() > 0, "cannot write the results: the output was deleted");
                let is_there = fs::metadata(path).is_ok_and(|there| id(&there) == id(&written));
                ensure!(is_there, "cannot write the results: the output was moved or replaced");
                Ok(())
            }
            Self::Stdout(stdout) => {
                match stdout.write_all(lines).and_then(|()| stdout.flush()) {
                    // Elsewhere that is a good end. Here, results are lost.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                        bail!("cannot write the results: stdout was closed before the job's end")
                    }
                    written => written.context("cannot write the results"),
                }
            }
        }
    }
}

fn id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Opens a file that no other sink has. Nothing but a regular file will do: others cannot be resumed.
fn lock(path: &Path) -> Result<File> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        bail!("it is not a regular file (--output - writes to stdout)");
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another sink writes to it"),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Removes the failed tasks from an output, so that they are tried again: writes a new file beside
/// it, and puts that in its place.
///
/// # Errors
///
/// The path, with what is wrong about it. The output is then as it was.
pub fn forget_failed(path: &Path) -> Result<()> {
    let what = || format!("cannot use {} as the output", path.display());
    if !path.exists() {
        return Ok(());
    }
    let file = lock(path).with_context(what)?;
    Output::resume(&mut BufReader::new(&file)).with_context(what)?;
    (&file).seek(SeekFrom::Start(0)).with_context(what)?;
    let beside = beside(path);
    let write = || -> io::Result<()> {
        let mut new = BufWriter::new(File::create(&beside)?);
        for line in BufReader::new(&file).split(b'\n') {
            let line = line?;
            if Known::parse(&line).is_ok_and(|known| known.has_failed) {
                continue;
            }
            new.write_all(&line)?;
            new.write_all(b"\n")?;
        }
        new.into_inner()?.sync_all()?;
        fs::set_permissions(&beside, file.metadata()?.permissions())?;
        fs::rename(&beside, path)?;
        sync_folder(path)
    };
    write().with_context(|| format!("cannot write {}", beside.display()))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        fs::write(&path, text).unwrap();
        let error = format!("{:#}", Place::open(&path).err().unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        error
    }

    #[test]
    fn what_is_not_ours_is_refused_and_left_as_it_is() {
        for text in ["precious", "precious\n", "[{\"id\":1}]", "{\"job\":1}", "\n"] {
            let error = refused(text);
            assert!(error.contains("as the output: line 1 is not of a sink: "), "{error}");
        }
        let header = "{\"job\":\"a\",\"total\":3,\"version\":2}\n";
        for line in ["precious", "precious\n", "{\"num\":1}\n"] {
            let error = refused(&format!("{header}{line}"));
            assert!(error.contains("as the output: line 2 is not of a sink: "), "{error}");
        }
    }

    #[test]
    fn what_is_torn_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let whole =
            "{\"job\":\"a\",\"total\":3,\"version\":1}\n{\"num\":0,\"worker_id\":1,\"result\":1}\n";
        for torn in
            ["", "{\"nu", "{\"num\":2,\"worker_id\":1,\"resu", "\0\0\0", "{\"num\":2\0\0\n\0"]
        {
            fs::write(&path, format!("{whole}{torn}")).unwrap();
            let (_, output) = Place::open(&path).unwrap();
            assert_eq!((output.done(), output.lines()), (1, &b""[..]));
            assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        }
        for torn in ["", "{\"job", "{\"job\":\"a\",\"total\":3,\"version\":1}"] {
            fs::write(&path, torn).unwrap();
            assert!(Place::open(&path).unwrap().1.header().is_none());
            assert_eq!(fs::read_to_string(&path).unwrap(), "");
        }
    }

    #[test]
    fn a_line_that_lacks_its_end_alone_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let text =
            "{\"job\":\"a\",\"total\":3,\"version\":2}\n{\"num\":0,\"worker_id\":1,\"result\":1}";
        fs::write(&path, text).unwrap();
        let (mut place, output) = Place::open(&path).unwrap();
        assert_eq!((output.done(), output.lines()), (1, &b"\n"[..]));
        place.write(output.lines()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}\n"));
    }

    #[test]
    fn failed_tasks_are_forgotten_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        forget_failed(&path).unwrap();
        assert!(!path.exists());
        let kept =
            "{\"job\":\"a\",\"total\":3,\"version\":2}\n{\"num\":0,\"worker_id\":1,\"result\":1}\n";
        let failed = "{\"num\":1,\"worker_id\":1,\"failed\":\"no\"}\n";
        fs::write(&path, format!("{kept}{failed}{failed}")).unwrap();
        assert_eq!(Place::open(&path).unwrap().1.failed(), 1, "a task fails once");
        forget_failed(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), kept);
        fs::write(&path, "precious\n").unwrap();
        assert!(forget_failed(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious\n");
    }

    #[test]
    fn a_deleted_or_replaced_output_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let (mut place, _) = Place::open(&path).unwrap();
        place.write(b"").unwrap();
        fs::remove_file(&path).unwrap();
        let error = place.write(b"").unwrap_err();
        assert_eq!(error.to_string(), "cannot write the results: the output was deleted");
        let (mut place, _) = Place::open(&path).unwrap();
        fs::rename(&path, folder.path().join("other")).unwrap();
        fs::write(&path, "").unwrap();
        let error = place.write(b"").unwrap_err();
        let why = "cannot write the results: the output was moved or replaced";
        assert_eq!(error.to_string(), why);
    }
}
