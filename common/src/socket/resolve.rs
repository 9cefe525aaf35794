//! Host names, before libzmq sees them.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::endpoint::Endpoint;

/// How long the OS may take to resolve a name until it is left to libzmq, which tries again.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How an endpoint is to be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// Whether the peer has nothing but IPv6 addresses. libzmq takes the first address of a name
    /// that has both, so `ZMQ_IPV6` is for these alone.
    pub(super) ipv6: bool,
    /// Whether libzmq has to ask a name server. It does so in an I/O thread, which serves no other
    /// connection meanwhile, so such connections have one of their own.
    pub(super) asks: bool,
}

/// How `endpoint` is to be connected to, as far as the OS knows in time.
pub(super) fn route(endpoint: &Endpoint) -> Route {
    let Some(address) = endpoint.tcp_address() else { return Route { ipv6: false, asks: false } };
    if let Ok(address) = address.parse::<SocketAddr>() {
        return Route { ipv6: address.is_ipv6(), asks: false };
    }
    let ipv6 = resolve(address.to_owned())
        .is_some_and(|addresses| addresses.iter().all(SocketAddr::is_ipv6));
    Route { ipv6, asks: !address.starts_with("localhost:") }
}

fn resolve(address: String) -> Option<Vec<SocketAddr>> {
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new().name("resolver".to_owned()).spawn(move || {
        // Nobody listens after the timeout.
        let _ = sender.send(address.to_socket_addrs().map(Iterator::collect));
    });
    spawned.ok()?;
    receiver.recv_timeout(TIMEOUT).ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_for_peers_that_have_nothing_else() {
        for (endpoint, ipv6, asks) in [
            ("tcp://127.0.0.1:5555", false, false),
            ("tcp://[::1]:5555", true, false),
            ("tcp://eth0;[::1]:5555", true, false),
            ("tcp://localhost:5555", false, false),
            ("tcp://no.such.host.invalid:5555", false, true),
            ("ipc:///tmp/socket", false, false),
        ] {
            let route = route(&endpoint.parse().unwrap());
            assert_eq!(route, Route { ipv6, asks }, "{endpoint}");
        }
    }

    #[test]
    fn the_os_is_asked_for_the_addresses_of_a_name() {
        // Without brackets it is a name to the standard library, though not to the OS.
        assert_eq!(resolve("::1:5555".to_owned()), Some(vec!["[::1]:5555".parse().unwrap()]));
        assert_eq!(resolve("no.such.host.invalid:5555".to_owned()), None);
    }
}
