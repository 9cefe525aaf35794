//! Free ports for the programs that bind.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// Below the ports that the OS gives to those who do not ask for one: while a program is down, none
/// of them takes its port.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that nobody uses now.
///
/// # Errors
///
/// There is none.
pub fn free() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Another lab counts from another port.
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or(0);
    (0..COUNT)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7).wrapping_add(start))
        .map(|number| FIRST + number % COUNT)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no free port")
}
