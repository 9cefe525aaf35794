//! Any text is either a certificate or refused.

#![no_main]

use common::socket::curve::certificate::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| drop(Certificate::parse(text)));
