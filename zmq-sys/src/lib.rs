#![doc = include_str!("../README.md")]

pub mod errno;
#[allow(
    missing_docs,
    non_camel_case_types,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    reason = "generated, with the names of zmq.h, where they are documented"
)]
mod ffi;
pub mod protocol_error;

pub use std::os::fd::RawFd;

pub use ffi::*;
// Nothing calls it from Rust, but its build script says how libsodium is linked.
use libsodium_sys as _;

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn the_library_is_libzmq_4_3_5_with_curve() {
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        // SAFETY: three integers to write to, and a text that ends in NUL.
        let has_curve = unsafe {
            zmq_version(&raw mut major, &raw mut minor, &raw mut patch);
            zmq_has(c"curve".as_ptr())
        };
        assert_eq!((major, minor, patch, has_curve), (4, 3, 5, 1));
        let of_bindings = [ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH];
        assert_eq!(of_bindings, [4, 3, 5]);
    }

    #[test]
    fn its_own_error_numbers_are_those_of_the_library() {
        for (number, text) in [
            (errno::EFSM, "Operation cannot be accomplished in current state"),
            (errno::ENOCOMPATPROTO, "The protocol is not compatible with the socket type"),
            (errno::ETERM, "Context was terminated"),
            (errno::EMTHREAD, "No thread available"),
        ] {
            // SAFETY: libzmq returns a static text.
            let known = unsafe { CStr::from_ptr(zmq_strerror(number)) };
            assert_eq!(known.to_str(), Ok(text));
        }
    }
}
