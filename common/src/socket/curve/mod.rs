//! CURVE: who is at the other end of a connection, and nobody else reads it (RFC 25 and 26).
//!
//! The side that binds is the CURVE server, whatever its pattern. It proves who it is by its secret
//! key, and asks its [authenticator] whose keys it lets in. The side that connects knows the
//! server's public key in advance, and proves who it is by its own.

pub mod allowed;
pub mod authenticator;
pub mod certificate;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Args, Error};
use zmq::{Context, Socket};

use allowed::AllowedKeys;
use authenticator::Admission;
use certificate::Certificate;

/// The flags that lock a socket. Without them, it talks to any peer.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "CURVE: encryption, and who may connect (curve_keygen makes keys)")]
#[allow(clippy::doc_markdown, reason = "the help text shows backticks")]
pub struct CurveArgs {
    /// This program's own keys, a NAME.key_secret: everything it sends and receives is encrypted
    #[arg(long = "curve-secret", value_name = "FILE")]
    secret: Option<PathBuf>,

    /// On the side that connects: the public key of the peer that listens there, a NAME.key
    #[arg(long = "curve-server", value_name = "FILE", requires = "secret")]
    server: Option<PathBuf>,

    /// On the side that binds: a folder with the public keys of the peers that may connect; no other
    /// peer can
    #[arg(long = "curve-allow", value_name = "DIR", requires = "secret")]
    allow: Option<PathBuf>,

    /// On the side that binds: accept every peer that knows this program's public key
    #[arg(long = "curve-allow-any", requires = "secret", conflicts_with = "allow")]
    allow_any: bool,
}

impl CurveArgs {
    /// Whether sockets are locked.
    pub fn is_on(&self) -> bool {
        self.secret.is_some()
    }

    /// Makes a socket that is about to bind a CURVE server.
    ///
    /// # Errors
    ///
    /// A wrong usage, where the command line does not say who may connect; a file or folder that
    /// cannot be read; an authenticator that cannot start.
    pub fn make_server(&self, context: &Context, socket: &Socket) -> anyhow::Result<()> {
        let Some(own) = self.own_keys()? else { return Ok(()) };
        let admission = match &self.allow {
            Some(folder) => Admission::Only(Box::new(AllowedKeys::read(folder)?)),
            None if self.allow_any => Admission::Anybody,
            None => {
                return Err(usage(
                    "a socket that binds with --curve-secret needs --curve-allow DIR, the keys of \
                     the peers that may connect, or --curve-allow-any",
                ));
            }
        };
        authenticator::start(context, admission)?;
        socket.set_curve_server(true).context("cannot make a socket a CURVE server")?;
        // RFC 27 has the authenticator asked where there is a domain. Any will do.
        socket.set_zap_domain("zmq-patterns").context("cannot set the ZAP domain")?;
        own.give_to(socket)
    }

    /// Makes a socket that is about to connect a CURVE client.
    ///
    /// # Errors
    ///
    /// A wrong usage, where the command line does not say to whom it connects; a file that cannot
    /// be read.
    pub fn make_client(&self, socket: &Socket) -> anyhow::Result<()> {
        let Some(own) = self.own_keys()? else { return Ok(()) };
        let Some(server) = &self.server else {
            return Err(usage(
                "a socket that connects with --curve-secret needs --curve-server FILE, the public \
                 key of the peer that listens there",
            ));
        };
        let server = Certificate::read(server)?;
        socket.set_curve_serverkey(&server.public).context("cannot set the server's key")?;
        own.give_to(socket)
    }

    fn own_keys(&self) -> anyhow::Result<Option<OwnKeys>> {
        let Some(path) = &self.secret else { return Ok(None) };
        let certificate = Certificate::read(path)?;
        let secret = certificate.secret.with_context(|| {
            format!("{} holds no secret key; the file that does is NAME.key_secret", path.display())
        })?;
        certificate::warn_if_readable_by_others(path);
        Ok(Some(OwnKeys { public: certificate.public, secret }))
    }
}

struct OwnKeys {
    public: certificate::Key,
    secret: certificate::SecretKey,
}

impl OwnKeys {
    /// The socket has a copy of its own. This one is wiped as it is dropped.
    fn give_to(self, socket: &Socket) -> anyhow::Result<()> {
        socket.set_curve_publickey(&self.public).context("cannot set the public key")?;
        socket.set_curve_secretkey(&*self.secret).context("cannot set the secret key")
    }
}

/// An error of the command line: the exit code is 2.
fn usage(what: &str) -> anyhow::Error {
    Error::raw(ErrorKind::MissingRequiredArgument, format!("{what}\n")).into()
}
