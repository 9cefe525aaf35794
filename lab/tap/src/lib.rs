//! A tap is a TCP proxy between a ZeroMQ socket that connects and one that binds. It passes every
//! byte on unchanged, tells what it reads on the way ([`Event`], [`Counts`]), and can break the
//! connection on purpose ([`Link`]).
//!
//! | looking for … | go to … |
//! |---|---|
//! | the proxy | [`Tap`] |
//! | what it tells | [`Event`] for the picture, [`Counts`] for exact numbers, [`Witness`] for each message |
//! | the protocol (ZMTP 3.0 and 3.1), without sockets | [`zmtp::Decoder`] |
//!
//! # Memory
//!
//! For each connection and direction, a tap holds at most [`QUEUE`] bytes that it has not passed
//! on yet, and the beginnings of at most [`zmtp::MESSAGE_FRAMES`] frames. What it tells goes into
//! a bounded channel: when that is full, events are dropped, but the counts stay exact. So neither
//! a slow reader of events nor a peer that does not receive makes it grow. There are at most
//! [`MAX_CONNECTIONS`] connections at a time; others wait in the listener's backlog.

mod connection;
mod event;
mod observer;
mod proxy;
mod queue;
pub mod zmtp;

pub use connection::QUEUE;
pub use event::{Count, Counts, Event, Way};
pub use observer::Witness;
pub use proxy::{Link, MAX_CONNECTIONS, Tap};
