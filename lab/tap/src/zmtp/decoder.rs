//! The decoder of one direction.

use super::command::{Body, Command};
use super::frame::Header;
use super::greeting::{self, Greeting};
use super::message::Kept;
use super::{COMMAND_START, FRAME_START, Seen};

/// Reads one direction of a connection, from its first byte on, in pieces of any size: what it
/// sees does not depend on where they are split.
///
/// A direction is read without the other. Its own greeting says all that is needed: a connection
/// only comes about if both sides name the same mechanism. Where a peer falls back to ZMTP 2
/// because the other one speaks nothing newer, what follows is no greeting of version 3, and so
/// [`Seen::Unknown`].
#[derive(Debug)]
pub struct Decoder {
    state: State,
    security: Security,
    /// Whether this side has said all that its handshake needs, so that messages may follow.
    ready: bool,
    /// Whether the sender is a SUB or XSUB socket, whose subscriptions may come as messages.
    subscriber: bool,
    /// The beginning of the greeting, header or frame that is being read.
    kept: Vec<u8>,
    message: Kept,
    /// Whether the last frame's message has more.
    message_goes_on: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Greeting,
    Header,
    Body {
        header: Header,
        left: u64,
    },
    /// `Unknown` is to be reported.
    Lost,
    /// It was reported: all else passes unseen.
    Blind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Security {
    Null,
    Plain,
    Curve,
}

/// What a step came to.
enum Step {
    /// Nothing: more bytes have to come.
    Wait,
    /// Nothing yet: another step can be made.
    Again,
    Greeting(Greeting),
    Command(Command),
    Message,
    Encrypted(u64),
    Unknown,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder for a new connection.
    pub fn new() -> Self {
        Self {
            state: State::Greeting,
            security: Security::Null,
            ready: false,
            subscriber: false,
            kept: Vec::new(),
            message: Kept::default(),
            message_goes_on: false,
        }
    }

    /// Reads on in `bytes`, of which only what is still to be read is left, until there is
    /// something to tell. `None` says that all bytes are read. [`Seen::Unknown`] comes at most
    /// once, and nothing after it.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Seen<'_>> {
        let step = loop {
            match self.step(bytes) {
                Step::Again => {}
                step => break step,
            }
        };
        match step {
            Step::Wait | Step::Again => None,
            Step::Greeting(greeting) => Some(Seen::Greeting(greeting)),
            Step::Command(command) => Some(Seen::Command(command)),
            Step::Message => Some(Seen::Message(self.message.message())),
            Step::Encrypted(bytes) => Some(Seen::Encrypted { bytes }),
            Step::Unknown => Some(Seen::Unknown),
        }
    }

    fn step(&mut self, bytes: &mut &[u8]) -> Step {
        match self.state {
            State::Greeting => self.greeting(bytes),
            State::Header => self.header(bytes),
            State::Body { header, left } => self.body(bytes, header, left),
            State::Lost => {
                self.state = State::Blind;
                Step::Unknown
            }
            State::Blind => {
                *bytes = &[];
                Step::Wait
            }
        }
    }

    fn greeting(&mut self, bytes: &mut &[u8]) -> Step {
        self.keep(bytes, greeting::SIZE);
        match Greeting::parse(&self.kept) {
            Err(()) => self.lose(),
            Ok(None) => Step::Wait,
            Ok(Some(greeting)) => {
                self.state = State::Header;
                self.kept.clear();
                match greeting.mechanism.as_str() {
                    "NULL" => self.security = Security::Null,
                    "PLAIN" => self.security = Security::Plain,
                    "CURVE" => self.security = Security::Curve,
                    _ => self.state = State::Lost,
                }
                Step::Greeting(greeting)
            }
        }
    }

    fn header(&mut self, bytes: &mut &[u8]) -> Step {
        // The first byte tells how many there are.
        self.keep(bytes, 1);
        let size = Header::size(&self.kept);
        self.keep(bytes, size);
        if self.kept.len() < size.max(2) {
            return Step::Wait;
        }
        let Some(header) = Header::parse(&self.kept) else { return self.lose() };
        self.kept.clear();
        self.state = State::Body { header, left: header.bytes };
        Step::Again
    }

    fn body(&mut self, bytes: &mut &[u8], header: Header, left: u64) -> Step {
        let here = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let (mut part, rest) = bytes.split_at(here);
        *bytes = rest;
        self.keep(&mut part, if header.command { COMMAND_START } else { FRAME_START });
        let left = left - here as u64;
        if left > 0 {
            self.state = State::Body { header, left };
            return Step::Wait;
        }
        self.state = State::Header;
        let step = if self.security == Security::Curve && self.kept.starts_with(b"\x07MESSAGE") {
            // libzmq sends these as messages, RFC 26 has them as commands.
            if self.ready { Step::Encrypted(header.bytes) } else { self.lose() }
        } else if header.command {
            self.command(header)
        } else {
            self.frame(header)
        };
        self.kept.clear();
        step
    }

    fn command(&mut self, header: Header) -> Step {
        let Some(body) = Body::parse(&self.kept, header.bytes) else { return self.lose() };
        if matches!(body.name, "READY" | "INITIATE") {
            self.ready = true;
            let mut types = body.properties().filter(|(name, _)| is_socket_type(name));
            self.subscriber = types.any(|(_, value)| matches!(value, b"SUB" | b"XSUB"));
        }
        Step::Command(body.command(self.security == Security::Curve))
    }

    fn frame(&mut self, header: Header) -> Step {
        if !self.ready || self.security == Security::Curve {
            return self.lose();
        }
        if let Some(subscription) = self.subscription(header) {
            return Step::Command(subscription);
        }
        if !self.message_goes_on {
            self.message.clear();
        }
        self.message_goes_on = header.more;
        self.message.push(&self.kept, header.bytes);
        if header.more { Step::Again } else { Step::Message }
    }

    /// The subscription that a message of one frame is in ZMTP 3.0.
    fn subscription(&self, header: Header) -> Option<Command> {
        if !self.subscriber || header.more || self.message_goes_on {
            return None;
        }
        let (name, rest) = match self.kept.split_first()? {
            (1, rest) => ("SUBSCRIBE", rest),
            (0, rest) => ("CANCEL", rest),
            _ => return None,
        };
        let cut = header.bytes > self.kept.len() as u64;
        Some(Body { name, rest, cut, bytes: header.bytes }.command(false))
    }

    /// Moves bytes into `kept`, until it has so many.
    fn keep(&mut self, bytes: &mut &[u8], size: usize) {
        let missing = size.saturating_sub(self.kept.len()).min(bytes.len());
        let (part, rest) = bytes.split_at(missing);
        self.kept.extend_from_slice(part);
        *bytes = rest;
    }

    fn lose(&mut self) -> Step {
        self.state = State::Lost;
        Step::Again
    }
}

/// Whether a property is the type of the sender's socket.
fn is_socket_type(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"Socket-Type")
}
