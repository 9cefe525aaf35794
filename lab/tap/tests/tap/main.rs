//! Taps between real sockets: they change nothing, tell what passes, break what they are told to
//! break, and stay small.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bounds;
mod faults;
mod hostile;
mod kit;
mod pass;
