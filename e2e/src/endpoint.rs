//! Endpoints that no other test uses.

use std::fs::File;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::lock::lock;

/// A TCP endpoint for this test only. It is known before any program binds it.
///
/// All of 127.0.0.0/8 is this host. So every test process has its own address, made from its
/// process id, and counts its ports up. No port has to be found free and released, and perhaps lost
/// to another program.
pub fn endpoint() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // Below the ports that the OS assigns by itself.
    let port = 20_000 + COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("tcp://127.{}.{middle}.{low}:{port}", 128 + high % 64)
}

/// The article's ports, for one test at a time: 5555, 5577 and 5578.
#[must_use = "dropping this releases the ports to other tests"]
pub struct DefaultPorts {
    _lock: File,
}

impl DefaultPorts {
    /// Waits until no other test uses the ports.
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
