//! Any bytes are either a pickle of plain data that can be printed, or refused.

#![no_main]

use common::message::payload::{Kind, Payload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match Payload::decode(Kind::Pyobj, &[bytes]) {
    Ok(payload) => drop(payload.to_string()),
    Err(bad) => drop(bad.to_string()),
});
