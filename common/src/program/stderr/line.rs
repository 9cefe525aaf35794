//! A line of the log, and how it is shown.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use tracing::Level;

/// What stands before a line's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// Nothing: the text has its own.
    None,
    Error,
    Hint,
    Warning,
    /// What is no warning, but is shown like one.
    Note,
    Info,
    Debug,
}

impl From<Level> for Label {
    fn from(level: Level) -> Self {
        match level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warning,
            Level::INFO => Self::Info,
            Level::DEBUG | Level::TRACE => Self::Debug,
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) label: Label,
    pub(super) text: String,
}

/// `warning: …`, as the error line of a program that fails is `error: …`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, colour) = match self.label {
            Label::None => return writeln!(f, "{}", self.text),
            Label::Hint => return writeln!(f, "hint: {}", self.text),
            Label::Error => ("error", 31),
            Label::Warning => ("warning", 33),
            Label::Note => ("note", 36),
            Label::Info => ("info", 32),
            Label::Debug => ("debug", 34),
        };
        if in_colour() {
            writeln!(f, "\x1b[1;{colour}m{name}\x1b[0m: {}", self.text)
        } else {
            writeln!(f, "{name}: {}", self.text)
        }
    }
}

/// Colours are for terminals, unless the user wants none (`NO_COLOR`).
pub(super) fn in_colour() -> bool {
    static COLOUR: OnceLock<bool> = OnceLock::new();
    *COLOUR.get_or_init(|| {
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    })
}

/// Text that peers may have had a hand in, so that it stays within its line and gives a terminal no
/// commands: control characters are shown as `\u{1b}`.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            // Writing to a String cannot fail.
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_without_commands_for_the_terminal() {
        assert_eq!(printable("a\tb 字 …"), "a\tb 字 …");
        assert_eq!(
            printable("\x1b[2J\r\nerror: gone\u{9b}1m"),
            "\\u{1b}[2J\\r\\nerror: gone\\u{9b}1m"
        );
    }

    #[test]
    fn a_label_says_what_a_line_is() {
        let show = |label| Line { label, text: "text".to_owned() }.to_string();
        assert_eq!(show(Label::None), "text\n");
        assert_eq!(show(Label::Hint), "hint: text\n");
        assert!(show(Label::from(Level::WARN)).ends_with(": text\n"));
    }
}
