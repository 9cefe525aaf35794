//! The declarations of zmq-sys, in the workspace of the programs, and omq-libzmq, which has a C
//! function for each of them.

#[path = "../../../../../zmq-sys/src/errno.rs"]
pub mod errno;
#[path = "../../../../../zmq-sys/src/ffi.rs"]
#[allow(
    missing_docs,
    non_camel_case_types,
    clippy::pedantic,
    reason = "generated, with the names of zmq.h, where they are documented"
)]
mod ffi;
#[path = "../../../../../zmq-sys/src/protocol_error.rs"]
pub mod protocol_error;

pub use std::os::fd::RawFd;

pub use ffi::*;
// Nothing calls it by its Rust names.
use omq_zmq as _;
