//! The part of the command line that all programs share.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::Context as _;
use clap::{ArgAction, Args};
use zmq::{Context, Socket, SocketEvent};

use crate::curve::CurveArgs;
use crate::endpoint::Endpoint;
use crate::output::{Format, Output};
use crate::{logging, monitor};

/// How long a socket that is closed keeps trying to deliver what it has sent: a moment, so that no
/// program hangs at its end. In milliseconds (`ZMQ_LINGER`).
const LINGER: i32 = 1000;

/// How many connections may wait until the program takes them: as many as the system allows. With
/// libzmq's 100 some of a thousand clients that come at once would wait until the system tries
/// again to connect them, a second later or more (`ZMQ_BACKLOG`).
const BACKLOG: i32 = i32::MAX;

/// The flags of all programs.
#[derive(Args, Debug)]
pub struct CommonArgs {
    /// Show the life of the sockets on stderr: listening, connected, disconnected, retrying (-vv:
    /// all of it)
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,

    /// No line per message, and no warnings: results and summaries stay
    #[arg(short, long)]
    quiet: bool,

    /// What stdout holds
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// The longest frame to receive; a peer that sends a longer one is disconnected
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20,
          value_parser = clap::value_parser!(i64).range(1..))]
    max_message_size: i64,

    /// Notice within three times this that a peer's host is gone, and connect anew (0: leave it to
    /// the system, which takes many minutes). A peer that holds more messages than it works off in
    /// twice this is taken for gone, too
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration)]
    heartbeat: Duration,

    /// How long a peer may take to say what it is, once it has connected
    #[arg(long, value_name = "D", default_value = "10s", value_parser = duration)]
    handshake_timeout: Duration,

    #[command(flatten)]
    curve: CurveArgs,
}

impl CommonArgs {
    /// Starts the log on stderr, allows as many connections as the system does, and gives the
    /// program its stdout.
    #[must_use]
    pub fn start(&self) -> Output {
        logging::start(self.verbose, self.quiet);
        // A connection is a file descriptor. Most systems allow 1024 unless asked for more.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::debug!("cannot raise the number of open files: {error}");
        }
        Output::new(self.format, self.quiet)
    }

    /// Sets the options of a socket that is about to bind to `endpoints`. What happens to it from
    /// then on is logged, and told to whoever asks.
    ///
    /// # Errors
    ///
    /// What the socket refuses, and those of [`CurveArgs::lock_server`].
    pub fn prepare_bind<'a>(
        &self,
        context: &Context,
        socket: &Socket,
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
    ) -> anyhow::Result<Receiver<SocketEvent>> {
        self.configure(socket, endpoints)?;
        socket.set_backlog(BACKLOG).context("cannot set the backlog")?;
        self.curve.lock_server(context, socket)?;
        monitor::events(context, socket)
    }

    /// Sets the options of a socket that is about to connect to `endpoints`. What happens to it
    /// from then on is logged, and told to whoever asks.
    ///
    /// # Errors
    ///
    /// What the socket refuses, and those of [`CurveArgs::lock_client`].
    pub fn prepare_connect<'a>(
        &self,
        context: &Context,
        socket: &Socket,
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
    ) -> anyhow::Result<Receiver<SocketEvent>> {
        self.configure(socket, endpoints)?;
        self.curve.lock_client(socket)?;
        monitor::events(context, socket)
    }

    fn configure<'a>(
        &self,
        socket: &Socket,
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
    ) -> anyhow::Result<()> {
        socket.set_maxmsgsize(self.max_message_size).context("cannot limit the message size")?;
        socket.set_linger(LINGER).context("cannot limit the linger time")?;
        if !self.heartbeat.is_zero() {
            set_heartbeat(socket, self.heartbeat).context("cannot set the heartbeat")?;
        }
        if endpoints.into_iter().any(Endpoint::is_ipv6) {
            socket.set_ipv6(true).context("cannot switch IPv6 on")?;
        }
        socket
            .set_handshake_ivl(milliseconds(self.handshake_timeout))
            .context("cannot limit the time of a handshake")
    }

    /// Warns that a socket lets every host in, unless CURVE or its endpoint says who gets in.
    ///
    /// To be called after `bind`: an endpoint that could not be bound is open to nobody.
    pub fn warn_if_open(&self, endpoint: &Endpoint) {
        if let (Some((transport, port)), false) =
            (endpoint.open_to_every_host(), self.curve.is_on())
        {
            tracing::warn!(
                "{endpoint} lets in every host that can reach this one; lock it with --curve-secret \
                 and --curve-allow, or keep it on this host: {transport}://127.0.0.1:{port}"
            );
        }
    }

    /// Whether there is room on stderr for a progress bar.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        !self.quiet && self.verbose == 0
    }
}

/// A socket sends a PING every `interval`, ends the connection when nothing has come for twice as
/// long, and tells its peer to do the same after three times as long (`ZMQ_HEARTBEAT_IVL`,
/// `_TIMEOUT` and `_TTL`, RFC 37). An attempt to connect is given up as early
/// (`ZMQ_CONNECT_TIMEOUT`): otherwise a host that is back would be found only at the system's next
/// try, up to a minute later.
///
/// PING and PONG come in turn behind the messages. A socket that receives no more, because as many
/// as its high-water mark wait for its program, does not answer meanwhile.
fn set_heartbeat(socket: &Socket, interval: Duration) -> zmq::Result<()> {
    socket.set_heartbeat_ivl(milliseconds(interval))?;
    socket.set_heartbeat_timeout(milliseconds(interval.saturating_mul(2)))?;
    // 16 bits, in tenths of a second.
    socket.set_heartbeat_ttl(milliseconds(interval.saturating_mul(3)).min(6_553_500))?;
    socket.set_connect_timeout(milliseconds(interval.saturating_mul(2)))
}

/// A duration such as `500ms` or `2s`, for clap.
///
/// # Errors
///
/// What is wrong with the text.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error} (write it as 500ms, 2s or 0)"))
}

/// A duration as libzmq's options take it: whole milliseconds, at least one.
#[must_use]
pub fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX).max(1)
}
