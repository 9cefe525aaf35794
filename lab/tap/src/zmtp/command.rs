//! Commands.

use super::text::text;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name, such as `READY`, `SUBSCRIBE` or `PING`.
    pub name: String,
    /// What it says, for people: the properties of `READY` (`Socket-Type: REQ`), the topic of
    /// `SUBSCRIBE` and `CANCEL`, the reason of `ERROR`, the time to live of `PING`. Empty where
    /// there is nothing, or where it is encrypted.
    pub text: String,
    /// How many bytes it holds.
    pub bytes: u64,
}

/// The beginning of a command's body.
pub struct Body<'a> {
    pub name: &'a str,
    pub rest: &'a [u8],
    /// Whether more followed.
    pub cut: bool,
    pub bytes: u64,
}

impl<'a> Body<'a> {
    /// Reads the beginning of a command that holds so many bytes. `None` is one without a name.
    pub fn parse(start: &'a [u8], bytes: u64) -> Option<Self> {
        let (length, rest) = start.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let named = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
        let name = std::str::from_utf8(name).ok().filter(|_| named)?;
        Some(Self { name, rest, cut: bytes > start.len() as u64, bytes })
    }

    /// The command for people. Its text is left out where it is `encrypted`.
    pub fn command(&self, encrypted: bool) -> Command {
        let text = match self.name {
            "ERROR" => text(self.rest.get(1..).unwrap_or_default(), self.cut),
            _ if encrypted => String::new(),
            "READY" | "INITIATE" => self.properties_text(),
            "SUBSCRIBE" | "CANCEL" | "PONG" => text(self.rest, self.cut),
            "PING" => self.time_to_live().unwrap_or_default(),
            _ => String::new(),
        };
        Command { name: self.name.to_owned(), text, bytes: self.bytes }
    }

    /// The properties of `READY`, as far as they were kept. The names of properties are read
    /// without regard to upper and lower case (RFC 23).
    pub fn properties(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first()?;
            let (name, after) = after.split_at_checked(usize::from(*length))?;
            let (length, after) = after.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (value, after) = after.split_at_checked(length)?;
            rest = after;
            Some((name, value))
        })
    }

    fn properties_text(&self) -> String {
        let said = self.properties().filter(|(_, value)| !value.is_empty());
        let line = |(name, value)| format!("{}: {}", text(name, false), text(value, false));
        let cut = if self.cut { "…" } else { "" };
        said.map(line).collect::<Vec<_>>().join(", ") + cut
    }

    /// After how long without a word the sender of `PING` wants to be taken for dead.
    fn time_to_live(&self) -> Option<String> {
        let tenths = u16::from_be_bytes(*self.rest.first_chunk()?);
        Some(format!("TTL {}.{} s", tenths / 10, tenths % 10))
    }
}
