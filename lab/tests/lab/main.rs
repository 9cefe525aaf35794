//! The lab, as its page uses it: real processes, real sockets, and HTTP.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "that is how a test fails")]

mod actions;
mod ends;
mod gate;
mod kit;
mod replay;
mod scenes;
mod verdicts;
