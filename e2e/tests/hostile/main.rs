//! Hostile peers: whatever they send, a program serves its honest peers, and its memory does not
//! grow.

mod noise;
mod resources;

use std::iter;
use std::net::TcpStream;

use e2e::{DEADLINE, Keys, Language, Peers, Process, endpoint, rust};

/// How many connections each program gets from hostile peers in a load, all loads being equal.
const LOAD: usize = 250;
/// How many of them are open at once.
const AT_ONCE: usize = 50;
/// How many loads there are.
const LOADS: usize = 5;
/// A leak of this many bytes per connection is seen: less than libzmq's buffers for one.
const LEAK: usize = 4096;
/// How many more there are from beginning to end without a word.
const SILENT: usize = 200;

/// Makes all kinds of noise, in `LOADS` loads, at a program that listens on `endpoint` for peers of
/// the given type. Has it `serve` an honest peer meanwhile and in the end, and compares its memory.
///
/// How much that is depends on how much comes at once, so each batch waits until the connections of
/// the one before are gone. A leak adds to the least that it is in every load. The first load does,
/// too: what it leaves with the allocator is there for the others.
fn withstands(program: &Process, endpoint: &str, peer: &str, serve: &dyn Fn()) {
    program.wait_until_listening();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let mut kinds = noise::KINDS.iter().cycle();
    let mut connections = |count| -> Vec<TcpStream> {
        kinds.by_ref().take(count).map(|(_, kind)| noise::make(*kind, address, peer)).collect()
    };
    let _silent: Vec<_> =
        iter::repeat_with(|| TcpStream::connect(address).unwrap()).take(SILENT).collect();
    let before = resources::sockets(program, address);
    let mut load = || {
        let batch = || {
            let noisy = connections(AT_ONCE);
            serve();
            drop(noisy);
            resources::wait_until_closed(program, address, before);
            resources::memory(program)
        };
        iter::repeat_with(batch).take(LOAD / AT_ONCE).min().unwrap()
    };
    let least: Vec<usize> = iter::repeat_with(&mut load).take(LOADS).collect();
    serve();
    let leaks = least[1..].windows(2).all(|pair| pair[1] >= pair[0] + LEAK * LOAD);
    assert!(!leaks, "in each load at least {least:?} bytes");
    assert!(!noise::ran().exists(), "a pickle was run");
}

fn server_withstands(kind: &str, server_flags: &[String], client_flags: &[String]) {
    let endpoint = endpoint();
    let flags = ["-v", "--as", kind, "--reply", "1", "--bind", &endpoint];
    let server = rust("zmq_server").args(flags).args(server_flags).start();
    let ask = || {
        let flags = ["--as", kind, "--message", "1"];
        let client = rust("zmq_client").args(["-q", "--connect", &endpoint]).args(flags);
        let ended = client.args(client_flags).start().wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    };
    withstands(&server, &endpoint, "REQ", &ask);
    assert_eq!(server.interrupt().code, Some(0));
}

#[test]
fn a_server_of_json_withstands_hostile_clients() {
    server_withstands("json", &[], &[]);
}

#[test]
fn a_server_of_python_objects_withstands_hostile_clients() {
    server_withstands("pyobj", &[], &[]);
}

#[test]
fn a_locked_server_withstands_hostile_clients() {
    let keys = Keys::made_by(Language::Rust);
    server_withstands("json", &keys.server(), &keys.client("alice", "server"));
}

#[test]
fn a_publisher_withstands_hostile_subscribers() {
    let endpoint = endpoint();
    let flags = ["-v", "--interval", "5ms", "--bind", &endpoint];
    let publisher = rust("publisher").args(flags).start();
    let listen = || {
        let ended = rust("subscriber").args(["--connect", &endpoint]).start().wait();
        assert_eq!(ended.stdout, "[b\"client1\", b\"message for client1\"]\n");
    };
    withstands(&publisher, &endpoint, "SUB", &listen);
    assert_eq!(publisher.interrupt().code, Some(0));
}

