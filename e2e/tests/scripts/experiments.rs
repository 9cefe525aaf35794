//! The experiments: each ends in a verdict, with figures counted from its run.

use std::net::TcpListener;

use e2e::{DefaultPorts, python, script};

use crate::{lines, messages};

#[test]
fn curve_lets_in_whose_key_is_allowed() {
    let _ports = DefaultPorts::take();
    let ended = script("experiments/curve.sh").start().wait();
    assert_eq!(messages(&ended, "alice"), ["b\"new message\""]);
    let refused = "error: no answer within 1s, asked 1 time";
    assert_eq!(messages(&ended, "mallory"), [refused, "b\"new message\""]);
    assert_eq!(messages(&ended, "nobody"), [refused]);
    assert_eq!(lines(&ended, "server").last(), Some(&"requests answered: 2"));
    let verdict = "== alice is in, mallory is out, the client without keys is out; once allowed, mallory is in.";
    assert!(ended.stdout.lines().any(|line| line == verdict), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_storm_of_kills_ends_with_every_task_in_the_output() {
    let _ports = DefaultPorts::take();
    let flags = ["--kills", "30", "--pauses", "1", "--tasks", "2000", "--seed", "7"];
    let ended = script("experiments/kill-storm.sh").args(flags).start().wait();
    let verdict = "Of 2000 tasks, 2000 are in the output, in 2000 lines. 0 were given up.";
    assert!(ended.stdout.contains("30 processes were killed ("), "{}", ended.stdout);
    assert!(ended.stdout.contains("), and 1 paused."), "{}", ended.stdout);
    assert!(ended.stdout.contains(verdict), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0));
}

/// An experiment would measure what somebody else does.
#[test]
fn a_port_that_is_taken_is_named_and_nothing_is_concluded_from_it() {
    let _ports = DefaultPorts::take();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl");
    let output = ["--output", output.to_str().unwrap()];
    let conclusions =
        [" holds", " held ", " is false", "The remedy", "The slow joiner", "alice is", " killed."];
    for (name, flags, ports) in [
        ("req-rep.sh", &[][..], &[5555][..]),
        ("pub-sub.sh", &[], &[5555]),
        ("pipeline.sh", &["--consumers", "2"], &[5577, 5578]),
        ("reliable-pipeline.sh", &output, &[5577, 5578]),
        ("experiments/raw-tcp.sh", &[], &[5555]),
        ("experiments/many-to-many.sh", &[], &[5555]),
        ("experiments/many-clients.sh", &[], &[5555]),
        ("experiments/client-dies.sh", &[], &[5555]),
        ("experiments/curve.sh", &[], &[5555]),
        ("experiments/server-dies.sh", &[], &[5555]),
        ("experiments/server-restarts.sh", &[], &[5555]),
        ("experiments/topic-prefix.sh", &[], &[5555]),
        ("experiments/late-subscriber.sh", &[], &[5555]),
        ("experiments/consumer-dies.sh", &[], &[5577, 5578]),
        ("experiments/slow-consumer.sh", &[], &[5577, 5578]),
        ("experiments/no-consumer.sh", &[], &[5577]),
        ("experiments/reconnect.sh", &[], &[5577, 5578]),
        ("experiments/kill-storm.sh", &[], &[5577, 5578]),
    ] {
        for &port in ports {
            let _taken = TcpListener::bind(("0.0.0.0", port)).unwrap();
            let ended = script(name).args(flags).start().wait();
            let lines = || ended.stdout.lines().chain(ended.stderr.lines());
            let error = format!(":{port}: Address already in use");
            assert!(lines().any(|line| line.ends_with(&error)), "{name}: {ended:?}");
            assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
            let concluded = lines().find(|line| {
                line.starts_with("== ") && conclusions.iter().any(|known| line.contains(known))
            });
            assert_eq!(concluded, None, "{name}");
        }
    }
}

/// Each exits 0 only if its measurement confirms the verdict that it states.
#[test]
fn experiments_end_with_their_verdicts() {
    let _ports = DefaultPorts::take();
    // Set up before, not within the script's time.
    drop(python("req-rep/python/zmq_server.py"));
    for (name, verdicts) in [
        ("raw-tcp.sh", ["== C0 holds over tcp://: a plain TCP stream sent 117 bytes, ", "ipc://"]),
        ("many-to-many.sh", ["client 3: answers from servers 1, 2 and 3: 2 2 2", "== C1 holds: "]),
        ("out-of-turn.sh", ["== C2 holds: ", "== C3 holds: "]),
        (
            "many-clients.sh",
            ["== C4 holds: 50 clients received 1000 answers, and 0 ", "another's."],
        ),
        ("client-dies.sh", ["== C5 holds: 5 clients were killed ", "== The other client had all "]),
        (
            "server-restarts.sh",
            ["== C6 holds: ", " 1 answer of the first server and 1 of the second"],
        ),
        ("server-dies.sh", ["== C7 holds: ", "== The remedy works: "]),
        ("late-subscriber.sh", ["== The slow joiner: ", "== The remedy: with --wait-for 1, 0 "]),
        ("topic-prefix.sh", ["== C9 holds: 2 of 5 topics ", "client1 and client1client2."]),
        ("slow-consumer.sh", ["== C10 holds by count alone: ", " times the ideal."]),
        ("no-consumer.sh", [" buffers 0 of 2000 tasks ", ", one that connects 1000.\n"]),
        (
            "consumer-dies.sh",
            ["== C12 is false as stated: ", " of 2000 tasks were lost with one of two."],
        ),
        ("reconnect.sh", ["== C13 holds: ", " did 2000 tasks of two producers."]),
    ] {
        let ended = script(&format!("experiments/{name}")).start().wait();
        assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
        for verdict in verdicts {
            assert!(ended.stdout.contains(verdict), "{name}: {verdict}: {}", ended.stdout);
        }
    }
}
