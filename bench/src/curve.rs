//! The keys of measurements under CURVE.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::contender::{Contender, built};

/// A pair of keys for the sockets that bind, and one for those that connect.
pub struct Keys(TempDir);

impl Keys {
    /// Makes new keys, with `curve_keygen`.
    ///
    /// # Errors
    ///
    /// A program that is not built, or fails.
    pub fn generate() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for keys")?;
        for name in ["server", "client"] {
            let mut keygen = Command::new(built("curve_keygen")?);
            let made = keygen.arg(name).current_dir(folder.path()).output();
            let made = made.context("cannot run curve_keygen")?;
            ensure!(made.status.success(), "curve_keygen: {}", made.status);
        }
        Ok(Self(folder))
    }

    /// Adds the flags with which a program encrypts what passes the sockets that it binds.
    pub fn binding(&self, contender: Contender, command: &mut Command) {
        if contender == Contender::ZmqPatterns {
            command.arg("--curve-secret").arg(self.0.path().join("server.key_secret"));
            command.arg("--curve-allow-any");
        } else {
            command.arg("--curve").arg(self.0.path());
        }
    }

    /// Adds the flags with which a program encrypts what passes the sockets that it connects.
    pub fn connecting(&self, contender: Contender, command: &mut Command) {
        if contender == Contender::ZmqPatterns {
            command.arg("--curve-secret").arg(self.0.path().join("client.key_secret"));
            command.arg("--curve-server").arg(self.0.path().join("server.key"));
        } else {
            command.arg("--curve").arg(self.0.path());
        }
    }
}
