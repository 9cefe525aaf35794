//! The socket monitor: what libzmq does beneath a socket, as log lines and as numbers; and a word
//! when nobody is at the other end.

mod event;
mod probe;
mod watch;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use zmq::{Context, Error, SocketEvent};

use event::{Event, Own};
pub(super) use watch::Side;
use watch::Watch;

/// The target of lines that are no warning, but are shown like one.
pub(crate) const NOTE: &str = "note";

/// How often a monitor looks whether it is time to say that nobody is there, in milliseconds.
const TICK: i32 = 250;
/// Without an end (`ZMQ_RCVTIMEO`).
const UNTIL_AN_EVENT: i32 = -1;

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
    watches: Vec<Watch>,
    /// The program itself says whom it waits for.
    is_left_to_program: bool,
    ended: bool,
}

/// A peer that ought to be there, and is not.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    /// The reason, where the OS or the resolver gives one.
    pub why: Option<String>,
    /// Whether it was said what is wrong.
    pub is_said: bool,
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

    /// From now on it is said when nobody is at the other end of `endpoint` for long.
    pub(super) fn watch(&self, endpoint: &str, side: Side) {
        let mut state = self.lock();
        let watch = Watch::new(endpoint, side, Instant::now());
        let watch = if state.is_left_to_program { watch.left_to_program() } else { watch };
        state.watches.push(watch);
    }

    pub(super) fn leave_waiting_to_program(&self) {
        self.lock().is_left_to_program = true;
    }

    /// The peer that is missing, if any, of a socket that connects.
    pub fn missing(&self) -> Option<Missing> {
        self.lock().watches.iter().find_map(Watch::missing)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: &Event, own: Own) {
        let mut guard = self.lock();
        let state = &mut *guard;
        match event.kind {
            SocketEvent::ACCEPTED => state.open += 1,
            SocketEvent::DISCONNECTED => state.open = state.open.saturating_sub(1),
            SocketEvent::HANDSHAKE_SUCCEEDED => state.handshakes += 1,
            _ => {}
        }
        let now = Instant::now();
        let notes: Vec<_> =
            state.watches.iter_mut().filter_map(|watch| watch.hear(event, now)).collect();
        let trouble = state.watches.iter_mut().find_map(|watch| watch.trouble(event, own));
        drop(guard);
        self.changed.notify_all();
        // Not under the lock: stderr may be slow.
        for line in notes {
            tracing::warn!(target: NOTE, "{line}");
        }
        if let Some(line) = trouble {
            tracing::warn!("{line}");
        }
    }

    /// Says where nobody has been for too long. Returns how long to wait for the next event.
    fn say_who_is_missing(&self) -> i32 {
        let now = Instant::now();
        let due = |watch: &Watch| watch.due().is_some_and(|due| due <= now);
        let missing: Vec<(String, Side)> = {
            let state = self.lock();
            state.watches.iter().filter(|watch| due(watch)).map(Watch::place).collect()
        };
        for (endpoint, side) in missing {
            // Neither under the lock: name servers and stderr may be slow.
            let connects = side == Side::Connects;
            let unresolved = connects.then(|| probe::unresolved(&endpoint)).flatten();
            let line = {
                let mut state = self.lock();
                let mut watches = state.watches.iter_mut();
                let watch = watches.find(|watch| watch.place().0 == endpoint && due(watch));
                watch.and_then(|watch| watch.say(unresolved))
            };
            if let Some(line) = line {
                tracing::warn!(target: NOTE, "{line}");
            }
        }
        let state = self.lock();
        let waits = |watch: &Watch| watch.due().is_some();
        let settled = !state.watches.is_empty() && !state.watches.iter().any(waits);
        if settled { UNTIL_AN_EVENT } else { TICK }
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
    let own = Own {
        kind: socket.get_socket_type().context("cannot ask for the socket's type")?,
        limit: socket.get_maxmsgsize().context("cannot ask for the limit of frames")?,
    };
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
            // The only error that is left is the end of the context.
            let _ = follow(&events, &shared, own);
            shared.end();
        })
        .context("cannot start the monitor's thread")?;
    Ok(connections)
}

fn follow(events: &zmq::Socket, connections: &Connections, own: Own) -> zmq::Result<()> {
    loop {
        events.set_rcvtimeo(connections.say_who_is_missing())?;
        match events.recv_multipart(0) {
            Ok(frames) => {
                let Some(event) = Event::parse(&frames) else { continue };
                event.log();
                connections.hear(&event, own);
            }
            Err(Error::EAGAIN | Error::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn event(kind: SocketEvent) -> Event<'static> {
        Event { kind, value: 7, endpoint: "tcp://a:1".into() }
    }

    const OWN: Own = Own { kind: zmq::REP, limit: 100 };

    #[test]
    fn connections_and_handshakes_are_counted() {
        let connections = Connections::default();
        let hear = |kind| connections.hear(&event(kind), OWN);
        for kind in [SocketEvent::ACCEPTED, SocketEvent::ACCEPTED, SocketEvent::HANDSHAKE_SUCCEEDED]
        {
            hear(kind);
        }
        assert_eq!(connections.open(), 2);
        assert_eq!(connections.wait_for(1), Ok(()));
        hear(SocketEvent::DISCONNECTED);
        assert_eq!(connections.open(), 1);
        assert_eq!(connections.wait_for(1), Ok(()), "it has been there");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| connections.wait_for(2));
            hear(SocketEvent::HANDSHAKE_SUCCEEDED);
            assert_eq!(waiting.join().unwrap(), Ok(()));
            let waiting = scope.spawn(|| connections.wait_for(3));
            connections.end();
            assert_eq!(waiting.join().unwrap(), Err(Error::ETERM));
        });
    }

    #[test]
    fn while_nothing_has_still_to_be_said_a_monitor_sleeps() {
        let connections = Connections::default();
        connections.watch("tcp://a:1", Side::Connects);
        assert_eq!(connections.say_who_is_missing(), TICK);
        assert_eq!(connections.missing(), Some(Missing { why: None, is_said: false }));
        connections.hear(&event(SocketEvent::HANDSHAKE_SUCCEEDED), OWN);
        assert_eq!(connections.say_who_is_missing(), UNTIL_AN_EVENT);
        assert_eq!(connections.missing(), None);
        let long_ago = Instant::now().checked_sub(Duration::from_secs(9)).unwrap();
        for endpoint in ["tcp://*:1", "tcp://*:2"] {
            connections.lock().watches.push(Watch::new(endpoint, Side::Needs, long_ago));
        }
        assert_eq!(connections.say_who_is_missing(), -1);
    }

    #[test]
    fn a_name_that_leads_nowhere_is_said_of_its_own_endpoint_alone() {
        let connections = Connections::default();
        let long_ago = Instant::now().checked_sub(Duration::from_secs(9)).unwrap();
        for endpoint in ["tcp://no.such.host.invalid:1", "tcp://127.0.0.1:1"] {
            connections.lock().watches.push(Watch::new(endpoint, Side::Connects, long_ago));
        }
        assert_eq!(connections.say_who_is_missing(), UNTIL_AN_EVENT);
        let state = connections.lock();
        let why = state.watches.iter().map(|watch| watch.missing().unwrap().why.is_some());
        assert_eq!(why.collect::<Vec<_>>(), [true, false]);
    }
}
