//! Measurements under CURVE: their keys, and who has some.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::args::Run;
use crate::contender::{Contender, built, choose};

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

/// What is measured where contenders may encrypt.
pub struct Subject<'a> {
    /// The contender.
    pub contender: Contender,
    /// Its keys, if it encrypts.
    pub keys: Option<&'a Keys>,
    name: String,
}

/// The contenders that `run` names, or all that are `able`. With `keys` those that can encrypt do so,
/// and the programs come once more, without keys.
///
/// # Errors
///
/// A wanted contender that cannot do the work.
pub fn subjects<'a>(
    run: &Run,
    able: &[Contender],
    keys: Option<&'a Keys>,
) -> Result<Vec<Subject<'a>>> {
    let able = if keys.is_some() { &Contender::CURVE[..] } else { able };
    let contenders = choose(&run.peers, able)?.into_iter();
    let mut subjects: Vec<_> = contenders
        .map(|contender| Subject { contender, keys, name: contender.name().to_owned() })
        .collect();
    if keys.is_some() {
        let contender = Contender::ZmqPatterns;
        let name = format!("{}, not encrypted", contender.name());
        subjects.push(Subject { contender, keys: None, name });
    }
    Ok(subjects)
}

/// Their names, in tables and plots.
pub fn names(subjects: &[Subject]) -> Vec<(String, Option<u64>)> {
    subjects.iter().map(|subject| (subject.name.clone(), None)).collect()
}
