//! Any bytes are a certificate or refused.

#![no_main]

use common::socket::curve::certificate::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| drop(Certificate::parse(bytes)));
