//! The socket monitor: what libzmq does beneath a socket, as log lines and as numbers.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context as _;
use zmq::{Context, Error, SocketEvent};

/// What is known of a socket's connections.
#[derive(Debug, Default)]
pub struct Connections {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: u64,
    handshakes: u64,
    ended: bool,
}

impl Connections {
    /// How many connections of a socket that binds are open, whether or not they have said what
    /// they are.
    pub fn open(&self) -> u64 {
        self.lock().open
    }

    /// Waits until `count` peers have connected and completed their handshakes, since the socket
    /// was made.
    ///
    /// # Errors
    ///
    /// `ETERM` when the socket's context is terminated.
    pub fn wait_for(&self, count: u64) -> zmq::Result<()> {
        let too_few = |state: &mut State| state.handshakes < count && !state.ended;
        let state = self.changed.wait_while(self.lock(), too_few);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        if state.handshakes < count { Err(Error::ETERM) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, event: SocketEvent) {
        let mut state = self.lock();
        match event {
            SocketEvent::ACCEPTED => state.open += 1,
            SocketEvent::DISCONNECTED => state.open = state.open.saturating_sub(1),
            SocketEvent::HANDSHAKE_SUCCEEDED => state.handshakes += 1,
            _ => return,
        }
        self.changed.notify_all();
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }
}

/// Logs and counts every event of `socket` from now on, until its context is terminated. To be
/// called before the socket binds or connects, so that nothing is missed.
pub(super) fn start(context: &Context, socket: &zmq::Socket) -> anyhow::Result<Arc<Connections>> {
    static MONITORS: AtomicU32 = AtomicU32::new(0);
    let endpoint = format!("inproc://monitor-{}", MONITORS.fetch_add(1, Ordering::Relaxed));
    // Reporting a failed `bind` to a monitor overwrites the error number that `bind` returns.
    let events = SocketEvent::ALL.to_raw() & !SocketEvent::BIND_FAILED.to_raw();
    socket.monitor(&endpoint, events.into()).context("cannot monitor a socket")?;
    let events = context.socket(zmq::PAIR).context("cannot create a PAIR socket")?;
    events.connect(&endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    let connections = Arc::new(Connections::default());
    let shared = Arc::clone(&connections);
    thread::Builder::new()
        .name("monitor".to_owned())
        .spawn(move || {
            let mut binds = false;
            while let Ok(frames) = events.recv_multipart(0) {
                let Some(event) = Event::parse(&frames) else { continue };
                binds |= event.kind == SocketEvent::LISTENING;
                event.log(binds);
                shared.count(event.kind);
            }
            shared.end();
        })
        .context("cannot start the monitor's thread")?;
    Ok(connections)
}

/// Two frames: a 16-bit number and a 32-bit value in the host's byte order, then the endpoint
/// (`zmq_socket_monitor`).
struct Event<'a> {
    kind: SocketEvent,
    value: u32,
    endpoint: Cow<'a, str>,
}

impl<'a> Event<'a> {
    fn parse(frames: &'a [Vec<u8>]) -> Option<Self> {
        let [event, endpoint] = frames else { return None };
        let &[e0, e1, v0, v1, v2, v3] = event.as_slice() else { return None };
        Some(Self {
            kind: SocketEvent::from_raw(u16::from_ne_bytes([e0, e1])),
            value: u32::from_ne_bytes([v0, v1, v2, v3]),
            endpoint: String::from_utf8_lossy(endpoint),
        })
    }

    /// `binds`: whether the socket does. Its authenticator then says more of whom it refuses.
    fn log(&self, binds: bool) {
        let Self { kind, value, endpoint } = self;
        match *kind {
            SocketEvent::LISTENING => tracing::info!("listening on {endpoint}"),
            SocketEvent::ACCEPTED => tracing::info!("accepted a connection on {endpoint}"),
            SocketEvent::CONNECTED => tracing::info!("connected to {endpoint}"),
            SocketEvent::DISCONNECTED => tracing::info!("disconnected from {endpoint}"),
            SocketEvent::CONNECT_RETRIED => tracing::info!("retrying {endpoint} in {value} ms"),
            SocketEvent::HANDSHAKE_FAILED_NO_DETAIL => {
                tracing::info!("a handshake was broken off on {endpoint}");
            }
            SocketEvent::HANDSHAKE_FAILED_PROTOCOL => {
                tracing::warn!("a handshake failed on {endpoint}: {}", protocol_error(*value));
            }
            SocketEvent::HANDSHAKE_FAILED_AUTH if !binds => {
                tracing::warn!("{endpoint} refused this program's key (status {value})");
            }
            other => tracing::debug!("{other:?} {endpoint} ({value})"),
        }
    }
}

/// What a `ZMQ_PROTOCOL_ERROR_…` says, in words.
fn protocol_error(error: u32) -> Cow<'static, str> {
    match error {
        0x1100_0001 => "the keys do not match: most likely the server's".into(),
        0x1100_0002 => "one side uses CURVE, the other does not".into(),
        0x2000_0000..=0x2fff_ffff => "the authenticator gave no valid answer".into(),
        error => format!("the peer broke the protocol (error {error:#x})").into(),
    }
}
