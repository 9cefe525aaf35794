//! Who is let in: libzmq asks, over ZAP (RFC 27), about every peer that has proved that it has a
//! key, before anything of what it sends is received.

use std::fmt;
use std::process;
use std::thread;

use anyhow::Context as _;
use zmq::{Context, Error, Socket};

use super::allowed::AllowedKeys;

/// Where libzmq asks, in each context.
const ENDPOINT: &str = "inproc://zeromq.zap.01";
/// Of the protocol, and the only one.
const VERSION: &[u8] = b"1.0";

/// Which keys are let in.
pub enum Admission {
    /// Those in a folder.
    Only(Box<AllowedKeys>),
    /// All.
    Anybody,
}

/// Answers for the sockets of `context` from now on, until that is terminated. One authenticator
/// answers for all of them: where there is one already, it stays.
///
/// # Errors
///
/// What keeps it from starting.
pub fn start(context: &Context, admission: Admission) -> anyhow::Result<()> {
    let socket = context.socket(zmq::REP).context("cannot create a REP socket")?;
    socket.set_linger(0).context("cannot set the linger time")?;
    match socket.bind(ENDPOINT) {
        Err(Error::EADDRINUSE) => return Ok(()),
        bound => bound.with_context(|| format!("cannot bind {ENDPOINT}"))?,
    }
    thread::Builder::new()
        .name("authenticator".to_owned())
        .spawn(move || answer_all(&socket, admission))
        .context("cannot start the authenticator's thread")?;
    Ok(())
}

/// Answers until the context is terminated. libzmq lets everybody in when nobody answers, so the
/// program must not outlive its authenticator in any other way.
fn answer_all(socket: &Socket, mut admission: Admission) {
    struct Fatal;
    impl Drop for Fatal {
        fn drop(&mut self) {
            // The panic has been reported.
            process::exit(1);
        }
    }
    let fatal = Fatal;
    loop {
        match answer(socket, &mut admission) {
            Ok(()) | Err(Error::EINTR) => {}
            Err(Error::ETERM) => break,
            Err(error) => tracing::error!("the authenticator: {error}"),
        }
    }
    std::mem::forget(fatal);
}

fn answer(socket: &Socket, admission: &mut Admission) -> zmq::Result<()> {
    let request = socket.recv_multipart(0)?;
    let id = request.get(1).map_or(&[][..], Vec::as_slice);
    let (code, text, user) = match Request::parse(&request) {
        None => ("500", "not a ZAP request", String::new()),
        Some(request) if admission.admits(&request) => ("200", "OK", z85::encode(request.key)),
        Some(_) => ("400", "this key is not allowed here", String::new()),
    };
    let metadata = "";
    let reply =
        [VERSION, id, code.as_bytes(), text.as_bytes(), user.as_bytes(), metadata.as_bytes()];
    socket.send_multipart(reply, 0)
}

/// A peer that wants in.
struct Request<'a> {
    address: &'a str,
    key: &'a [u8],
}

impl<'a> Request<'a> {
    /// The frames are: version, request id, domain, address, routing id, mechanism, and the
    /// mechanism's credentials, which are the public key for CURVE.
    fn parse(frames: &'a [Vec<u8>]) -> Option<Self> {
        let [version, _id, _domain, address, _routing_id, mechanism, key] = frames else {
            return None;
        };
        let address = std::str::from_utf8(address).ok()?;
        (version == VERSION && mechanism == b"CURVE" && key.len() == 32)
            .then_some(Self { address, key })
    }
}

/// `127.0.0.1 with the key rq:rM>…`
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with the key {}", self.address, z85::encode(self.key))
    }
}

impl Admission {
    fn admits(&mut self, peer: &Request) -> bool {
        let Self::Only(keys) = self else {
            tracing::info!("let in {peer}");
            return true;
        };
        if let Some(owner) = keys.owner(peer.key) {
            tracing::info!("let in {owner}: {peer}");
            return true;
        }
        tracing::warn!("refused {peer}, which is not in {}", keys.folder().display());
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the authenticator answers to `request`.
    fn ask(request: &[&[u8]]) -> Vec<Vec<u8>> {
        let context = Context::new();
        start(&context, Admission::Anybody).unwrap();
        let socket = context.socket(zmq::REQ).unwrap();
        socket.connect(ENDPOINT).unwrap();
        socket.send_multipart(request, 0).unwrap();
        socket.recv_multipart(0).unwrap()
    }

    #[test]
    fn a_peer_with_a_key_is_let_in() {
        let request: [&[u8]; 7] = [b"1.0", b"7", b"domain", b"127.0.0.1", b"", b"CURVE", &[0; 32]];
        let reply = ask(&request);
        let zeros = [b'0'; 40];
        assert_eq!(reply, [&b"1.0"[..], b"7", b"200", b"OK", &zeros, b""]);
    }

    #[test]
    fn what_is_no_request_for_curve_is_refused() {
        let plain: &[&[u8]] =
            &[b"1.0", b"7", b"", b"127.0.0.1", b"", b"PLAIN", b"user", b"password"];
        let null: &[&[u8]] = &[b"1.0", b"7", b"", b"127.0.0.1", b"", b"NULL"];
        let version: &[&[u8]] = &[b"2.0", b"7", b"", b"127.0.0.1", b"", b"CURVE", &[0; 32]];
        let key: &[&[u8]] = &[b"1.0", b"7", b"", b"127.0.0.1", b"", b"CURVE", &[0; 31]];
        for request in [plain, null, version, key] {
            assert_eq!(ask(request)[1..3], [b"7".to_vec(), b"500".to_vec()]);
        }
        assert_eq!(ask(&[b""])[2], b"500");
    }

    #[test]
    fn one_authenticator_serves_a_context() {
        let context = Context::new();
        start(&context, Admission::Anybody).unwrap();
        start(&context, Admission::Anybody).unwrap();
    }
}
