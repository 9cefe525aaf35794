//! What happens in a run, as it is recorded and sent to the page. `../RECORDING.md` has the format.

use serde::{Deserialize, Serialize};

/// A text in the languages of the page.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Traditional Chinese.
    #[serde(rename = "zh-TW")]
    pub zh: String,
}

impl Text {
    /// The same in both languages.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

/// What a program is written in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// A binary of the workspace.
    Rust,
    /// Its twin in Python.
    Python,
}

/// Where a program printed a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Which way a message goes: `Up` from the connecting socket to the binding one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// From the connecting socket to the binding one.
    Up,
    /// From the binding socket to the connecting one.
    Down,
}

/// What becomes of the messages on a wire.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WireState {
    /// They pass.
    #[default]
    Mended,
    /// Connections are closed, and new ones refused.
    Cut,
    /// Connections stay open, and nothing passes.
    Stalled,
    /// Each passes later, by a delay.
    Slow,
}

/// A box of the picture: a program, whether it runs or not.
#[derive(Clone, Debug, Serialize)]
pub struct BoxFacts {
    /// Its id.
    #[serde(rename = "box")]
    pub id: String,
    /// The program.
    pub program: &'static str,
    /// What it is in its scene.
    pub role: &'static str,
    /// What it is written in, from its next start on.
    pub language: Language,
    /// Its command line, as one would type it.
    pub command: String,
    /// Where to draw it, from the left.
    pub column: u8,
    /// Where to draw it, from the top.
    pub row: u8,
}

/// A wire of the picture: the connection between two boxes, through a tap.
#[derive(Clone, Debug, Serialize)]
pub struct WireFacts {
    /// Its id.
    pub wire: String,
    /// The box whose socket connects.
    pub connects: String,
    /// The box whose socket binds.
    pub binds: String,
    /// Their kinds, in this order.
    pub sockets: [&'static str; 2],
}

/// How many there were, of what a job should have brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// How many should have arrived.
    pub expected: u64,
    /// How many different ones arrived.
    pub arrived: u64,
    /// How many did not.
    pub lost: u64,
    /// How many arrived more than once.
    pub twice: u64,
}

impl Score {
    /// Of `expected`, `arrived` did, each once.
    pub fn of(expected: u64, arrived: u64) -> Self {
        Self { expected, arrived, lost: expected.saturating_sub(arrived), twice: 0 }
    }
}

/// What an experiment has shown.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Its id.
    pub experiment: String,
    /// What was counted.
    #[serde(flatten)]
    pub score: Score,
    /// Whether the claim holds.
    pub holds: bool,
    /// What was lost, and where it was, in a sentence.
    pub text: Text,
    /// What was counted in the reliable pipeline beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Score>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
#[allow(missing_docs, reason = "RECORDING.md has a line for each")]
pub enum Event {
    Scene {
        scene: String,
        experiment: Option<String>,
        boxes: Vec<BoxFacts>,
        wires: Vec<WireFacts>,
    },
    Box(BoxFacts),
    Link(WireFacts),
    Started {
        #[serde(rename = "box")]
        id: String,
        pid: u32,
    },
    Printed {
        #[serde(rename = "box")]
        id: String,
        stream: Stream,
        text: String,
    },
    Skipped {
        #[serde(rename = "box")]
        id: String,
        stream: Stream,
        lines: u64,
    },
    Paused {
        #[serde(rename = "box")]
        id: String,
    },
    Continued {
        #[serde(rename = "box")]
        id: String,
    },
    Ended {
        #[serde(rename = "box")]
        id: String,
        code: Option<i32>,
        signal: Option<&'static str>,
    },
    Wire {
        wire: String,
        state: WireState,
        delay_ms: u64,
    },
    Connected {
        wire: String,
        connection: u64,
    },
    Disconnected {
        wire: String,
        connection: u64,
    },
    Command {
        wire: String,
        connection: u64,
        way: Way,
        name: String,
        text: String,
    },
    Message {
        wire: String,
        connection: u64,
        way: Way,
        frames: Vec<String>,
        bytes: u64,
        encrypted: bool,
    },
    Counted {
        wire: String,
        up: u64,
        down: u64,
        up_bytes: u64,
        down_bytes: u64,
    },
    Counter {
        #[serde(rename = "box")]
        id: String,
        name: &'static str,
        value: u64,
    },
    Step {
        text: Text,
    },
    Verdict(Verdict),
    End,
}

impl Event {
    /// Whether the picture is the same without it: one of many samples, or a figure that the next
    /// one replaces.
    pub fn is_sample(&self) -> bool {
        matches!(
            self,
            Self::Printed { .. }
                | Self::Skipped { .. }
                | Self::Command { .. }
                | Self::Message { .. }
                | Self::Counted { .. }
                | Self::Counter { .. }
        )
    }
}
