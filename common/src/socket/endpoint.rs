//! Endpoints: where a socket binds or connects, and the article's default ones.

use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::slice;
use std::str::FromStr;

/// Ports of the article's programs, each written once.
pub mod port {
    /// Request-reply.
    pub const REQ_REP: u16 = 5555;
    /// Publish-subscribe: the article uses the same port, so run one of the two patterns at a time.
    pub const PUB_SUB: u16 = REQ_REP;
    /// Pipeline: tasks, from the producer to the consumers.
    pub const TASKS: u16 = 5577;
    /// Pipeline: results, from the consumers to the collector.
    pub const RESULTS: u16 = 5578;
    /// Reliable pipeline: acknowledgements, from the sink to the dispatcher.
    pub const ACKS: u16 = 5579;
    /// Reliable pipeline: progress, from the dispatcher to anyone who subscribes.
    pub const PROGRESS: u16 = 5580;
}

/// A libzmq endpoint such as `tcp://*:5555`, checked for its form when it is parsed.
///
/// Whether the host exists or the port is free, only `bind` and `connect` can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// `tcp://*:PORT`: every network interface of this host, for a socket that binds.
    #[must_use]
    pub fn every_interface(port: u16) -> Self {
        Self(format!("tcp://*:{port}"))
    }

    /// `tcp://localhost:PORT`: a peer on this host, for a socket that connects.
    #[must_use]
    pub fn localhost(port: u16) -> Self {
        Self(format!("tcp://localhost:{port}"))
    }

    /// The host and port of a peer at a `tcp://` endpoint. What stands before a semicolon is where to
    /// connect from.
    pub fn tcp_address(&self) -> Option<&str> {
        let address = self.0.strip_prefix("tcp://")?;
        Some(address.rsplit_once(';').map_or(address, |(_from, to)| to))
    }

    /// Whether the endpoint holds an IPv6 address, which libzmq resolves only with `ZMQ_IPV6` on.
    pub fn is_ipv6(&self) -> bool {
        self.0.contains("://[")
    }

    /// Whether the OS is to choose the port, or libzmq the path, of a socket that binds.
    pub fn is_chosen_by_bind(&self) -> bool {
        match self.0.split_once("://") {
            Some(("ipc", path)) => path.starts_with('*'),
            Some((_, address)) => {
                let port = address.rsplit_once(':').map(|(_host, port)| port);
                port.is_some_and(|port| port == "*" || port.parse() == Ok(0_u16))
            }
            None => false,
        }
    }

    /// The path of the file that a socket of this endpoint is.
    pub fn socket_file(&self) -> Option<&Path> {
        let path = self.0.strip_prefix("ipc://")?;
        // An abstract name has no file, and one that libzmq chooses is new.
        (!path.starts_with(['@', '*'])).then_some(Path::new(path))
    }

    /// The transport and port of an endpoint that stands for every network interface.
    pub fn open_to_every_host(&self) -> Option<(&str, &str)> {
        let (transport, address) = self.0.split_once("://")?;
        let (host, port) = address.rsplit_once(':')?;
        (transport != "ipc" && matches!(host, "*" | "0.0.0.0" | "[::]" | "::"))
            .then_some((transport, port))
    }
}

/// One endpoint, where several would do.
impl AsRef<[Endpoint]> for Endpoint {
    fn as_ref(&self) -> &[Endpoint] {
        slice::from_ref(self)
    }
}

/// An endpoint is the text that `bind` and `connect` take.
impl Deref for Endpoint {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not an endpoint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No `://`, or nothing on one side of it.
    #[error(
        "an endpoint is TRANSPORT://ADDRESS, such as tcp://localhost:5555 or ipc:///tmp/socket"
    )]
    Form,
    /// A TCP address that does not end in a port.
    #[error("a tcp:// endpoint ends in a port from 0 to 65535, such as tcp://localhost:5555")]
    Port,
    /// An IPv6 address without brackets, whose last group would be taken for a port.
    #[error("an IPv6 address stands in brackets, such as tcp://[::1]:5555")]
    Brackets,
    /// `inproc://`, whose sockets must share a context.
    #[error(
        "inproc:// connects sockets within one process, and this program has no peer in its own"
    )]
    Inproc,
    /// A transport that the libzmq of this build does not have.
    #[error("this build of libzmq has no {0}:// transport")]
    Transport(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (transport, address) = text.split_once("://").ok_or(EndpointError::Form)?;
        if transport.is_empty() || address.is_empty() {
            return Err(EndpointError::Form);
        }
        match transport {
            "tcp" if !ends_in_port(address) => Err(EndpointError::Port),
            "tcp" if lacks_brackets(address) => Err(EndpointError::Brackets),
            "inproc" => Err(EndpointError::Inproc),
            _ if !is_built_in(transport) => Err(EndpointError::Transport(transport.to_owned())),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

/// `*` lets the OS choose the port.
fn ends_in_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && (port == "*" || port.parse::<u16>().is_ok())
    })
}

