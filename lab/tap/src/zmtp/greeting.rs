//! The first bytes of a connection.

use std::str;

/// How many bytes a greeting has.
pub const SIZE: usize = 64;

/// Where the mechanism's name stands.
const MECHANISM: std::ops::Range<usize> = 12..32;

/// What a peer says of itself when a connection begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The highest version of ZMTP that it speaks: major and minor.
    pub version: (u8, u8),
    /// How it secures connections: `NULL`, `PLAIN`, `CURVE` or another name.
    pub mechanism: String,
    /// Whether it is the server, for PLAIN and CURVE. libzmq never says so: its servers know by
    /// themselves.
    pub as_server: bool,
}

impl Greeting {
    /// Reads a greeting of [`SIZE`] bytes, or as much of it as has come. `Err` says that it is
    /// none of version 3, `Ok(None)` that more has to come.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, ()> {
        // libzmq, too, takes any odd tenth byte for a signature's end.
        let valid = bytes.iter().zip(0..).all(|(byte, position)| match position {
            0 => *byte == 0xff,
            9 => byte & 1 == 1,
            10 => *byte >= 3,
            32 => *byte <= 1,
            _ => true,
        });
        if !valid {
            return Err(());
        }
        let Ok(bytes) = <&[u8; SIZE]>::try_from(bytes) else { return Ok(None) };
        let padded = &bytes[MECHANISM];
        let length = padded.iter().position(|byte| *byte == 0).unwrap_or(padded.len());
        let (name, padding) = padded.split_at(length);
        let plain = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
        if !plain || padding.iter().any(|byte| *byte != 0) {
            return Err(());
        }
        let mechanism = str::from_utf8(name).map_err(drop)?.to_owned();
        Ok(Some(Self { version: (bytes[10], bytes[11]), mechanism, as_server: bytes[32] == 1 }))
    }
}