#[test]
fn a_consumer_withstands_hostile_producers() {
    let (tasks, results) = (endpoint(), endpoint());
    let flags = ["-v", "--id", "7", "--tasks-bind", &tasks, "--results-connect", &results];
    let collector = Peers::new();
    let collector = collector.bind(zmq::PULL, &results);
    let consumer = rust("consumer").args(flags).start();
    let work = || {
        let ended = rust("producer").args(["--connect", &tasks, "--count", "1"]).start().wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(collector.recv_string(0).unwrap().unwrap(), "{\"consumer_id\":7,\"num\":0}");
    };
    withstands(&consumer, &tasks, "PUSH", &work);
    assert_eq!(consumer.interrupt().code, Some(0));
}

#[test]
fn a_collector_withstands_hostile_consumers() {
    let endpoint = endpoint();
    // One result more than those that `withstands` sends: the collector outlives the noise.
    let results = LOADS * LOAD / AT_ONCE + 1 + 1;
    let count = results.to_string();
    let flags = ["-v", "--count", &count, "--bind", &endpoint];
    let collector = rust("resultcollector").args(flags).start();
    let peers = Peers::new();
    let consumer = peers.connect(zmq::PUSH, &endpoint);
    let send = || consumer.send("{\"consumer_id\":7,\"num\":0}", 0).unwrap();
    withstands(&collector, &endpoint, "PUSH", &send);
    send();
    let ended = collector.wait().stdout;
    assert!(ended.contains(&format!("results collected: {results}, rejected: ")), "{ended}");
}

/// The honest worker's results and the sink show that the job goes on.
#[test]
fn a_dispatcher_and_a_sink_withstand_hostile_workers() {
    let [work, acks, progress, results] = [(); 4].map(|()| endpoint());
    let folder = tempfile::tempdir().unwrap();
    let flags = ["-v", "--bind", &work, "--acks-bind", &acks, "--progress-bind", &progress];
    let dispatcher = rust("dispatcher").args(flags).start();
    withstands(&dispatcher, &work, "REQ", &|| {});
    withstands(&dispatcher, &acks, "REQ", &|| {});
    let flags = ["-v", "--bind", &results, "--acks-connect", &acks, "--output"];
    let sink = rust("sink").args(flags).arg(folder.path().join("results.jsonl")).start();
    withstands(&sink, &results, "PUSH", &|| {});
    let worker = rust("worker").args(["--connect", &work, "--results-connect", &results]).start();
    for process in [sink, dispatcher, worker] {
        let ended = process.wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

/// Any peer that connects to a producer receives tasks. Only keys decide who may connect.
#[test]
fn a_locked_producer_withstands_hostile_consumers_and_loses_nothing() {
    let (keys, tasks, results) = (Keys::made_by(Language::Rust), endpoint(), endpoint());
    let flags = ["-v", "--bind", &tasks, "--count", "1000"];
    let producer = rust("producer").args(flags).args(keys.server()).start();
    withstands(&producer, &tasks, "PULL", &|| {});

    let collector = rust("resultcollector").args(["--connect", &results]);
    let collector = collector.args(keys.client("alice", "alice")).start();
    let flags = ["--tasks-connect", &tasks, "--results-bind", &results];
    let _consumer = rust("consumer").args(flags).args(keys.both("alice", "server")).start();
    let ended = collector.wait().stdout;
    assert!(ended.ends_with("results collected: 1000\n"), "{ended}");
    assert_eq!(producer.wait().code, Some(0));
}

#[test]
fn peers_that_never_speak_are_shown_the_door() {
    let endpoint = endpoint();
    let flags = ["-v", "--handshake-timeout", "100ms", "--bind", &endpoint];
    let server = rust("zmq_server").args(flags).start();
    server.wait_until_listening();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    for (name, kind) in &noise::KINDS[1..3] {
        let mut connection = noise::make(*kind, address, "REQ");
        assert!(noise::is_closed(&mut connection, DEADLINE), "{name}");
    }
}
