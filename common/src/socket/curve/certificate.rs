//! CURVE keys in files, as CZMQ and pyzmq write and read them: `NAME.key` holds a public key,
//! `NAME.key_secret` a secret one as well.
//!
//! ```text
//! metadata
//! curve
//!     public-key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
//!     secret-key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
//! ```
//!
//! The format is ZPL (RFC 4), the keys are in Z85 (RFC 32).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use zeroize::{Zeroize, Zeroizing};

/// The longest file that is read, in bytes. One of ours has about 400.
const MAX_FILE: u64 = 64 << 10;

/// A public key, 32 bytes.
pub type Key = [u8; 32];

/// A secret key, which is wiped from memory when it is dropped.
pub type SecretKey = Zeroizing<Key>;

/// The keys of one peer.
pub struct Certificate {
    /// The key that others know the peer by.
    pub public: Key,
    /// The key that makes the peer who it is. Only its own file has it.
    pub secret: Option<SecretKey>,
}

/// Why a text is not a certificate.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No line names the public key.
    #[error("no public-key")]
    NoPublicKey,
    /// A key is not Z85 of 32 bytes. The key itself is not told: it may be a secret.
    #[error("line {line}: {name} is not a key of 40 characters in Z85")]
    Key {
        /// Counted from one.
        line: usize,
        /// `public-key` or `secret-key`.
        name: &'static str,
    },
    /// A second line names the same key.
    #[error("line {line}: a second {name}")]
    Twice {
        /// Counted from one.
        line: usize,
        /// `public-key` or `secret-key`.
        name: &'static str,
    },
}

impl Certificate {
    /// Makes a new pair of keys.
    ///
    /// # Errors
    ///
    /// libzmq's, if it has no CURVE.
    pub fn generate() -> anyhow::Result<Self> {
        let mut pair = zmq::CurveKeyPair::new().context("cannot make keys")?;
        let secret = Zeroizing::new(pair.secret_key);
        pair.secret_key.zeroize();
        Ok(Self { public: pair.public_key, secret: Some(secret) })
    }

    /// Reads a certificate. Other lines than those of keys, such as CZMQ's metadata, are ignored, and
    /// need not be UTF-8.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn parse(text: &[u8]) -> Result<Self, CertificateError> {
        let (mut public, mut secret) = (None, None);
        for (line, text) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line + 1;
            let Some(equals) = text.iter().position(|byte| *byte == b'=') else { continue };
            let (name, found) = match text[..equals].trim_ascii() {
                b"public-key" => ("public-key", &mut public),
                b"secret-key" => ("secret-key", &mut secret),
                _ => continue,
            };
            if found.is_some() {
                return Err(CertificateError::Twice { line, name });
            }
            *found = Some(decode(&text[equals + 1..]).ok_or(CertificateError::Key { line, name })?);
        }
        let public = public.ok_or(CertificateError::NoPublicKey)?;
        Ok(Self { public: *public, secret })
    }

    /// Reads a certificate's file.
    ///
    /// # Errors
    ///
    /// The path with what is wrong about it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("cannot read the certificate {}", path.display());
        let text = read_bytes(path).with_context(what)?;
        Self::parse(&text).with_context(what)
    }

    /// Writes `NAME.key` and, for the owner's eyes alone, `NAME.key_secret`.
    ///
    /// # Errors
    ///
    /// The path with what is wrong about it: above all, that the file exists. None is overwritten.
    pub fn write(&self, name: &Path) -> anyhow::Result<[PathBuf; 2]> {
        let [public, secret] = ["key", "key_secret"].map(|suffix| {
            let mut path = name.as_os_str().to_owned();
            path.push(".");
            path.push(suffix);
            PathBuf::from(path)
        });
        create(&public, 0o644, &self.text(false))?;
        create(&secret, 0o600, &self.text(true)).inspect_err(|_| {
            // Half a pair is of no use, and would be in the way of the next attempt.
            let _ = fs::remove_file(&public);
        })?;
        Ok([public, secret])
    }

    fn text(&self, with_secret: bool) -> Zeroizing<String> {
        let warning = if with_secret {
            "#   ZeroMQ CURVE **secret** certificate: who has this file is its owner. Keep it to yourself."
        } else {
            "#   ZeroMQ CURVE public certificate: for those who are to know its owner."
        };
        let public = z85::encode(self.public);
        // As long as it will be: growing would leave a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str(warning);
        text.push_str("\n\nmetadata\ncurve\n    public-key = \"");
        text.push_str(&public);
        text.push_str("\"\n");
        if let (true, Some(secret)) = (with_secret, &self.secret) {
            text.push_str("    secret-key = \"");
            text.push_str(&Zeroizing::new(z85::encode(**secret)));
            text.push_str("\"\n");
        }
        text
    }
}

