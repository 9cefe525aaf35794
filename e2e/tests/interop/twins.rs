//! What only the programs and their Python twins have: more kinds of payload, and consumers that
//! connect to their collector.

use Language::{Python, Rust};
use e2e::{Language, Stream, endpoint};

use crate::peer::token;

fn pairs() -> impl Iterator<Item = (Language, Language)> {
    [Rust, Python].into_iter().flat_map(|one| [Rust, Python].map(|other| (one, other)))
}

/// How the programs of a language print a text that was sent as `kind`.
fn printed(language: Language, kind: &str, text: &str) -> String {
    match (language, kind) {
        (_, "string") => text.to_owned(),
        (Rust, _) => format!("{{\"list\": [1, 2.5, None, True], \"token\": \"{text}\"}}"),
        (Python, _) => format!("{{'list': [1, 2.5, None, True], 'token': '{text}'}}"),
    }
}

/// The command-line text that sends `text` as `kind`.
fn argument(kind: &str, text: &str) -> String {
    match kind {
        "pyobj" => format!("{{\"list\": [1, 2.5, null, true], \"token\": \"{text}\"}}"),
        _ => text.to_owned(),
    }
}

/// Every client with every server.
fn request_and_reply(kind: &str) {
    for (server_language, client_language) in pairs() {
        let (endpoint, request, reply) = (endpoint(), token(), token());
        let server = server_language
            .program("req-rep", "zmq_server")
            .args(["--bind", &endpoint, "--as", kind, "--reply", &argument(kind, &reply)])
            .start();
        let client = client_language
            .program("req-rep", "zmq_client")
            .args(["--connect", &endpoint, "--as", kind, "--message", &argument(kind, &request)])
            .start();
        server.wait_for(Stream::Stdout, &printed(server_language, kind, &request));
        let ended = client.wait();
        let what = format!("{client_language:?} asks {server_language:?}: {ended:?}");
        let expected = printed(client_language, kind, &reply) + "\n";
        assert_eq!((ended.code, &ended.stdout), (Some(0), &expected), "{what}");
    }
}

#[test]
fn strings_are_asked_and_answered() {
    request_and_reply("string");
}

#[test]
fn python_objects_are_asked_and_answered() {
    request_and_reply("pyobj");
}

/// One of several on a host: then the collector binds.
#[test]
fn consumers_connect_to_their_collector() {
    for (producer, consumer) in pairs() {
        for collector in [Rust, Python] {
            let count = (500 + rand::random::<u64>() % 1000).to_string();
            let languages = [producer, consumer, collector];
            let printed = pipeline(languages, &count);
            // Python: {517: 1000}. Rust: consumer 517  1000 ████…
            let (start, end) = match collector {
                Python => ("{", format!(": {count}}}\n")),
                Rust => ("consumer ", format!("\nresults collected: {count}\n")),
            };
            assert!(printed.starts_with(start), "{languages:?}: {printed}");
            assert!(printed.ends_with(&end), "{languages:?}: {printed}");
        }
    }
}

/// Runs the pipeline with the given languages, and returns what its collector printed.
fn pipeline(languages: [Language; 3], count: &str) -> String {
    let [producer, consumer, collector] = languages;
    let (tasks, results) = (endpoint(), endpoint());
    let producer =
        producer.program("pipeline", "producer").args(["--bind", &tasks, "--count", count]).start();
    let _consumer = consumer
        .program("pipeline", "consumer")
        .args(["--tasks-connect", &tasks, "--results-connect", &results])
        .start();
    let collector = collector
        .program("pipeline", "resultcollector")
        .args(["--bind", &results, "--count", count])
        .start()
        .wait();
    assert_eq!(collector.code, Some(0), "{languages:?}: {collector:?}");
    let producer = producer.wait();
    assert_eq!(producer.code, Some(0), "{languages:?}: {producer:?}");
    collector.stdout
}
