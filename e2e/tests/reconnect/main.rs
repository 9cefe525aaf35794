//! A socket that connects tries again, whatever broke its connection (mended in zmq-sys: libzmq
//! 4.3.5 gives it up for good after an error in the protocol). In each test the first socket lives
//! on, and finds what takes the place of a peer that it could not talk to.

mod attempts;
mod closed;
mod curve;
mod frames;
mod peers;
mod strangers;

use e2e::Peers;
use tempfile::tempdir;
use zmq::SocketType::{DEALER, PUB, PULL, REP, REQ, SUB};

use peers::{PATTERNS, Server, client, mend, mend_for};

#[test]
fn a_peer_of_another_pattern_gives_way_to_the_right_one() {
    for (kind, right) in PATTERNS {
        for wrong in [REP, PUB, PULL].into_iter().filter(|&wrong| {
            // DEALER and REP do talk.
            wrong != right && !(kind == SUB && wrong == PUB) && !(kind == DEALER && wrong == REP)
        }) {
            mend(kind, |end| Server::bind(wrong, end), |end| Server::bind(right, end));
        }
    }
}

#[test]
fn a_peer_of_another_pattern_gives_way_to_the_right_one_over_ipc() {
    let folder = tempdir().unwrap();
    let endpoint = format!("ipc://{}", folder.path().join("socket").display());
    let peers = Peers::new();
    let [wrong, right] = [PUB, REP].map(|kind| move |end: &str| Server::bind(kind, end));
    mend_for(&peers, &client(&peers, REQ), &endpoint, wrong, right);
}
