//! Several hosts on one machine, each with its own address, made by `scripts/lib/hosts.sh`.

use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use nix::sched::{CloneFlags, setns};

use crate::lock::lock;
use crate::skip::skip;
use crate::sockets::Peers;
use crate::workspace::root;

/// A network of hosts, numbered from 1. It is removed when this is dropped.
#[derive(Debug)]
pub struct Hosts {
    network: String,
}

impl Hosts {
    /// Makes `count` hosts. Where that is impossible, for example without root, this fails if the
    /// environment variable `CI` is set; otherwise it says so and returns `None`: skip the test.
    pub fn new(count: u8) -> Option<Self> {
        static NETWORKS: AtomicU32 = AtomicU32::new(0);
        let number = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let hosts = Self { network: format!("zmq-{}-{number}", std::process::id()) };
        // The script may have to install what it needs.
        let lock = lock("hosts");
        let output = hosts.script(&["up", &hosts.network, &count.to_string()]);
        drop(lock);
        if output.status.success() {
            return Some(hosts);
        }
        skip("several hosts", &String::from_utf8_lossy(&output.stderr));
        None
    }

    /// The address of a host.
    pub fn address(host: u8) -> String {
        format!("10.99.0.{host}")
    }

    /// A TCP endpoint on a host.
    pub fn endpoint(host: u8, port: u16) -> String {
        format!("tcp://{}:{port}", Self::address(host))
    }

    /// Plain sockets that connect from a host. A socket that binds does so where its test runs.
    pub fn peers(&self, host: u8) -> Peers {
        let namespace = File::open(format!("/run/netns/{}", self.namespace(host)));
        let namespace = namespace.expect("the host's network namespace");
        // libzmq's threads run in the namespace of the thread that makes the context's first
        // socket.
        let making = thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("to move to the host");
            let peers = Peers::new();
            drop(peers.socket(zmq::PAIR));
            peers
        });
        making.join().expect("sockets on the host")
    }

    /// Pulls the cable of a host.
    pub fn pull(&self, host: u8) {
        self.change("pull", host);
    }

    /// Drops all packets from and to a host; the host notices nothing.
    pub fn drop_packets(&self, host: u8) {
        self.change("drop", host);
    }

    /// Undoes [`Hosts::pull`] and [`Hosts::drop_packets`].
    pub fn plug(&self, host: u8) {
        self.change("plug", host);
    }

    /// The name of the host's network namespace.
    pub(crate) fn namespace(&self, host: u8) -> String {
        format!("{}-{host}", self.network)
    }

    fn change(&self, change: &str, host: u8) {
        let output = self.script(&[change, &self.network, &host.to_string()]);
        assert!(output.status.success(), "{change}: {output:?}");
    }

    fn script(&self, args: &[&str]) -> std::process::Output {
        let script = root().join("scripts/lib/hosts.sh");
        let output = Command::new(script).args(args).output();
        output.unwrap_or_else(|error| panic!("{}, {args:?}: {error}", self.network))
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        // Also removes a network that was only partly made.
        let _ = self.script(&["down", &self.network]);
    }
}