fn lacks_brackets(address: &str) -> bool {
    address.split(';').any(|address| address.matches(':').count() > 1 && !address.starts_with('['))
}

/// `zmq_has` knows the optional transports only, and spells the WebSocket ones in capitals.
fn is_built_in(transport: &str) -> bool {
    let has = |capability: &str| zmq::has(capability) == Some(true);
    match transport {
        "tcp" | "udp" => true,
        "ipc" | "pgm" | "epgm" | "tipc" | "norm" | "vmci" => has(transport.trim_start_matches('e')),
        "ws" | "wss" => has(&transport.to_uppercase()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Endpoint, EndpointError> {
        text.parse()
    }

    #[test]
    fn endpoints_of_every_built_in_transport_are_accepted_as_they_are() {
        for text in [
            "tcp://*:5555",
            "tcp://localhost:0",
            "tcp://127.0.0.1:*",
            "tcp://[::1]:5555",
            "tcp://eth0;10.0.0.1:5555",
            "ipc:///tmp/socket",
            "ipc://*",
        ] {
            let endpoint = parse(text).unwrap();
            assert_eq!((&*endpoint, endpoint.to_string().as_str()), (text, text));
            assert_eq!(endpoint.is_ipv6(), text.contains("[::1]"), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", EndpointError::Form),
            ("localhost:5555", EndpointError::Form),
            ("://localhost:5555", EndpointError::Form),
            ("tcp://", EndpointError::Form),
            ("tcp://localhost", EndpointError::Port),
            ("tcp://:5555", EndpointError::Port),
            ("tcp://localhost:65536", EndpointError::Port),
            ("tcp://localhost:http", EndpointError::Port),
            ("tcp://::1:5555", EndpointError::Brackets),
            ("tcp://fe80::1%eth0:5555", EndpointError::Brackets),
            ("tcp://::;[::1]:5555", EndpointError::Brackets),
            ("inproc://here", EndpointError::Inproc),
            ("http://localhost:80", EndpointError::Transport("http".to_owned())),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn only_wildcard_hosts_are_open_to_every_host() {
        for open in ["tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://[::]:5555"] {
            assert_eq!(parse(open).unwrap().open_to_every_host(), Some(("tcp", "5555")), "{open}");
        }
        for closed in ["tcp://127.0.0.1:5555", "tcp://localhost:*", "tcp://[::1]:1", "ipc://*"] {
            assert_eq!(parse(closed).unwrap().open_to_every_host(), None, "{closed}");
        }
    }

    #[test]
    fn ports_that_the_os_chooses_and_files_that_sockets_are_are_known() {
        for (text, chosen, file) in [
            ("tcp://*:*", true, None),
            ("tcp://[::1]:00", true, None),
            ("tcp://*:5555", false, None),
            ("ipc://*", true, None),
            ("ipc://@abstract", false, None),
            ("ipc:///tmp/a:0", false, Some("/tmp/a:0")),
            ("ipc://here", false, Some("here")),
        ] {
            let endpoint = parse(text).unwrap();
            let found = (endpoint.is_chosen_by_bind(), endpoint.socket_file());
            assert_eq!(found, (chosen, file.map(Path::new)), "{text}");
        }
    }

    #[test]
    fn defaults_are_the_articles_endpoints() {
        assert_eq!(&*Endpoint::every_interface(port::REQ_REP), "tcp://*:5555");
        assert_eq!(&*Endpoint::localhost(port::TASKS), "tcp://localhost:5577");
        assert_eq!(&*Endpoint::localhost(port::RESULTS), "tcp://localhost:5578");
    }
}
