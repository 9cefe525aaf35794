//! ZMTP 3.0 and 3.1 ([RFC 23](https://rfc.zeromq.org/spec/23/),
//! [RFC 37](https://rfc.zeromq.org/spec/37/)) as somebody reads it who only listens: no sockets
//! here, no clock, and never more than the beginning of a frame in memory.

mod command;
mod decoder;
mod frame;
mod greeting;
mod message;
mod text;

pub use command::Command;
pub use decoder::Decoder;
pub use greeting::Greeting;
pub use message::{Frame, Message};

/// How many bytes of a message's frame are kept: enough for 80 characters of any script.
pub const FRAME_START: usize = 320;
/// How many frames of a message are kept.
pub const MESSAGE_FRAMES: usize = 16;
/// How many bytes of a command are kept.
pub const COMMAND_START: usize = 1024;

/// What a [`Decoder`] read. It borrows the decoder's memory; [`Seen::into_owned`] copies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// The first 64 bytes of a connection.
    Greeting(Greeting),
    /// A command: a part of the handshake, a subscription or a heartbeat. A subscription that
    /// ZMTP 3.0 sends as a message counts as a command.
    Command(Command),
    /// A message with all its frames.
    Message(Message<'a>),
    /// A frame that is encrypted by CURVE: a frame of a message, or a command. Which of them does
    /// not show.
    Encrypted {
        /// The size of the encrypted frame. libzmq needs 33 bytes more than it encrypts.
        bytes: u64,
    },
    /// What follows is no ZMTP 3, or not as it should be. The decoder reads no further.
    Unknown,
}

impl Seen<'_> {
    /// The same, with memory of its own.
    pub fn into_owned(self) -> Seen<'static> {
        match self {
            Seen::Greeting(greeting) => Seen::Greeting(greeting),
            Seen::Command(command) => Seen::Command(command),
            Seen::Message(message) => Seen::Message(message.into_owned()),
            Seen::Encrypted { bytes } => Seen::Encrypted { bytes },
            Seen::Unknown => Seen::Unknown,
        }
    }
}
