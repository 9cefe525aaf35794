//! Any text is a certificate or refused.

#![no_main]

use common::curve::certificate::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| drop(Certificate::parse(text)));
