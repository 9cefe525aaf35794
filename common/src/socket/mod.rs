//! Sockets that bind and connect with all that the command line says.

pub mod bind;
pub mod calls;
pub mod curve;
pub mod endpoint;
mod ipc;
pub mod monitor;
pub mod options;
mod resolve;

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use zmq::{Context, SocketType};

use endpoint::Endpoint;
use monitor::{Connections, Side};
use options::SocketArgs;

/// How many connections may wait until the program accepts them: as many as the OS allows. With
/// libzmq's 100 some of a thousand clients that come at once would wait until the OS tries again to
/// connect them, a second later or more (`ZMQ_BACKLOG`).
const BACKLOG: i32 = i32::MAX;

/// The I/O thread of most connections, as a bit of `ZMQ_AFFINITY`.
const IO_THREAD: u64 = 0b01;
/// The I/O thread of connections to peers whose names have to be asked for.
const NAMES_THREAD: u64 = 0b10;

/// Makes a context with the I/O threads that [`Socket`]s use.
///
/// # Errors
///
/// What the context refuses.
pub fn context() -> Result<Context> {
    let context = Context::new();
    context.set_io_threads(2).context("cannot set the number of I/O threads")?;
    Ok(context)
}

/// A `zmq::Socket`, with the limits, heartbeats and keys of the command line, and with a monitor.
///
/// It has the calls of the zmq crate, but for `bind` and `connect`, which are its own, and for the
/// article's [calls].
pub struct Socket {
    inner: zmq::Socket,
    context: Context,
    options: SocketArgs,
    connections: Arc<Connections>,
}

impl Socket {
    /// Makes a socket of `context`, made by [`context`]. Options of the zmq crate may be set on it until it binds or
    /// connects.
    ///
    /// # Errors
    ///
    /// What the context or the socket refuses; a monitor that cannot start.
    pub fn new(context: &Context, kind: SocketType, options: &SocketArgs) -> Result<Self> {
        let create = || format!("cannot create a {kind:?} socket");
        let socket = context.socket(kind).with_context(create)?;
        options.apply(&socket, kind)?;
        socket.set_affinity(IO_THREAD).context("cannot choose an I/O thread")?;
        let connections = monitor::start(context, &socket)?;
        let (context, options) = (context.clone(), options.clone());
        Ok(Self { inner: socket, context, options, connections })
    }

    /// Listens on each endpoint. With CURVE flags the socket is a CURVE server; without them, a
    /// warning names each endpoint that every host can reach.
    ///
    /// # Errors
    ///
    /// The endpoint that cannot be bound, with the reason; those of [`curve::CurveArgs`].
    pub fn bind(&self, endpoints: impl AsRef<[Endpoint]>) -> Result<()> {
        self.set_backlog(BACKLOG).context("cannot set the backlog")?;
        self.options.curve.make_server(&self.context, &self.inner)?;
        for endpoint in endpoints.as_ref() {
            self.set_ipv6(endpoint.is_ipv6()).context("cannot switch IPv6 on")?;
            bind::bind(&self.inner, endpoint)?;
            self.warn_if_open(endpoint);
            self.connections.watch(endpoint, self.side()?);
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
        self.options.curve.make_client(&self.inner)?;
        for endpoint in endpoints.as_ref() {
            let route = resolve::route(endpoint);
            self.set_ipv6(route.ipv6).context("cannot switch IPv6 on")?;
            let thread = if route.asks { NAMES_THREAD } else { IO_THREAD };
            self.set_affinity(thread).context("cannot choose an I/O thread")?;
            bind::call(|| self.inner.connect(endpoint))
                .with_context(|| format!("cannot connect to {endpoint}"))?;
            self.connections.watch(endpoint, Side::Connects);
        }
        Ok(())
    }

    /// The program itself says whom it waits for ([`crate::program::waiting`]). To be called before
    /// the socket binds or connects.
    pub fn leave_waiting_to_program(&self) {
        self.connections.leave_waiting_to_program();
    }

    /// What is known of the connections of this socket.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// What the peers of this socket mean to it, where it listens.
    fn side(&self) -> Result<Side> {
        let kind = self.get_socket_type().context("cannot ask for the socket's type")?;
        Ok(match kind {
            // A pipeline without its next step stands still.
            zmq::PUSH | zmq::PULL => Side::Needs,
            zmq::PUB => Side::Publishes,
            _ => Side::Listens,
        })
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
        &self.inner
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    #[test]
    fn a_context_has_a_thread_for_names_beside_that_for_messages() {
        assert_eq!(context().unwrap().get_io_threads().unwrap(), 2);
    }

    #[test]
    fn a_pipeline_needs_its_peers_and_a_publisher_does_without() {
        let defaults = SocketArgs::augment_args(Command::new("test")).get_matches_from([""]);
        let options = SocketArgs::from_arg_matches(&defaults).unwrap();
        let context = context().unwrap();
        for (kind, side) in [
            (zmq::PUSH, Side::Needs),
            (zmq::PULL, Side::Needs),
            (zmq::PUB, Side::Publishes),
            (zmq::REP, Side::Listens),
        ] {
            assert_eq!(Socket::new(&context, kind, &options).unwrap().side().unwrap(), side);
        }
    }
}
