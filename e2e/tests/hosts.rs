//! Programs on several hosts: cables are pulled, packets are dropped.

use std::collections::BTreeSet;

use e2e::{Hosts, Process, Stream, receive_result, rust, script};
use serde_json::{Value, json};
use zmq::Socket;

/// A vanished peer is noticed within three times this. TCP alone would take a quarter of an hour, and
/// no test waits for that.
const HEARTBEAT: [&str; 2] = ["--heartbeat", "500ms"];

const PRODUCER: u8 = 1;
const CONSUMERS: [u8; 2] = [2, 3];
const COLLECTOR: u8 = 4;

fn producer(hosts: &Hosts, flags: &[&str]) -> Process {
    let endpoint = Hosts::endpoint(PRODUCER, 5577);
    let producer = rust("producer").args(["--bind", &endpoint, "--wait-for", "2"]).args(flags);
    producer.on(hosts, PRODUCER).start()
}

fn consumers(hosts: &Hosts, flags: &[&str]) -> [Process; 2] {
    CONSUMERS.map(|host| {
        let tasks = Hosts::endpoint(PRODUCER, 5577);
        let flags = [&["-v", "--tasks-connect", &tasks], flags].concat();
        rust("consumer").args(["--id", &host.to_string()]).args(flags).on(hosts, host).start()
    })
}

/// Instead of a collector: a socket that is connected to both consumers.
fn collector(hosts: &Hosts, heartbeat: bool) -> Socket {
    let socket = hosts.peers(COLLECTOR).socket(zmq::PULL);
    if heartbeat {
        // As `HEARTBEAT` sets them.
        socket.set_heartbeat_ivl(500).unwrap();
        socket.set_heartbeat_timeout(1000).unwrap();
        socket.set_connect_timeout(1000).unwrap();
    }
    for host in CONSUMERS {
        socket.connect(&Hosts::endpoint(host, 5578)).unwrap();
    }
    socket
}

#[test]
fn the_pipeline_runs_on_four_hosts() {
    let Some(hosts) = Hosts::new(4) else { return };
    let _producer = producer(&hosts, &[]);
    let _consumers = consumers(&hosts, &[]);
    let connect = CONSUMERS.map(|host| Hosts::endpoint(host, 5578));
    let collector = rust("resultcollector")
        .args(connect.iter().flat_map(|endpoint| ["--connect", endpoint]))
        .args(["--count", "2000", "--format", "json"])
        .on(&hosts, COLLECTOR)
        .start();
    let counted: Value = serde_json::from_str(&collector.wait().stdout).unwrap();
    assert_eq!(counted["consumers"], json!({"2": 1000, "3": 1000}));
}

/// Where C12 holds: TCP itself survives a cable that is pulled for a moment, and nothing is lost.
#[test]
fn a_cable_pulled_and_plugged_in_again_loses_nothing() {
    let Some(hosts) = Hosts::new(4) else { return };
    let _producer = producer(&hosts, &[]);
    let _consumers = consumers(&hosts, &["--work", "1ms"]);
    let collector = collector(&hosts, false);
    let mut nums: BTreeSet<u64> = (0..200).map(|_| receive_result(&collector).1).collect();
    hosts.pull(2);
    // The other consumer continues meanwhile.
    nums.extend((0..200).map(|_| receive_result(&collector).1));
    hosts.plug(2);
    nums.extend((0..1600).map(|_| receive_result(&collector).1));
    assert!(nums.into_iter().eq(0..2000));
}

/// Where C12 fails: the heartbeat ends a connection whose other end is gone, and the messages in
/// flight are lost with it. But sending goes on after the reconnect.
#[test]
fn a_cable_pulled_for_longer_than_the_heartbeat_is_noticed_and_the_pipeline_goes_on() {
    let Some(hosts) = Hosts::new(4) else { return };
    let _producer = producer(&hosts, &HEARTBEAT);
    let [first, _second] = consumers(&hosts, &[&["--work", "2ms"][..], &HEARTBEAT].concat());
    let collector = collector(&hosts, true);
    let mut received: Vec<_> = (0..200).map(|_| receive_result(&collector)).collect();
    hosts.pull(2);
    first.wait_for(Stream::Stderr, "disconnected from tcp://10.99.0.2:5578");
    // Meanwhile the other consumer does its thousand, and the collector ends its connection, too.
    let of = |consumer, received: &[(u64, u64)]| {
        received.iter().filter(|(id, _)| *id == consumer).map(|(_, num)| *num).collect::<Vec<_>>()
    };
    while of(3, &received).len() < 1000 {
        received.push(receive_result(&collector));
    }
    hosts.plug(2);
    first.wait_for_lines(Stream::Stderr, "accepted a connection on tcp://10.99.0.2:5578", 2);
    while of(2, &received).last() < Some(&1998) {
        received.push(receive_result(&collector));
    }
    let lost = 2000 - received.len();
    println!("lost {lost} of 2000 tasks");
    assert!((1..1000).contains(&lost), "{lost}");
}

/// A client sends requests to a server on another host, until `fault` strikes that host.
fn vanishes(fault: impl Fn(&Hosts, u8)) {
    let (server_host, client_host) = (1, 2);
    let Some(hosts) = Hosts::new(2) else { return };
    let endpoint = Hosts::endpoint(server_host, 5555);
    let server = rust("zmq_server").args(["-v", "--bind", &endpoint]).args(HEARTBEAT);
    let server = server.on(&hosts, server_host).start();
    let client = rust("zmq_client")
        .args(["-v", "--connect", &endpoint, "--count", "0", "--interval", "1ms"])
        .args(["--timeout", "200ms", "--retries", "100"])
        .args(HEARTBEAT)
        .on(&hosts, client_host)
        .start();
    client.wait_for_lines(Stream::Stdout, "new message", 10);
    fault(&hosts, server_host);
    client.wait_for(Stream::Stderr, "disconnected");
    server.wait_for(Stream::Stderr, "disconnected");
    let answered = client.count(Stream::Stdout, "new message");
    hosts.plug(server_host);
    client.wait_for_lines(Stream::Stdout, "new message", answered + 10);
    let ended = client.interrupt();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_server_whose_cable_is_pulled_is_noticed_and_asked_again_when_it_is_back() {
    vanishes(Hosts::pull);
}

#[test]
fn a_server_whose_packets_are_dropped_is_noticed_and_asked_again_when_it_is_back() {
    vanishes(Hosts::drop_packets);
}

#[test]
fn the_script_prints_what_was_lost_and_how_long_recovery_took() {
    if Hosts::new(1).is_none() {
        return;
    }
    let ended = script("experiments/multi-host.sh").start().wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for verdict in ["had its next answer ", " ms after the cable was back", " tasks were lost: "] {
        assert!(ended.stdout.contains(verdict), "{verdict}: {}", ended.stdout);
    }
}
