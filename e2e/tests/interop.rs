//! Every sender with every receiver, in Rust and in Python, with random payloads.

use Language::{Python, Rust};
use e2e::{Language, Stream, endpoint};

/// How the programs of a language print a text that was sent as `kind`.
fn printed(language: Language, kind: &str, text: &str) -> String {
    match (language, kind) {
        (_, "string") => text.to_owned(),
        (Rust, "bytes") => format!("b\"{}\"", text.as_bytes().escape_ascii()),
        (Rust, "multipart") => format!("[b\"{}\"]", text.as_bytes().escape_ascii()),
        (Rust, "json") => argument(kind, text).replace(' ', ""),
        (Rust, _) => format!("{{\"list\": [1, 2.5, None, True], \"token\": \"{text}\"}}"),
        (Python, "bytes") => format!("b'{}'", text.as_bytes().escape_ascii()),
        (Python, "multipart") => format!("[b'{}']", text.as_bytes().escape_ascii()),
        (Python, _) => format!("{{'list': [1, 2.5, None, True], 'token': '{text}'}}"),
    }
}

fn token() -> String {
    format!("訊息-{:016x}", rand::random::<u64>())
}

/// The command-line text that sends `text` as `kind`.
fn argument(kind: &str, text: &str) -> String {
    match kind {
        "json" | "pyobj" => format!("{{\"list\": [1, 2.5, null, true], \"token\": \"{text}\"}}"),
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

fn pairs() -> impl Iterator<Item = (Language, Language)> {
    [Rust, Python].into_iter().flat_map(|one| [Rust, Python].map(|other| (one, other)))
}

#[test]
fn bytes_are_asked_and_answered() {
    request_and_reply("bytes");
}

#[test]
fn strings_are_asked_and_answered() {
    request_and_reply("string");
}

#[test]
fn json_is_asked_and_answered() {
    request_and_reply("json");
}

#[test]
fn python_objects_are_asked_and_answered() {
    request_and_reply("pyobj");
}

#[test]
fn multipart_messages_are_asked_and_answered() {
    request_and_reply("multipart");
}

#[test]
fn every_publisher_is_heard_by_every_subscriber() {
    for (publisher_language, subscriber_language) in pairs() {
        let (endpoint, topic) = (endpoint(), token());
        let _publisher = publisher_language
            .program("pub-sub", "publisher")
            .args(["--bind", &endpoint, "--topic", "client1", "--topic", &topic])
            .start();
        let subscriber = subscriber_language
            .program("pub-sub", "subscriber")
            .args([topic.as_str(), "--connect", &endpoint])
            .start();
        let ended = subscriber.wait();
        let what = format!("{subscriber_language:?} hears {publisher_language:?}: {ended:?}");
        let quote = if subscriber_language == Rust { '"' } else { '\'' };
        let bytes = topic.as_bytes().escape_ascii();
        let expected = format!("[b{quote}{bytes}{quote}, b{quote}message for {bytes}{quote}]\n");
        assert_eq!((ended.code, &ended.stdout), (Some(0), &expected), "{what}");
    }
}

/// Runs the pipeline with the given languages, and returns what its collector printed.
fn pipeline(languages: [Language; 3], count: &str, consumer_binds: bool) -> String {
    let [producer, consumer, collector] = languages;
    let (tasks, results) = (endpoint(), endpoint());
    let (consumer_flag, collector_flag) = if consumer_binds {
        ("--results-bind", "--connect")
    } else {
        ("--results-connect", "--bind")
    };
    let producer =
        producer.program("pipeline", "producer").args(["--bind", &tasks, "--count", count]).start();
    let _consumer = consumer
        .program("pipeline", "consumer")
        .args(["--tasks-connect", &tasks, consumer_flag, &results])
        .start();
    let collector = collector
        .program("pipeline", "resultcollector")
        .args([collector_flag, &results, "--count", count])
        .start()
        .wait();
    assert_eq!(collector.code, Some(0), "{languages:?}: {collector:?}");
    let producer = producer.wait();
    assert_eq!(producer.code, Some(0), "{languages:?}: {producer:?}");
    collector.stdout
}

#[test]
fn every_producer_consumer_and_collector_work_together() {
    for (producer, consumer) in pairs() {
        for collector in [Rust, Python] {
            for consumer_binds in [true, false] {
                let count = (500 + rand::random::<u64>() % 1000).to_string();
                let languages = [producer, consumer, collector];
                let printed = pipeline(languages, &count, consumer_binds);
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
}
