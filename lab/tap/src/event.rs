//! What a tap tells.

use crate::zmtp::Seen;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the socket that connects to the one that binds.
    Up,
    /// From the socket that binds to the one that connects.
    Down,
}

/// What happened. Connections are numbered from 1 in the order in which they were accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection was accepted and another one made to the program behind the tap.
    Connected {
        /// Its number.
        connection: u64,
    },
    /// A connection was accepted, but none could be made to the program behind the tap, which has
    /// just stopped listening. The accepted one was closed. libzmq tries again by itself, and is
    /// then refused by the OS, which a tap does not see.
    Refused {
        /// Why, in the OS's words.
        reason: String,
    },
    /// A connection is over: both directions have ended, or it was cut.
    Disconnected {
        /// Its number.
        connection: u64,
    },
    /// Something was read, and has been passed on whole. Of messages and commands in quick
    /// succession, only a sample is told ([`Counts`] has them all).
    Seen {
        /// The number of its connection.
        connection: u64,
        /// Where it goes.
        way: Way,
        /// What it is.
        seen: Seen<'static>,
    },
}

/// Exact totals of one direction, over all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Messages whose last byte was passed on. Subscriptions, heartbeats and other commands are
    /// none. Under CURVE nobody else can tell what a frame holds: there, each encrypted frame
    /// counts.
    pub messages: u64,
    /// All bytes passed on, those of greetings, commands and frame headers included.
    pub bytes: u64,
}

/// Exact totals since the tap was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What went up.
    pub up: Count,
    /// What went down.
    pub down: Count,
    /// Events that were dropped because nobody received them in time. What sampling leaves out is
    /// not counted here.
    pub missed: u64,
}

impl Counts {
    pub(crate) fn of(&mut self, way: Way) -> &mut Count {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}