/// Warns when others than the owner of a secret certificate can read it.
pub fn warn_if_readable_by_others(path: &Path) {
    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode());
    if mode & 0o077 != 0 {
        let (path, mode) = (path.display(), mode & 0o777);
        tracing::warn!(
            "others can read the secret key in {path} (mode {mode:o}): chmod 600 {path}"
        );
    }
}

/// The key in what follows the `=` of its line.
fn decode(value: &[u8]) -> Option<SecretKey> {
    let text = str::from_utf8(value).ok()?.trim_matches([' ', '\t', '\r', '"', '\'']);
    let bytes = Zeroizing::new(z85::decode(text).ok()?);
    let mut key = SecretKey::default();
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some(key)
}

fn read_bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // As long as it will be: growing would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let read = File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too long for a certificate"));
    }
    Ok(bytes)
}

fn create(path: &Path, mode: u32, text: &str) -> anyhow::Result<()> {
    let what = || format!("cannot write {}", path.display());
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).with_context(what)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the manual of `zmq_curve`.
    const PUBLIC: &str = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    const SECRET: &str = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";

    #[test]
    fn certificates_of_czmq_and_pyzmq_are_read() {
        let czmq = format!(
            "#   ZeroMQ CURVE **Secret** Certificate\nmetadata\n    email = \"a = b\"\ncurve\n    \
             public-key = \"{PUBLIC}\"\n    secret-key = '{SECRET}'\r\n"
        );
        let certificate = Certificate::parse(czmq.as_bytes()).unwrap();
        assert_eq!(z85::encode(certificate.public), PUBLIC);
        assert_eq!(z85::encode(*certificate.secret.unwrap()), SECRET);
    }

    #[test]
    fn metadata_in_any_encoding_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jose.key");
        // Latin-1, UTF-16 and bytes that are nothing.
        for metadata in [b"name = \"Jos\xe9\"".as_slice(), b"n\0a\0=\0\xe9\0", b"\xff\xfe=\0"] {
            let key = format!("\ncurve\n    public-key = \"{PUBLIC}\"\n");
            fs::write(&path, [b"metadata\n    ", metadata, key.as_bytes()].concat()).unwrap();
            assert_eq!(z85::encode(Certificate::read(&path).unwrap().public), PUBLIC);
        }
        let key = [b"public-key = \xe9".as_slice(), PUBLIC.as_bytes()].concat();
        let error = Certificate::parse(&key).err().unwrap().to_string();
        assert_eq!(error, "line 1: public-key is not a key of 40 characters in Z85");
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let alice = Certificate::generate().unwrap();
        let [public, secret] = alice.write(&folder.path().join("alice.smith")).unwrap();
        assert_eq!(public, folder.path().join("alice.smith.key"));
        let (others, own) =
            (Certificate::read(&public).unwrap(), Certificate::read(&secret).unwrap());
        assert_eq!((others.public, own.public), (alice.public, alice.public));
        assert_eq!((others.secret, own.secret), (None, alice.secret));
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&secret), 0o600);
    }

    #[test]
    fn nothing_is_overwritten_and_no_half_pair_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("alice");
        fs::write(folder.path().join("alice.key_secret"), "precious").unwrap();
        let error = Certificate::generate().unwrap().write(&name).unwrap_err();
        assert!(format!("{error:#}").ends_with("alice.key_secret: File exists (os error 17)"));
        assert_eq!(fs::read(folder.path().join("alice.key_secret")).unwrap(), b"precious");
        assert!(!folder.path().join("alice.key").exists());
    }

    #[test]
    fn what_is_no_certificate_is_refused_without_telling_the_key() {
        let error = |text: &str| Certificate::parse(text.as_bytes()).err().unwrap().to_string();
        let key =
            |value: &str| format!("curve\n  public-key = \"{PUBLIC}\"\n  secret-key = {value}");
        assert_eq!(error(""), "no public-key");
        assert_eq!(error(&format!("secret-key = {SECRET}")), "no public-key");
        let bad = "line 3: secret-key is not a key of 40 characters in Z85";
        for value in ["", "\"\"", &SECRET[1..], &format!("{SECRET}0"), &"~".repeat(40)] {
            assert_eq!(error(&key(value)), bad, "{value}");
        }
        // More than 32 bits in five characters.
        assert_eq!(error(&key(&"#".repeat(40))), bad);
        assert_eq!(
            error(&key(&format!("{SECRET}\npublic-key = {PUBLIC}"))),
            "line 4: a second public-key"
        );
    }

    #[test]
    fn a_file_that_is_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.key");
        fs::write(&path, "#".repeat(65 << 10)).unwrap();
        let error = format!("{:#}", Certificate::read(&path).err().unwrap());
        assert!(error.ends_with("long.key: too long for a certificate"), "{error}");
    }
}
