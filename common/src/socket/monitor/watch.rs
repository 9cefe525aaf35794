//! Whether anybody is at the other end of a socket, and when that is to be said.
//!
//! No sockets and no clock: events and times come in, lines come out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use zmq::SocketEvent;

use super::event::Event;

/// How long a socket may be alone before that is said.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which end of its connections an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// It listens for peers that come and go: that none has come yet is worth a word.
    Listens,
    /// It listens for peers without which its program stands still: so is that all have left.
    Needs,
    /// It publishes to peers that come and go, and to nobody while none is there.
    Publishes,
    /// It connects to a peer that ought to be there.
    Connects,
}

/// One endpoint of a socket.
#[derive(Debug)]
pub(super) struct Watch {
    endpoint: String,
    side: Side,
    /// The connections of a side that listens, as file descriptors.
    open: BTreeSet<u32>,
    /// Whether a side that connects has reached somebody, whatever that is.
    reached: bool,
    /// Since when nobody is there.
    alone: Option<Instant>,
    /// Whether that was said.
    said: bool,
}

impl Watch {
    pub(super) fn new(endpoint: &str, side: Side, now: Instant) -> Self {
        let (endpoint, open) = (endpoint.to_owned(), BTreeSet::new());
        Self { endpoint, side, open, reached: false, alone: Some(now), said: false }
    }

    /// The endpoint, and which end of its connections it is.
    pub(super) fn place(&self) -> (String, Side) {
        (self.endpoint.clone(), self.side)
    }

    /// Learns from an event of the socket. Returns what to say of it.
    pub(super) fn hear(&mut self, event: &Event, now: Instant) -> Option<String> {
        match (self.side, event.kind) {
            (Side::Connects, _) if event.endpoint != self.endpoint => {}
            (Side::Connects, SocketEvent::CONNECTED) => self.reached = true,
            (Side::Connects, SocketEvent::HANDSHAKE_SUCCEEDED) => return self.arrived(),
            (Side::Connects, SocketEvent::DISCONNECTED) => {
                self.alone.get_or_insert(now);
            }
            (Side::Connects, SocketEvent::CONNECT_RETRIED) => self.reached = false,
            (Side::Connects, _) => {}
            (_, SocketEvent::ACCEPTED) => {
                self.open.insert(event.value);
                return self.arrived();
            }
            (_, SocketEvent::DISCONNECTED) => {
                self.open.remove(&event.value);
                if self.open.is_empty() && self.side == Side::Needs {
                    self.alone.get_or_insert(now);
                }
            }
            _ => {}
        }
        None
    }

    fn arrived(&mut self) -> Option<String> {
        self.alone = None;
        let endpoint = &self.endpoint;
        std::mem::take(&mut self.said).then(|| match self.side {
            Side::Connects => format!("connected to {endpoint}"),
            _ => format!("a peer has connected to {endpoint}"),
        })
    }

    /// When it is time to say that nobody is there, if nobody comes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.alone.filter(|_| !self.said).map(|since| since + PATIENCE)
    }

    /// What to say when it is time to, with the OS's `reason` on a side that connects. Nothing where
    /// somebody has just come, and libzmq has yet to find him.
    pub(super) fn say(&mut self, reason: Option<String>) -> Option<String> {
        let endpoint = &self.endpoint;
        let line = match (self.side, reason) {
            (Side::Connects, Some(reason)) => {
                format!("nobody answers at {endpoint}: {reason}; waiting")
            }
            (Side::Connects, None) if self.reached => {
                format!(
                    "{endpoint} accepts connections, but completes no ZeroMQ handshake; waiting"
                )
            }
            (Side::Connects, None) => return None,
            (Side::Listens | Side::Needs, _) => {
                format!("nobody is connected to {endpoint}; waiting")
            }
            (Side::Publishes, _) => {
                format!("nobody is connected to {endpoint}: what is published now, nobody receives")
            }
        };
        self.said = true;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    fn event(kind: SocketEvent, value: u32) -> Event<'static> {
        Event { kind, value, endpoint: "tcp://a:1".into() }
    }

    #[test]
    fn a_peer_that_is_missing_and_one_that_comes_are_said_once() {
        let start = Instant::now();
        let mut watch = Watch::new("tcp://a:1", Side::Connects, start);
        assert_eq!(watch.due(), Some(after(start, 2)));
        let line = watch.say(Some("connection refused".to_owned())).unwrap();
        assert_eq!(line, "nobody answers at tcp://a:1: connection refused; waiting");
        assert_eq!(watch.due(), None);
        let connected = event(SocketEvent::HANDSHAKE_SUCCEEDED, 0);
        assert_eq!(watch.hear(&connected, start).as_deref(), Some("connected to tcp://a:1"));
        watch.hear(&event(SocketEvent::DISCONNECTED, 5), after(start, 10));
        assert_eq!(watch.due(), Some(after(start, 12)));
        assert_eq!(watch.hear(&connected, start), None);
        assert_eq!(watch.due(), None);
    }

    #[test]
    fn an_event_of_another_endpoint_changes_nothing() {
        let start = Instant::now();
        let mut watch = Watch::new("tcp://b:1", Side::Connects, start);
        watch.hear(&event(SocketEvent::HANDSHAKE_SUCCEEDED, 0), start);
        assert_eq!(watch.due(), Some(after(start, 2)));
    }

    #[test]
    fn what_is_reached_but_is_no_zeromq_socket_is_told_from_what_is_not_reached() {
        let start = Instant::now();
        let mut watch = Watch::new("tcp://a:1", Side::Connects, start);
        assert_eq!(watch.say(None), None);
        watch.hear(&event(SocketEvent::CONNECTED, 5), start);
        let line = watch.say(None).unwrap();
        assert!(line.starts_with("tcp://a:1 accepts connections, but"), "{line}");
    }

    #[test]
    fn a_socket_that_listens_is_alone_when_all_have_left_it() {
        let start = Instant::now();
        let mut needs = Watch::new("tcp://*:1", Side::Needs, start);
        let mut listens = Watch::new("tcp://*:1", Side::Listens, start);
        for watch in [&mut needs, &mut listens] {
            assert_eq!(watch.due(), Some(after(start, 2)));
            watch.hear(&event(SocketEvent::ACCEPTED, 7), start);
            watch.hear(&event(SocketEvent::ACCEPTED, 8), start);
            watch.hear(&event(SocketEvent::DISCONNECTED, 7), after(start, 1));
            assert_eq!(watch.due(), None);
            watch.hear(&event(SocketEvent::DISCONNECTED, 8), after(start, 3));
        }
        // Clients come and go.
        assert_eq!(listens.due(), None);
        assert_eq!(needs.due(), Some(after(start, 5)));
        assert_eq!(needs.say(None).unwrap(), "nobody is connected to tcp://*:1; waiting");
        let line = needs.hear(&event(SocketEvent::ACCEPTED, 9), start);
        assert_eq!(line.as_deref(), Some("a peer has connected to tcp://*:1"));
    }
}
