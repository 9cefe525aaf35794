//! What stands before each frame.

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether it is a command.
    pub command: bool,
    /// Whether another frame of the same message follows.
    pub more: bool,
    /// How many bytes follow.
    pub bytes: u64,
}

impl Header {
    /// How many bytes a header that begins so has. Without its first byte, one.
    pub fn size(bytes: &[u8]) -> usize {
        match bytes.first() {
            None => 1,
            Some(flags) if flags & LONG == 0 => 2,
            Some(_) => 9,
        }
    }

    /// Reads a header of [`Header::size`] bytes. `None` is one that ZMTP does not have.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (flags, size) = bytes.split_first()?;
        let (command, more) = (flags & COMMAND != 0, flags & MORE != 0);
        let bytes = size.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let known = flags & !(MORE | LONG | COMMAND) == 0 && bytes >> 63 == 0;
        (known && !(command && more)).then_some(Self { command, more, bytes })
    }
}
