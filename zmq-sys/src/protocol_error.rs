//! Values of `ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL` besides `ZMQ_PROTOCOL_ERROR_…`: what
//! `patches/` have a socket's monitor told. The event is sent for errors after the handshake, too,
//! and is followed by `ZMQ_EVENT_DISCONNECTED`.

/// The peer's socket is of a type that this one cannot talk to: added is the type's number, such as
/// `ZMQ_PUB`, or 0xff for one that is unknown.
pub const SOCKET_TYPE: u32 = 0x1200_0000;

/// What the peer says is no ZMTP.
pub const NOT_ZMTP: u32 = 0x1300_0001;

/// A CURVE server closed the connection when it had seen the client's first command, which it could
/// not read: it has another key than the client was told.
pub const NO_WELCOME: u32 = 0x1300_0002;

/// A CURVE server that has the right key closed the connection when it had seen the client's second
/// command, but did not say that it refused the client's key (that is
/// `ZMQ_EVENT_HANDSHAKE_FAILED_AUTH`): its socket is of another pattern.
pub const NO_READY: u32 = 0x1300_0003;

/// Nothing was heard from the peer for as long as a heartbeat says.
pub const NO_HEARTBEAT: u32 = 0x1300_0004;

/// A frame was longer than `ZMQ_MAXMSGSIZE`: added is its size as it is on the wire (under CURVE 33
/// bytes more than what it carries), or [`MAX_FRAME_SIZE`] if that is less.
pub const FRAME_SIZE: u32 = 0x4000_0000;

/// The highest number that is added to [`FRAME_SIZE`].
pub const MAX_FRAME_SIZE: u32 = 0x3fff_ffff;
