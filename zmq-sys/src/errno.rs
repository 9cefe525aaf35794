//! The error numbers that libzmq's functions set (`zmq_errno`).

pub use libc::{
    EACCES, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EBUSY, ECONNREFUSED, EFAULT, EHOSTUNREACH,
    EINPROGRESS, EINTR, EINVAL, EMFILE, EMSGSIZE, ENAMETOOLONG, ENETDOWN, ENOBUFS, ENODEV, ENOENT,
    ENOMEM, ENOTCONN, ENOTSOCK, ENOTSUP, EPROTO, EPROTONOSUPPORT,
};

/// Where libzmq's own numbers begin.
const HAUSNUMERO: i32 = crate::ZMQ_HAUSNUMERO.cast_signed();

/// The operation does not fit the state of the socket.
pub const EFSM: i32 = HAUSNUMERO + 51;
/// The protocol does not fit the type of the socket.
pub const ENOCOMPATPROTO: i32 = HAUSNUMERO + 52;
/// The context is terminated.
pub const ETERM: i32 = HAUSNUMERO + 53;
/// No I/O thread is there.
pub const EMTHREAD: i32 = HAUSNUMERO + 54;

// On a system without the number, libzmq has one of its own.
/// `ENOTSUP`, where the system has none.
pub const ENOTSUP_ALT: i32 = HAUSNUMERO + 1;
/// `EPROTONOSUPPORT`, where the system has none.
pub const EPROTONOSUPPORT_ALT: i32 = HAUSNUMERO + 2;
/// `ENOBUFS`, where the system has none.
pub const ENOBUFS_ALT: i32 = HAUSNUMERO + 3;
/// `ENETDOWN`, where the system has none.
pub const ENETDOWN_ALT: i32 = HAUSNUMERO + 4;
/// `EADDRINUSE`, where the system has none.
pub const EADDRINUSE_ALT: i32 = HAUSNUMERO + 5;
/// `EADDRNOTAVAIL`, where the system has none.
pub const EADDRNOTAVAIL_ALT: i32 = HAUSNUMERO + 6;
/// `ECONNREFUSED`, where the system has none.
pub const ECONNREFUSED_ALT: i32 = HAUSNUMERO + 7;
/// `EINPROGRESS`, where the system has none.
pub const EINPROGRESS_ALT: i32 = HAUSNUMERO + 8;
/// `ENOTSOCK`, where the system has none.
pub const ENOTSOCK_ALT: i32 = HAUSNUMERO + 9;
/// `EMSGSIZE`, where the system has none.
pub const EMSGSIZE_ALT: i32 = HAUSNUMERO + 10;
/// `EAFNOSUPPORT`, where the system has none.
pub const EAFNOSUPPORT_ALT: i32 = HAUSNUMERO + 11;
/// `ENETUNREACH`, where the system has none.
pub const ENETUNREACH_ALT: i32 = HAUSNUMERO + 12;
/// `ECONNABORTED`, where the system has none.
pub const ECONNABORTED_ALT: i32 = HAUSNUMERO + 13;
/// `ECONNRESET`, where the system has none.
pub const ECONNRESET_ALT: i32 = HAUSNUMERO + 14;
/// `ENOTCONN`, where the system has none.
pub const ENOTCONN_ALT: i32 = HAUSNUMERO + 15;
/// `ETIMEDOUT`, where the system has none.
pub const ETIMEDOUT_ALT: i32 = HAUSNUMERO + 16;
/// `EHOSTUNREACH`, where the system has none.
pub const EHOSTUNREACH_ALT: i32 = HAUSNUMERO + 17;
/// `ENETRESET`, where the system has none.
pub const ENETRESET_ALT: i32 = HAUSNUMERO + 18;
