//! Sockets that bind and connect with all that the command line says.

pub mod bind;
pub mod calls;
pub mod curve;
pub mod endpoint;
mod ipc;
pub mod monitor;
pub mod options;

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use zmq::{Context, SocketType};

use endpoint::Endpoint;
use monitor::Connections;
use options::SocketArgs;

/// How many connections may wait until the program accepts them: as many as the OS allows. With
/// libzmq's 100 some of a thousand clients that come at once would wait until the OS tries again to
/// connect them, a second later or more (`ZMQ_BACKLOG`).
const BACKLOG: i32 = i32::MAX;

/// A `zmq::Socket`, with the limits, heartbeats and keys of the command line, and with a monitor.
///
/// It has the calls of the zmq crate, but for `bind` and `connect`, which are its own, and for the
/// article's [calls].
pub struct Socket {
    socket: zmq::Socket,
    context: Context,
    options: SocketArgs,
    connections: Arc<Connections>,
}

impl Socket {
    /// Makes a socket of `context`. Options of the zmq crate may be set on it until it binds or
    /// connects.
    ///
    /// # Errors
    ///
    /// What the context or the socket refuses; a monitor that cannot start.
    pub fn new(context: &Context, kind: SocketType, options: &SocketArgs) -> Result<Self> {
        let create = || format!("cannot create a {kind:?} socket");
        let socket = context.socket(kind).with_context(create)?;
        options.apply(&socket)?;
        let connections = monitor::start(context, &socket)?;
        let (context, options) = (context.clone(), options.clone());
        Ok(Self { socket, context, options, connections })
    }

    /// Listens on each endpoint. With CURVE flags the socket is a CURVE server; without them, a
    /// warning names each endpoint that every host can reach.
    ///
    /// # Errors
    ///
    /// The endpoint that cannot be bound, with the reason; those of [`curve::CurveArgs`].
    pub fn bind(&self, endpoints: impl AsRef<[Endpoint]>) -> Result<()> {
        self.set_backlog(BACKLOG).context("cannot set the backlog")?;
        self.options.curve.make_server(&self.context, &self.socket)?;
        for endpoint in self.reachable(endpoints.as_ref())? {
            bind::bind(&self.socket, endpoint)?;
            self.warn_if_open(endpoint);
        }
        Ok(())
    }

    /// Connects to each endpoint, now or as soon as somebody listens there. With CURVE flags the
    /// socket is a CURVE client.
    ///
    /// # Errors
    ///
    /// The endpoint that libzmq refuses, with the reason; those of [`curve::CurveArgs`].
    pub fn connect(&self, endpoints: impl AsRef<[Endpoint]>) -> Result<()> {
        self.options.curve.make_client(&self.socket)?;
        for endpoint in self.reachable(endpoints.as_ref())? {
            self.socket
                .connect(endpoint)
                .with_context(|| format!("cannot connect to {endpoint}"))?;
        }
        Ok(())
    }

    /// What is known of the connections of this socket.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// libzmq takes an IPv6 address only with `ZMQ_IPV6` on.
    fn reachable<'a>(&self, endpoints: &'a [Endpoint]) -> Result<&'a [Endpoint]> {
        if endpoints.iter().any(Endpoint::is_ipv6) {
            self.set_ipv6(true).context("cannot switch IPv6 on")?;
        }
        Ok(endpoints)
    }

    fn warn_if_open(&self, endpoint: &Endpoint) {
        if let (Some((transport, port)), false) =
            (endpoint.open_to_every_host(), self.options.curve.is_on())
        {
            tracing::warn!(
                "{endpoint} lets in every host that can reach this one; lock it with --curve-secret \
                 and --curve-allow, or keep it on this host: {transport}://127.0.0.1:{port}"
            );
        }
    }
}

impl Deref for Socket {
    type Target = zmq::Socket;

    fn deref(&self) -> &zmq::Socket {
        &self.socket
    }
}
