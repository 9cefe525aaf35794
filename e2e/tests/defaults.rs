//! Every program without arguments, on the article's ports: bare and full, in Rust and in Python,
//! each with the others.

use Language::{Python, Rust};
use Version::{Bare, Full};
use e2e::{DefaultPorts, Language, Process, Stream};

/// One of the two versions of an article's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// Its calls and nothing else.
    Bare(Language),
    /// The program, or its Python twin.
    Full(Language),
}

const VERSIONS: [Version; 4] = [Bare(Rust), Full(Rust), Bare(Python), Full(Python)];

impl Version {
    fn start(self, pattern: &str, name: &str) -> Process {
        match self {
            Bare(language) => language.bare(pattern, name),
            Full(language) => language.program(pattern, name),
        }
        .start()
    }
}

#[test]
fn every_server_answers_every_client_in_turn() {
    let _ports = DefaultPorts::take();
    for server_version in VERSIONS {
        let server = server_version.start("req-rep", "zmq_server");
        for client_version in VERSIONS {
            let client = client_version.start("req-rep", "zmq_client").wait();
            let reply = match client_version {
                Bare(Rust) | Full(Rust) => "b\"new message\"\n",
                Bare(Python) | Full(Python) => "b'new message'\n",
            };
            let what = format!("{client_version:?} asks {server_version:?}: {client:?}");
            assert_eq!((client.code, client.stdout.as_str()), (Some(0), reply), "{what}");
        }
        let printed: &[&str] = match server_version {
            Bare(Rust) => &["alloc::vec::Vec<u8>", "received: b\"a message\""],
            Full(Rust) => &["received bytes: b\"a message\""],
            Bare(Python) | Full(Python) => &["<class 'bytes'>", "received: b'a message'"],
        };
        for line in printed {
            server.wait_for_lines(Stream::Stdout, line, VERSIONS.len());
        }
    }
}

#[test]
fn every_publisher_is_heard_by_every_subscriber() {
    let _ports = DefaultPorts::take();
    for publisher_version in VERSIONS {
        let publisher = publisher_version.start("pub-sub", "publisher");
        for subscriber_version in VERSIONS {
            let subscriber = subscriber_version.start("pub-sub", "subscriber").wait();
            let message = match subscriber_version {
                Bare(Rust) => "b\"client1\"\nb\"message for client1\"\n",
                Full(Rust) => "[b\"client1\", b\"message for client1\"]\n",
                Bare(Python) | Full(Python) => "[b'client1', b'message for client1']\n",
            };
            let what = format!("{subscriber_version:?} hears {publisher_version:?}");
            let seen = (subscriber.code, subscriber.stdout.as_str());
            assert_eq!(seen, (Some(0), message), "{what}: {}", subscriber.stderr);
        }
        for topic in ["client1", "client2"] {
            let line = match publisher_version {
                Bare(Rust) => format!("[\"{topic}\", \"message for {topic}\"]"),
                Full(Rust) => format!("[b\"{topic}\", b\"message for {topic}\"]"),
                Bare(Python) | Full(Python) => format!("[b'{topic}', b'message for {topic}']"),
            };
            publisher.wait_for(Stream::Stdout, &line);
        }
    }
}

/// Runs the pipeline with these versions of producer, consumer and collector.
fn pipeline(versions: [Version; 3]) {
    let [producer, consumer, collector] = versions;
    let producer = producer.start("pipeline", "producer");
    let _consumer = consumer.start("pipeline", "consumer");
    let collected = collector.start("pipeline", "resultcollector").wait();
    let results = match collector {
        Full(Rust) => "\nresults collected: 1000\n",
        Bare(Rust | Python) | Full(Python) => ": 1000}\n",
    };
    assert!(collected.stdout.ends_with(results), "{versions:?}: {collected:?}");
    assert_eq!(collected.code, Some(0), "{versions:?}: {collected:?}");
    assert_eq!(producer.wait().code, Some(0), "{versions:?}");
}

/// Uses `version` for one role after the other, and `others` for the remaining two.
fn pipelines(version: Version, others: Version) {
    for role in 0..3 {
        let mut versions = [others; 3];
        versions[role] = version;
        pipeline(versions);
    }
}

#[test]
fn every_bare_program_works_in_every_pipeline() {
    let _ports = DefaultPorts::take();
    pipeline([Bare(Rust); 3]);
    for others in [Full(Rust), Bare(Python), Full(Python)] {
        pipelines(Bare(Rust), others);
    }
}

#[test]
fn every_python_program_works_in_the_pipeline() {
    let _ports = DefaultPorts::take();
    pipeline([Full(Rust); 3]);
    for python in [Bare(Python), Full(Python)] {
        pipelines(python, Full(Rust));
    }
}
