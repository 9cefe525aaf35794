//! What dispatcher, worker and sink share: their [messages](message), the [numbers](ranges) of
//! tasks as ranges, and the [schedule], which is all that a dispatcher knows of its job and has no
//! sockets. `../PROTOCOL.md` tells how they play together.

pub mod message;
pub mod ranges;
pub mod schedule;
mod worker;

/// The version of the protocol that is spoken here. A peer of another one is refused.
pub const VERSION: u32 = 1;
