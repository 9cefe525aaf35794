//! Why a name leads nowhere. libzmq's monitor says no more than that the address is invalid.

use std::net::ToSocketAddrs;

/// Resolves the host of a `tcp://` endpoint as libzmq does, and returns the resolver's reason where
/// that fails.
pub(super) fn unresolved(endpoint: &str) -> Option<String> {
    let address = endpoint.strip_prefix("tcp://")?;
    // What stands before a semicolon is the address to connect from.
    let address = address.rsplit_once(';').map_or(address, |(_from, to)| to);
    let error = address.to_socket_addrs().err()?;
    let host = address.rsplit_once(':').map_or(address, |(host, _port)| host);
    // The resolver's own words, without the standard library's.
    let why = error.to_string();
    let why = why.rsplit(": ").next().unwrap_or_default();
    Some(format!("the name {host} cannot be resolved ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_resolved_is_told_from_one_that_can() {
        let line = unresolved("tcp://no.such.host.invalid:5555").unwrap();
        assert!(line.starts_with("the name no.such.host.invalid cannot be resolved ("), "{line}");
        for endpoint in ["tcp://localhost:1", "tcp://eth0;127.0.0.1:1", "ipc:///nobody"] {
            assert_eq!(unresolved(endpoint), None, "{endpoint}");
        }
    }
}
