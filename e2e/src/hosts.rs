//! Hosts of their own for the programs, each with its own address, made by `scripts/lib/hosts.sh`.

use std::fs::File;
use std::io::{self, Write};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use nix::sched::{CloneFlags, setns};

use crate::lock::lock;
use crate::sockets::Peers;
use crate::workspace::root;

/// A network of hosts, numbered from 1. It is gone when this is dropped.
#[derive(Debug)]
pub struct Hosts {
    network: String,
}

impl Hosts {
    /// Makes `count` hosts. Where the system makes none, as without root, this fails if the
    /// environment variable `CI` is set; else it says so, and there is nothing to test.
    #[must_use]
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
        let reason = String::from_utf8_lossy(&output.stderr);
        assert!(std::env::var_os("CI").is_none(), "no hosts: {reason}");
        // Not by a macro, whose output the test runner would keep to itself.
        writeln!(io::stderr(), "not tested, for want of hosts: {reason}").expect("stderr");
        None
    }

    /// The address of a host.
    #[must_use]
    pub fn address(host: u8) -> String {
        format!("10.99.0.{host}")
    }

    /// A TCP endpoint on a host.
    #[must_use]
    pub fn endpoint(host: u8, port: u16) -> String {
        format!("tcp://{}:{port}", Self::address(host))
    }

    /// Plain sockets on a host, as far as they connect: a socket that binds does so where its test
    /// runs.
    #[must_use]
    pub fn peers(&self, host: u8) -> Peers {
        let namespace = File::open(format!("/run/netns/{}", self.namespace(host)));
        let namespace = namespace.expect("the host's network namespace");
        // libzmq's threads are where the thread is that makes the context's first socket.
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

    /// Drops all packets from and to a host, which sees nothing of it.
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
        // What is left of a network that was not made whole goes, too.
        let _ = self.script(&["down", &self.network]);
    }
}
