//! CURVE keys for a test.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::program::{Language, python, rust};

/// A folder with the keys of `server`, `alice` and `mallory`, and the folder `allowed`, which holds
/// only alice's public key.
pub struct Keys(TempDir);

impl Keys {
    /// Keys made by the `curve_keygen` of a language.
    #[must_use]
    pub fn made_by(language: Language) -> Self {
        let keys = Self(tempfile::tempdir().expect("a folder"));
        for name in ["server", "alice", "mallory"] {
            let keygen = match language {
                Language::Rust => rust("curve_keygen"),
                Language::Python => python("req-rep/python/curve_keygen.py"),
            };
            let ended = keygen.arg(keys.path(name)).start().wait();
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        fs::create_dir(keys.path("allowed")).expect("a folder");
        keys.allow("alice");
        keys
    }

    /// The path of a file.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// The file that admits a peer.
    pub fn allowed(&self, name: &str) -> PathBuf {
        self.0.path().join("allowed").join(format!("{name}.key"))
    }

    /// Admits a peer.
    pub fn allow(&self, name: &str) {
        fs::copy(self.path(&format!("{name}.key")), self.allowed(name)).expect("a certificate");
    }

    /// The flags of a program that binds, with the keys of `server`.
    pub fn server(&self) -> Vec<String> {
        let [secret, allowed] = ["server.key_secret", "allowed"].map(|name| self.path(name));
        vec!["--curve-secret".to_owned(), secret, "--curve-allow".to_owned(), allowed]
    }

    /// The flags of a program that connects, with the keys of `name`, to one with those of
    /// `server`.
    pub fn client(&self, name: &str, server: &str) -> Vec<String> {
        let secret = self.path(&format!("{name}.key_secret"));
        let server = self.path(&format!("{server}.key"));
        vec!["--curve-secret".to_owned(), secret, "--curve-server".to_owned(), server]
    }

    /// The flags of a program that connects and binds, with the keys of `name`.
    pub fn both(&self, name: &str, server: &str) -> Vec<String> {
        let allow = ["--curve-allow".to_owned(), self.path("allowed")];
        self.client(name, server).into_iter().chain(allow).collect()
    }
}
