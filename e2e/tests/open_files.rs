//! At the limit of open files a server waits until there is room, and serves on (libzmq 4.3.5 tries
//! in a loop, or ends the program; mended in zmq-sys). A test of its own: the limit is that of the
//! whole process.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use e2e::{Peers, endpoint};
use nix::errno::Errno::EMFILE;
use rlimit::Resource;
use zmq::SocketEvent::{ACCEPT_FAILED, ACCEPTED};
use zmq::{REP, REQ};

#[test]
fn at_the_limit_of_open_files_a_server_waits_for_room() {
    let (soft, hard) = Resource::NOFILE.get().unwrap();
    for (transport, is_served) in [("tcp", true), ("tcp", false), ("ipc", true), ("ipc", false)] {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = match transport {
            "tcp" => endpoint(),
            _ => format!("ipc://{}", folder.path().join("socket").display()),
        };
        let peers = Peers::new();
        let (server, client) = (peers.socket(REP), peers.socket(REQ));
        let events = peers.watch(&server);
        server.bind(&endpoint).unwrap();
        // Room for the client's side of the connection alone.
        let next = File::open("/dev/null").unwrap().as_raw_fd();
        Resource::NOFILE.set(u64::try_from(next).unwrap() + 1, hard).unwrap();
        client.connect(&endpoint).unwrap();
        client.send("a message", 0).unwrap();
        assert_eq!(events.wait_for(ACCEPT_FAILED), EMFILE as u32);

        // Ten times a second is not a loop.
        let (start, mut failures) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(500) {
            assert_eq!(events.next(), (ACCEPT_FAILED.to_raw(), EMFILE as u32));
            failures += 1;
        }
        assert!(failures < 10, "{failures} failures");

        if is_served {
            Resource::NOFILE.set(soft, hard).unwrap();
            events.wait_for(ACCEPTED);
            assert_eq!(server.recv_bytes(0).unwrap(), b"a message");
        }
        drop((server, client, peers));
        events.end();
        Resource::NOFILE.set(soft, hard).unwrap();
    }
}
