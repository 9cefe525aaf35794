//! What a program holds: memory and sockets.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Process};

/// Resident memory, in bytes.
pub fn memory(process: &Process) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    1024 * line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
}

/// How many sockets a program that listens on `address` holds, once it has accepted whoever has
/// connected before.
pub fn sockets(process: &Process, address: &str) -> usize {
    // Who connects last is accepted last, and greeted then.
    let mut last = TcpStream::connect(address).unwrap();
    last.set_read_timeout(Some(DEADLINE)).unwrap();
    last.read_exact(&mut [0]).unwrap();
    open_sockets(process) - 1
}

/// Waits until a program has let go of the connections that have ended: it holds `count` sockets,
/// or fewer.
pub fn wait_until_closed(process: &Process, address: &str, count: usize) {
    let deadline = Instant::now() + DEADLINE;
    while sockets(process, address) > count {
        assert!(Instant::now() < deadline, "connections that ended long ago are open");
        thread::sleep(Duration::from_millis(2));
    }
}

fn open_sockets(process: &Process) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap();
    let is_socket =
        |path| fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
    files.filter(|file| is_socket(file.as_ref().unwrap().path())).count()
}
