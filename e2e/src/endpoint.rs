//! Endpoints that nobody else uses.

use std::fs::File;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::lock::lock;

/// A TCP endpoint for this test alone, to be bound by any program and known before it is.
///
/// All of 127.0.0.0/8 is this host, so every test process has an address of its own, made from its
/// process id, and counts its ports up: no port has to be found free, given back, and hoped to be
/// free still.
#[must_use]
pub fn endpoint() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // Below the ports that the system hands out by itself.
    let port = 20_000 + COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("tcp://127.{}.{middle}.{low}:{port}", 128 + high % 64)
}

/// The article's ports, for one test at a time: 5555, 5577 and 5578.
#[must_use = "the ports are another test's again when this is dropped"]
pub struct DefaultPorts {
    _lock: File,
}

impl DefaultPorts {
    /// Waits for the tests that use the ports now.
    pub fn take() -> Self {
        let lock = lock("default-ports");
        for port in [5555, 5577, 5578] {
            if let Err(error) = TcpListener::bind(("0.0.0.0", port)) {
                panic!("these tests need port {port} of this host: {error}");
            }
        }
        Self { _lock: lock }
    }
}
