//! The socket monitor: what libzmq does beneath a socket, as log lines.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::Context as _;
use zmq::{Context, Socket, SocketEvent};

/// Logs every event of `socket` from now on, and tells of it, until its context ends. To be called
/// before the socket binds or connects, so that nothing is missed.
///
/// # Errors
///
/// What keeps the monitor from starting.
pub fn events(context: &Context, socket: &Socket) -> anyhow::Result<Receiver<SocketEvent>> {
    static MONITORS: AtomicU32 = AtomicU32::new(0);
    let endpoint = format!("inproc://monitor-{}", MONITORS.fetch_add(1, Ordering::Relaxed));
    // Telling a monitor of a failed `bind` overwrites the error number that `bind` returns.
    let events = SocketEvent::ALL.to_raw() & !SocketEvent::BIND_FAILED.to_raw();
    socket.monitor(&endpoint, events.into()).context("cannot monitor a socket")?;
    // Its authenticator tells more of whom it refuses.
    let refusals_are_known = socket.is_curve_server().context("cannot ask for CURVE")?;
    let events = context.socket(zmq::PAIR).context("cannot create a PAIR socket")?;
    events.connect(&endpoint).with_context(|| format!("cannot connect to {endpoint}"))?;
    let (sender, receiver) = channel();
    thread::Builder::new()
        .name("monitor".to_owned())
        .spawn(move || {
            while let Ok(frames) = events.recv_multipart(0) {
                if let Some(event) = log(&frames, refusals_are_known) {
                    // Few programs ask.
                    let _ = sender.send(event);
                }
            }
        })
        .context("cannot start the monitor's thread")?;
    Ok(receiver)
}

/// An event is two frames: a 16-bit number and a 32-bit value in the host's byte order, then the
/// endpoint (`zmq_socket_monitor`).
fn log(frames: &[Vec<u8>], refusals_are_known: bool) -> Option<SocketEvent> {
    let [event, endpoint] = frames else { return None };
    let &[e0, e1, v0, v1, v2, v3] = event.as_slice() else { return None };
    let value = u32::from_ne_bytes([v0, v1, v2, v3]);
    let endpoint = String::from_utf8_lossy(endpoint);
    let event = SocketEvent::from_raw(u16::from_ne_bytes([e0, e1]));
    match event {
        SocketEvent::LISTENING => tracing::info!("listening on {endpoint}"),
        SocketEvent::ACCEPTED => tracing::info!("accepted a connection on {endpoint}"),
        SocketEvent::CONNECTED => tracing::info!("connected to {endpoint}"),
        SocketEvent::DISCONNECTED => tracing::info!("disconnected from {endpoint}"),
        SocketEvent::CONNECT_RETRIED => tracing::info!("retrying {endpoint} in {value} ms"),
        SocketEvent::HANDSHAKE_FAILED_NO_DETAIL => {
            tracing::info!("a handshake was broken off on {endpoint}");
        }
        SocketEvent::HANDSHAKE_FAILED_PROTOCOL => {
            tracing::warn!("a handshake failed on {endpoint}: {}", protocol_error(value));
        }
        SocketEvent::HANDSHAKE_FAILED_AUTH if !refusals_are_known => {
            tracing::warn!("{endpoint} refused this program's key (status {value})");
        }
        other => tracing::debug!("{other:?} {endpoint} ({value})"),
    }
    Some(event)
}

/// What a `ZMQ_PROTOCOL_ERROR_…` says, in words.
fn protocol_error(error: u32) -> Cow<'static, str> {
    match error {
        0x1100_0001 => "the keys do not match, above all not the server's".into(),
        0x1100_0002 => "one side uses CURVE, the other does not".into(),
        0x2000_0000..=0x2fff_ffff => "the authenticator gave no valid answer".into(),
        error => format!("the peer broke the protocol (error {error:#x})").into(),
    }
}
