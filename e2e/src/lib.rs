//! The test kit: real processes and real sockets, with free endpoints, deadlines and no sleeps.
//!
//! A test starts programs ([`rust`], [`python`]), waits until they have printed what shows that
//! they are ready, talks to them over plain sockets ([`Peers`]), and ends them. Whatever goes
//! wrong, no process outlives its test, and no test outlives [`DEADLINE`] by much.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a kit for tests: all of it panics to fail the test"
)]

mod endpoint;
mod hosts;
mod keys;
mod lock;
mod process;
mod program;
mod sockets;

use std::time::Duration;

pub use endpoint::{DefaultPorts, endpoint};
pub use hosts::Hosts;
pub use keys::Keys;
pub use nix::sys::signal::Signal;
pub use process::{Ended, Process, Stream, group_exists};
pub use program::{Language, PROGRAMS, Program, python, root, rust, script, shell};
pub use sockets::{Events, Peers, receive_result};

/// How long a test waits for anything before it fails: much longer than it takes, even on a busy
/// machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long a program may take to end after a signal.
pub const PROMPTLY: Duration = Duration::from_secs(1);
