//! Scenes: which programs run, and which socket connects to which. A program's flags are written
//! here, and nowhere else: nothing that a browser sends becomes one.

pub mod list;

use std::time::Duration;

use crate::event::Language;

/// The programs of a picture.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Its id.
    pub id: &'static str,
    /// Its programs, in the order in which they are started.
    pub parts: Vec<Part>,
    /// What one can add to it.
    pub adds: Vec<Add>,
}

/// A kind of part that one can add to a scene.
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// Its role.
    pub role: &'static str,
    /// The part of this number, from 1, as the first ones of the scene are numbered.
    pub part: fn(u8) -> Part,
}

/// A program of a scene.
#[derive(Clone, Debug)]
pub struct Part {
    /// The id of its box, such as `consumer1`.
    pub id: String,
    /// The program, such as `consumer`.
    pub program: Program,
    /// Its flags in their order.
    pub flags: Vec<Flag>,
    /// Where to draw it: from the left, from the top.
    pub place: (u8, u8),
}

/// A program of the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its file, such as `zmq_server`, in the folder of the programs.
    pub file: &'static str,
    /// What it is called in scenes, such as `server`.
    pub role: &'static str,
    /// The folder of its Python twin, where it has one.
    pub python: Option<&'static str>,
}

/// Part of a command line.
#[derive(Clone, Debug)]
pub enum Flag {
    /// As it is.
    Word(String),
    /// A flag and a duration, which the languages write differently.
    Duration(&'static str, Duration),
    /// A flag that binds a socket of this kind.
    Binds(&'static str, &'static str),
    /// A flag that connects a socket to one that another part binds.
    Connects(Connects),
    /// The same for a program that does without ZeroMQ: a host and a port, without a flag.
    Addresses(Connects),
}

/// A socket that connects.
#[derive(Clone, Debug)]
pub struct Connects {
    /// The flag, such as `--tasks-connect`.
    pub flag: &'static str,
    /// The kind of the socket.
    pub socket: &'static str,
    /// The part that binds.
    pub to: String,
    /// The flag by which it does.
    pub bound_by: &'static str,
}

macro_rules! programs {
    ($($name:ident $file:literal $role:literal $python:expr;)*) => {
        $(#[doc = concat!("`", $file, "`")] pub const $name: Program = Program { file: $file, role: $role, python: $python };)*
    };
}

programs! {
    SERVER "zmq_server" "server" Some("req-rep");
    CLIENT "zmq_client" "client" Some("req-rep");
    RAW_CLIENT "examples/raw_tcp_client" "client" None;
    PUBLISHER "publisher" "publisher" Some("pub-sub");
    SUBSCRIBER "subscriber" "subscriber" Some("pub-sub");
    PRODUCER "producer" "producer" Some("pipeline");
    CONSUMER "consumer" "consumer" Some("pipeline");
    COLLECTOR "resultcollector" "collector" Some("pipeline");
    DISPATCHER "dispatcher" "dispatcher" None;
    WORKER "worker" "worker" None;
    SINK "sink" "sink" None;
}

impl Scene {
    /// A scene of these parts.
    pub fn new(id: &'static str, parts: impl IntoIterator<Item = Part>) -> Self {
        Self { id, parts: parts.into_iter().collect(), adds: Vec::new() }
    }

    /// One can add parts of this role.
    #[must_use]
    pub fn adding(mut self, role: &'static str, part: fn(u8) -> Part) -> Self {
        self.adds.push(Add { role, part });
        self
    }
}

impl Part {
    /// A program without flags.
    pub fn new(id: impl Into<String>, program: Program, place: (u8, u8)) -> Self {
        Self { id: id.into(), program, flags: Vec::new(), place }
    }

    /// Adds words to its command line, as one types them.
    #[must_use]
    pub fn with(mut self, words: &str) -> Self {
        self.flags.extend(words.split(' ').map(|word| Flag::Word(word.to_owned())));
        self
    }

    /// Adds a flag and its value, which may have spaces.
    #[must_use]
    pub fn with_text(mut self, flag: &str, text: impl Into<String>) -> Self {
        self.flags.extend([Flag::Word(flag.to_owned()), Flag::Word(text.into())]);
        self
    }

    /// Adds a flag and a duration.
    #[must_use]
    pub fn lasting(mut self, flag: &'static str, milliseconds: u64) -> Self {
        self.flags.push(Flag::Duration(flag, Duration::from_millis(milliseconds)));
        self
    }

    /// Binds a socket.
    #[must_use]
    pub fn binds(mut self, flag: &'static str, socket: &'static str) -> Self {
        self.flags.push(Flag::Binds(flag, socket));
        self
    }

    /// Connects a socket to the one that part `to` binds by the flag `bound_by`.
    #[must_use]
    pub fn connects(
        mut self,
        flag: &'static str,
        socket: &'static str,
        to: impl Into<String>,
        bound_by: &'static str,
    ) -> Self {
        self.flags.push(Flag::Connects(Connects { flag, socket, to: to.into(), bound_by }));
        self
    }

    /// Connects without a flag, by host and port.
    #[must_use]
    pub fn addresses(mut self, socket: &'static str, to: &str, bound_by: &'static str) -> Self {
        self.flags.push(Flag::Addresses(Connects {
            flag: "",
            socket,
            to: to.to_owned(),
            bound_by,
        }));
        self
    }

    /// The flags that bind.
    pub fn binds_by(&self) -> impl Iterator<Item = &'static str> {
        self.flags.iter().filter_map(|flag| match flag {
            Flag::Binds(name, _) => Some(*name),
            _ => None,
        })
    }

    /// The kind of the socket that is bound by `flag`.
    pub fn bound(&self, flag: &str) -> Option<&'static str> {
        self.flags.iter().find_map(|of| match of {
            Flag::Binds(name, socket) if *name == flag => Some(*socket),
            _ => None,
        })
    }

    /// The sockets that connect.
    pub fn connections(&self) -> impl Iterator<Item = &Connects> {
        self.flags.iter().filter_map(|flag| match flag {
            Flag::Connects(connects) | Flag::Addresses(connects) => Some(connects),
            _ => None,
        })
    }
}

/// A duration as programs of a language read it: `500ms`; the twins read seconds, `0.5`.
pub fn duration(duration: Duration, language: Language) -> String {
    match language {
        Language::Rust => humantime::format_duration(duration).to_string().replace(' ', ""),
        Language::Python => duration.as_secs_f64().to_string(),
    }
}
