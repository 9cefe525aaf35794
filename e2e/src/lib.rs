//! The test kit: real processes and real sockets, with free endpoints, deadlines and no sleeps.
//!
//! A test starts programs ([`rust`], [`python`]), waits until a printed line shows that they are
//! ready, talks to them over plain sockets ([`Peers`]), and ends them. Even when it fails, no
//! process outlives its test, and no test runs much longer than [`DEADLINE`].

mod browser;
mod endpoint;
mod foreign;
mod hosts;
mod keys;
mod link;
mod lock;
mod process;
mod program;
mod skip;
mod sockets;
mod watched;
mod workspace;

use std::time::Duration;

pub use browser::browser;
pub use endpoint::{DefaultPorts, endpoint};
pub use foreign::ForeignPeers;
pub use hosts::Hosts;
pub use keys::Keys;
pub use link::Link;
pub use nix::sys::signal::Signal;
pub use process::{Ended, Process, group_exists};
pub use program::{Language, PROGRAMS, Program, python, rust, script, shell};
pub use skip::skip;
pub use sockets::{
    Events, Peers, curve_client, curve_server, receive, receive_json, receive_result, send,
};
pub use watched::Stream;
pub use workspace::root;

/// How long a test waits for anything before it fails: much longer than anything needs, even on a
/// busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long a program may take to end after a signal: a promise to its users, and so a time. Where
/// the machine is too busy to run the program in time, what counts the time is late as well.
pub const PROMPTLY: Duration = Duration::from_secs(1);
