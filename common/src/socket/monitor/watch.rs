//! Whether anybody is at the other end of a socket, and when that is to be said.
//!
//! No sockets and no clock: events and times come in, lines come out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use zmq::SocketEvent;

use super::Missing;
use super::event::{Event, Own, os_error};

/// How long a socket may be alone before that is said.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same, before a program that says so itself is to know the reason.
const BEFORE_PROGRAM: Duration = Duration::from_secs(1);

/// `EINPROGRESS`: an attempt to connect has begun.
const IN_PROGRESS: u32 = 115;

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
    /// Why a side that connects did not reach anybody: the OS's error number.
    unreached: Option<u32>,
    /// What was wrong when a side that connects did reach somebody, until it is mended.
    trouble: Option<(SocketEvent, u32)>,
    /// Since when nobody is there.
    alone: Option<Instant>,
    /// Whether that was said.
    said: bool,
    /// Why the endpoint's name leads nowhere.
    unresolved: Option<String>,
    /// The program itself says that nobody is there.
    is_left_to_program: bool,
}

impl Watch {
    pub(super) fn new(endpoint: &str, side: Side, now: Instant) -> Self {
        let (endpoint, open) = (endpoint.to_owned(), BTreeSet::new());
        Self {
            endpoint,
            side,
            open,
            unreached: None,
            trouble: None,
            alone: Some(now),
            said: false,
            unresolved: None,
            is_left_to_program: false,
        }
    }

    /// The same, for a program that says itself that nobody is there.
    pub(super) fn left_to_program(self) -> Self {
        Self { is_left_to_program: true, ..self }
    }

    /// The peer that is missing, if one ought to be there.
    pub(super) fn missing(&self) -> Option<Missing> {
        self.alone.filter(|_| self.side == Side::Connects)?;
        let why = self.unresolved.clone().or(self.unreached.map(os_error));
        Some(Missing { why, is_said: self.trouble.is_some() })
    }

    /// The endpoint, and which end of its connections it is.
    pub(super) fn place(&self) -> (String, Side) {
        (self.endpoint.clone(), self.side)
    }

