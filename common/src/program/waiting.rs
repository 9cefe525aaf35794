//! Saying whom a program waits for, when that takes long: once, and once more when it is over.
//!
//! For a program that knows more of its peers than that they are connected: it tells its sockets to
//! leave this to it ([`crate::socket::Socket::leave_waiting_to_program`]).

use std::time::Duration;

use crate::socket::Socket;
use crate::socket::monitor::{Missing, NOTE};

/// Nobody waits for longer than this without being told.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a program waits for.
#[derive(Clone, Debug)]
pub struct Wait {
    what: String,
    /// The OS's reason, if there is one.
    why: Option<String>,
    since: Duration,
    /// Whether the socket has said what is wrong.
    is_said: bool,
}

impl Wait {
    /// A wait for `what`, in words, `since` some time.
    pub fn new(what: String, since: Duration) -> Self {
        Self { what, why: None, since, is_said: false }
    }

    /// The same, with what a socket that connects knows of its missing peer.
    #[must_use]
    pub fn at(self, socket: &Socket) -> Self {
        self.knowing(socket.connections().missing())
    }

    fn knowing(self, missing: Option<Missing>) -> Self {
        match missing {
            Some(Missing { why, is_said }) => Self { why, is_said, ..self },
            None => self,
        }
    }
}

/// What a program waits for, and what it has said of that.
#[derive(Default)]
pub struct Waiting {
    current: Option<Wait>,
    is_long: bool,
}

impl Waiting {
    /// Says what there is to say now. The program waits for something, or for nothing.
    pub fn look(&mut self, wait: Option<Wait>, now: Duration) {
        if let Some(line) = self.next(wait, now) {
            tracing::warn!(target: NOTE, "{line}");
        }
    }

    fn next(&mut self, wait: Option<Wait>, now: Duration) -> Option<String> {
        let what = |wait: &Option<Wait>| wait.as_ref().map(|wait| wait.what.clone());
        let is_same = what(&self.current) == what(&wait);
        let before = std::mem::replace(&mut self.current, wait);
        if !is_same {
            let was_long = std::mem::take(&mut self.is_long);
            let Wait { what, since, .. } = before.filter(|_| was_long)?;
            let seconds = now.saturating_sub(since).as_secs();
            return Some(format!("over after {seconds} s: {what}"));
        }
        let wait = self.current.as_ref()?;
        if self.is_long || now.saturating_sub(wait.since) < PATIENCE {
            return None;
        }
        self.is_long = true;
        (!wait.is_said).then(|| wait.to_string())
    }

    /// What the program waits for, in words, once that has taken long.
    pub fn said(&self) -> Option<String> {
        self.current.as_ref().filter(|_| self.is_long).map(Wait::to_string)
    }
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.why {
            Some(why) => write!(f, "{} ({why}): waiting", self.what),
            None => write!(f, "{}: waiting", self.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_said_once_and_its_end_too() {
        let mut waiting = Waiting::default();
        let seconds = Duration::from_secs;
        let sink = |why: Option<&str>| {
            let wait = Wait::new("no sink".to_owned(), seconds(1));
            Some(Wait { why: why.map(str::to_owned), ..wait })
        };
        assert_eq!(waiting.next(None, seconds(0)), None);
        assert_eq!(waiting.next(sink(None), seconds(1)), None);
        assert_eq!(waiting.next(sink(None), seconds(2)), None);
        assert_eq!(waiting.said(), None);
        let line = waiting.next(sink(Some("refused")), seconds(3));
        assert_eq!(line.unwrap(), "no sink (refused): waiting");
        assert_eq!(waiting.next(sink(None), seconds(9)), None, "a new reason is no news");
        assert_eq!(waiting.said().unwrap(), "no sink: waiting");
        assert_eq!(waiting.next(None, seconds(9)).unwrap(), "over after 8 s: no sink");
        assert_eq!(waiting.next(sink(None), seconds(20)), None);
        assert_eq!(waiting.next(None, seconds(20)), None, "of what was not said, no end is");
    }

    #[test]
    fn what_the_socket_has_said_is_not_said_again() {
        let mut waiting = Waiting::default();
        let missing = || Some(Missing { why: Some("refused".to_owned()), is_said: true });
        let wait = || Some(Wait::new("no sink".into(), Duration::ZERO).knowing(missing()));
        for second in 1..9 {
            assert_eq!(waiting.next(wait(), Duration::from_secs(second)), None);
        }
        assert_eq!(waiting.said().unwrap(), "no sink (refused): waiting");
    }
}
