//! What dispatcher, worker and sink share: their [messages](message), and a state machine each: the
//! [schedule] of the dispatcher, the [session] of a worker, and the [output] of the sink. There are
//! no sockets here, no clocks and no files. `../PROTOCOL.md` says how they play together.

pub mod failures;
pub mod known;
pub mod line;
pub mod message;
pub mod output;
pub mod ranges;
pub mod schedule;
pub mod session;
pub mod task_set;

/// The version of the protocol that is spoken here. A peer of another one is refused.
pub const VERSION: u32 = 2;