    /// Learns from an event of the socket. Returns what to say of a peer that has come.
    pub(super) fn hear(&mut self, event: &Event, now: Instant) -> Option<String> {
        match (self.side, event.kind) {
            (Side::Connects, _) if event.endpoint != self.endpoint => {}
            (Side::Connects, SocketEvent::CONNECT_DELAYED) if event.value != IN_PROGRESS => {
                self.unreached = Some(event.value);
            }
            (Side::Connects, SocketEvent::CONNECTED) => self.unreached = None,
            (Side::Connects, SocketEvent::HANDSHAKE_SUCCEEDED) => return self.arrived(),
            (Side::Connects, SocketEvent::DISCONNECTED) => {
                self.alone.get_or_insert(now);
            }
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

    /// What an event says is wrong, unless that was said already of what is there.
    pub(super) fn trouble(&mut self, event: &Event, own: Own) -> Option<String> {
        let connects = self.side == Side::Connects;
        if connects && event.endpoint != self.endpoint {
            return None;
        }
        let line = event.trouble(own, connects)?;
        if !connects {
            return Some(line);
        }
        let known = self.trouble.replace((event.kind, event.value));
        if known == self.trouble {
            return None;
        }
        // That nobody answers is no news any more.
        self.said = true;
        Some(format!("{line}; trying again"))
    }

    fn arrived(&mut self) -> Option<String> {
        (self.alone, self.unreached, self.unresolved, self.trouble) = (None, None, None, None);
        let endpoint = &self.endpoint;
        let was_said = std::mem::take(&mut self.said) && !self.is_left_to_program;
        was_said.then(|| match self.side {
            Side::Connects => format!("connected to {endpoint}"),
            _ => format!("a peer has connected to {endpoint}"),
        })
    }

    /// When it is time to say that nobody is there, if nobody comes.
    pub(super) fn due(&self) -> Option<Instant> {
        let patience = if self.is_left_to_program { BEFORE_PROGRAM } else { PATIENCE };
        self.alone.filter(|_| !self.said).map(|since| since + patience)
    }

    /// What to say when it is time to, if that is not left to the program, with the resolver's reason
    /// where the endpoint's name is `unresolved`.
    pub(super) fn say(&mut self, unresolved: Option<String>) -> Option<String> {
        self.said = true;
        self.unresolved = unresolved;
        (!self.is_left_to_program).then(|| self.line())
    }

    fn line(&self) -> String {
        let endpoint = &self.endpoint;
        match self.side {
            Side::Connects => {
                let reason = self.missing().and_then(|missing| missing.why);
                let reason = reason.unwrap_or("no answer in time".to_owned());
                format!("nobody answers at {endpoint}: {reason}; waiting")
            }
            Side::Listens | Side::Needs => format!("nobody is connected to {endpoint}; waiting"),
            Side::Publishes => {
                format!("nobody is connected to {endpoint}: what is published now, nobody receives")
            }
        }
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
        watch.hear(&event(SocketEvent::CONNECT_DELAYED, IN_PROGRESS), start);
        assert!(watch.say(None).unwrap().contains(": no answer in time; "));
        watch.hear(&event(SocketEvent::CONNECT_DELAYED, 111), start);
        let line = watch.say(None).unwrap();
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
    fn a_program_that_says_itself_who_is_missing_is_told_why() {
        let start = Instant::now();
        let mut watch = Watch::new("tcp://a:1", Side::Connects, start).left_to_program();
        watch.hear(&event(SocketEvent::CONNECT_DELAYED, 111), start);
        let refused = Missing { why: Some("connection refused".to_owned()), is_said: false };
        assert_eq!(watch.missing(), Some(refused));
        watch.hear(&event(SocketEvent::CONNECTED, 5), start);
        assert_eq!(watch.missing().unwrap().why, None, "somebody is there");
        assert_eq!(watch.due(), Some(after(start, 1)), "in time for the program");
        assert_eq!(watch.say(Some("no such name".to_owned())), None);
        assert_eq!(watch.missing().unwrap().why.unwrap(), "no such name");
        let own = Own { kind: zmq::DEALER, limit: 100 };
        assert!(watch.trouble(&event(SocketEvent::HANDSHAKE_FAILED_AUTH, 400), own).is_some());
        assert!(watch.missing().unwrap().is_said);
        assert_eq!(watch.hear(&event(SocketEvent::HANDSHAKE_SUCCEEDED, 0), start), None);
        assert_eq!(watch.missing(), None);
    }

    #[test]
    fn an_event_of_another_endpoint_changes_nothing() {
        let start = Instant::now();
        let mut watch = Watch::new("tcp://b:1", Side::Connects, start);
        watch.hear(&event(SocketEvent::HANDSHAKE_SUCCEEDED, 0), start);
        assert_eq!(watch.due(), Some(after(start, 2)));
        let own = Own { kind: zmq::REQ, limit: 100 };
        assert_eq!(watch.trouble(&event(SocketEvent::HANDSHAKE_FAILED_AUTH, 400), own), None);
    }

    #[test]
    fn the_same_trouble_is_said_once_and_again_when_it_comes_back() {
        let start = Instant::now();
        let own = Own { kind: zmq::REQ, limit: 100 };
        let mut watch = Watch::new("tcp://a:1", Side::Connects, start);
        let refused = event(SocketEvent::HANDSHAKE_FAILED_AUTH, 400);
        let line = watch.trouble(&refused, own).unwrap();
        assert_eq!(line, "tcp://a:1 refused this program's key (status 400); trying again");
        assert_eq!(watch.trouble(&refused, own), None);
        assert_eq!(watch.due(), None);
        let connected = event(SocketEvent::HANDSHAKE_SUCCEEDED, 0);
        assert_eq!(watch.hear(&connected, start).as_deref(), Some("connected to tcp://a:1"));
        assert!(watch.trouble(&refused, own).is_some());
        // Of the many peers of a side that listens, each is another one.
        let mut watch = Watch::new("tcp://*:1", Side::Listens, start);
        let closed = event(SocketEvent::HANDSHAKE_FAILED_PROTOCOL, 7);
        assert!(watch.trouble(&closed, own).is_some() && watch.trouble(&closed, own).is_some());
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
