//! The flags that say how a program's sockets behave.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use zmq::{Socket, SocketType};

use super::curve::CurveArgs;

/// How long a closed socket keeps trying to deliver what it has sent, so that no program hangs at
/// its end. In milliseconds (`ZMQ_LINGER`).
const LINGER: i32 = 1000;

/// How long a socket pauses at most between its attempts to connect, while they fail: so what is
/// mended at the other end is found within five seconds. In milliseconds (`ZMQ_RECONNECT_IVL_MAX`).
const RECONNECT: i32 = 4000;

/// The longest frame that a socket takes which receives nothing but subscriptions: a long topic is
/// kept for as long as its subscriber is there, and compared with each message. In bytes.
const SUBSCRIPTION: i64 = 1 << 10;
/// The longest frame that a socket takes which receives nothing but handshakes and heartbeats. In
/// bytes.
const HANDSHAKE: i64 = 4 << 10;

/// The flags of a program's sockets.
#[derive(Args, Clone, Debug)]
pub struct SocketArgs {
    /// Largest frame to receive, in bytes; a peer that sends a larger one is disconnected
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, help_heading = "Common options",
          value_parser = clap::value_parser!(i64).range(1..))]
    max_message_size: i64,

    /// Send heartbeats this often; reconnect when a peer has been silent twice as long (0 = off:
    /// leave it to the OS, which takes many minutes). A peer that needs longer to process what it
    /// has received counts as silent, too
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration,
          help_heading = "Common options")]
    heartbeat: Duration,

    /// Disconnect a peer that has not completed its handshake after this long
    #[arg(long, value_name = "D", default_value = "10s", value_parser = duration,
          help_heading = "Common options")]
    handshake_timeout: Duration,

    #[command(flatten)]
    pub(super) curve: CurveArgs,
}

impl SocketArgs {
    /// The largest frame that a socket with these flags receives, in bytes.
    pub fn max_message_size(&self) -> u64 {
        self.max_message_size.unsigned_abs()
    }

    /// Sets what these flags say on a socket of this `kind` that has neither bound nor connected
    /// yet.
    pub(super) fn apply(&self, socket: &Socket, kind: SocketType) -> anyhow::Result<()> {
        let limit = self.max_message_size.min(match kind {
            zmq::PUB | zmq::XPUB => SUBSCRIPTION,
            zmq::PUSH => HANDSHAKE,
            _ => i64::MAX,
        });
        socket.set_maxmsgsize(limit).context("cannot limit the message size")?;
        socket
            .set_reconnect_ivl_max(RECONNECT)
            .context("cannot limit the pauses between attempts")?;
        socket.set_linger(LINGER).context("cannot limit the linger time")?;
        if !self.heartbeat.is_zero() {
            set_heartbeat(socket, self.heartbeat).context("cannot set the heartbeat")?;
        }
        socket
            .set_handshake_ivl(milliseconds(self.handshake_timeout))
            .context("cannot limit the time of a handshake")
    }
}

/// A socket sends a PING every `interval`, ends the connection when nothing has come for twice as
/// long, and asks its peer to do the same after three times as long (`ZMQ_HEARTBEAT_IVL`,
/// `_TIMEOUT` and `_TTL`, RFC 37). An attempt to connect is given up as early
/// (`ZMQ_CONNECT_TIMEOUT`): otherwise a host that is back would be found only at the OS's next try,
/// up to a minute later.
///
/// PING and PONG wait in line behind the messages. A socket that receives no more, because as many
/// messages as its high-water mark wait for its program, does not answer meanwhile.
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
pub fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};
    use zmq::Context;

    use super::*;

    fn read(flags: &[&str]) -> SocketArgs {
        let flags = ["test"].iter().chain(flags);
        let matches = SocketArgs::augment_args(Command::new("test")).get_matches_from(flags);
        SocketArgs::from_arg_matches(&matches).unwrap()
    }

    /// A socket with these flags.
    fn with(kind: SocketType, flags: &[&str]) -> Socket {
        let socket = Context::new().socket(kind).unwrap();
        read(flags).apply(&socket, kind).unwrap();
        socket
    }

    #[test]
    fn a_socket_takes_frames_as_long_as_it_needs_and_no_longer_than_the_flag_says() {
        let limits = |flags: &[&str]| {
            [zmq::PUB, zmq::XPUB, zmq::PUSH, zmq::PULL]
                .map(|kind| with(kind, flags).get_maxmsgsize().unwrap())
        };
        assert_eq!(limits(&[]), [1024, 1024, 4096, 16 << 20]);
        assert_eq!(limits(&["--max-message-size", "2000"]), [1024, 1024, 2000, 2000]);
        assert_eq!(read(&["--max-message-size", "2000"]).max_message_size(), 2000);
    }

    #[test]
    fn a_peer_is_silent_after_two_heartbeats() {
        let socket = with(zmq::REQ, &["--heartbeat", "2s", "--handshake-timeout", "3s"]);
        assert_eq!(socket.get_heartbeat_ivl().unwrap(), 2000);
        assert_eq!(socket.get_heartbeat_timeout().unwrap(), 4000);
        assert_eq!(socket.get_heartbeat_ttl().unwrap(), 6000);
        assert_eq!(socket.get_connect_timeout().unwrap(), 4000);
        assert_eq!(socket.get_handshake_ivl().unwrap(), 3000);
        let without = with(zmq::REQ, &[]);
        assert_eq!(without.get_heartbeat_ivl().unwrap(), 0);
        assert_eq!(without.get_linger().unwrap(), LINGER);
        assert_eq!(without.get_reconnect_ivl_max().unwrap(), RECONNECT);
    }

    #[test]
    fn durations_are_read_with_their_unit_and_given_in_milliseconds() {
        for (text, expected) in
            [("0", 1), ("1us", 1), ("500ms", 500), ("2s", 2000), ("99y", i32::MAX)]
        {
            assert_eq!(duration(text).map(milliseconds), Ok(expected), "{text}");
        }
        let error = duration("2").unwrap_err();
        assert!(error.ends_with(" (write it as 500ms, 2s or 0)"), "{error}");
    }
}
