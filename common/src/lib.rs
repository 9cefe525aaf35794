//! What more than one of the programs needs. Nothing here creates, binds, connects or loops on a
//! program's socket: those calls are the lesson, and stand in each program's `main.rs`.

pub mod bad_message;
pub mod cli;
pub mod curve;
pub mod endpoint;
pub mod exit;
pub mod latency;
pub mod logging;
pub mod message;
pub mod monitor;
pub mod output;
pub mod payload;
pub mod pickle;
pub mod scheduling;
pub mod shutdown;
pub mod socket_ext;
pub mod text;
