//! The peers, and how each of them sends and prints.

use std::thread;

use e2e::{ForeignPeers, Language, Process, Program, python, rust};

/// A kind of peers: programs of the same three patterns.
#[derive(Clone, Debug)]
pub enum Peer {
    /// The workspace's programs.
    Rust,
    /// The article's programs on the zmq crate: no flags, on the article's ports.
    BareRust,
    /// The Python twins, on pyzmq.
    Python,
    /// On the package zeromq.
    Node(ForeignPeers),
    /// On CZMQ.
    C(ForeignPeers),
}

impl Peer {
    /// All but the bare one. Without Node.js and C where these are missing.
    pub fn all() -> Vec<Self> {
        let foreign = ForeignPeers::set_up();
        let foreign = foreign.into_iter().flat_map(|set| [Self::Node(set.clone()), Self::C(set)]);
        [Self::Rust, Self::Python].into_iter().chain(foreign).collect()
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::BareRust => "bare Rust",
            Self::Python => "Python",
            Self::Node(_) => "Node.js",
            Self::C(_) => "C",
        }
    }

    pub fn is_bare(&self) -> bool {
        matches!(self, Self::BareRust)
    }

    /// Starts the program of this name. The bare one has no flags.
    pub fn start(&self, pattern: &str, name: &str, flags: &[&str]) -> Process {
        match self {
            Self::Rust => rust(name).args(flags),
            Self::BareRust => Language::Rust.bare(pattern, name),
            Self::Python => python(&format!("{pattern}/python/{name}.py")).args(flags),
            Self::Node(set) => set.node(name).args(flags),
            Self::C(set) => set.c(name).args(flags),
        }
        .start()
    }

    /// The program that does the same under CURVE.
    pub fn under_curve(&self, name: &str) -> Program {
        match self {
            Self::Rust => rust(name),
            Self::BareRust => panic!("no CURVE without flags"),
            Self::Python => python(&format!("req-rep/python/{}.py", name.replace("zmq", "curve"))),
            Self::Node(set) => set.node(name),
            Self::C(set) => set.c(name),
        }
    }

    /// How received `frames` of a `kind` are printed.
    pub fn prints(&self, kind: &str, frames: &[&str]) -> String {
        let bytes = |quote: char| {
            let frames = frames.iter().map(|text| text.as_bytes().escape_ascii());
            let frames: Vec<_> = frames.map(|text| format!("b{quote}{text}{quote}")).collect();
            if kind == "multipart" { format!("[{}]", frames.join(", ")) } else { frames.concat() }
        };
        match (self, kind) {
            (Self::Rust | Self::Node(_) | Self::C(_), "json") => frames[0].replace(' ', ""),
            (Self::Python, "json") => {
                frames[0].replace('"', "'").replace("null", "None").replace("true", "True")
            }
            (Self::Rust | Self::BareRust, _) => bytes('"'),
            (Self::Python, _) => bytes('\''),
            (Self::Node(_) | Self::C(_), "multipart") => format!("[\"{}\"]", frames.join("\",\"")),
            (Self::Node(_) | Self::C(_), _) => frames[0].to_owned(),
        }
    }
}

/// A text that nobody has sent before.
pub fn token() -> String {
    format!("訊息-{:016x}", rand::random::<u64>())
}

/// Does some work with each of the `others` at the same time. Who fails is named as `Rust VERB C`.
pub fn with_each(one: &Peer, verb: &str, others: &[Peer], work: impl Fn(&Peer) + Sync) {
    thread::scope(|scope| {
        for other in others {
            // A panic names its thread.
            let pair = format!("{} {verb} {}", one.name(), other.name());
            let work = &work;
            let started =
                thread::Builder::new().name(pair).spawn_scoped(scope, move || work(other));
            started.expect("a thread");
        }
    });
}
