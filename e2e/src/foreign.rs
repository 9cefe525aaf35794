//! Peers that are no twins of the programs: in Node.js, and in C on CZMQ, each with a libzmq of its
//! own.

use std::path::PathBuf;
use std::process::Command;

use crate::lock::lock;
use crate::program::Program;
use crate::skip::skip;
use crate::workspace::root;

/// The programs of `e2e/peers`, which `scripts/foreign-peers.sh` has set up.
#[derive(Clone, Debug)]
pub struct ForeignPeers {
    folder: PathBuf,
}

impl ForeignPeers {
    /// Sets the peers up, if necessary. Where that is impossible, this fails if the environment
    /// variable `CI` is set; otherwise it says so and returns `None`: test without them.
    pub fn set_up() -> Option<Self> {
        let _lock = lock("foreign-peers");
        let script = root().join("scripts/foreign-peers.sh");
        let output = Command::new(script).output().expect("scripts/foreign-peers.sh");
        if output.status.success() {
            let folder = String::from_utf8(output.stdout).expect("a path");
            return Some(Self { folder: folder.trim_end().into() });
        }
        skip("peers in Node.js and C", &String::from_utf8_lossy(&output.stderr));
        None
    }

    /// The program of this name in Node.js.
    pub fn node(&self, name: &str) -> Program {
        let script = root().join(format!("e2e/peers/node/{name}.js"));
        Program::new(&format!("{name}.js"), "node")
            .env("NODE_PATH", self.folder.join("node_modules"))
            .arg(script)
    }

    /// The program of this name in C.
    pub fn c(&self, name: &str) -> Program {
        Program::new(&format!("{name}.c"), self.folder.join(name))
    }
}
