//! Every sender with every receiver: the programs, the bare ones, Python, Node.js and C, with random
//! payloads.

mod peer;
mod twins;

use std::slice;

use e2e::{DefaultPorts, Keys, Stream, endpoint};
use peer::{Peer, token, with_each};

/// The peers in front of the bare one.
fn with_bare() -> Vec<Peer> {
    Peer::all().into_iter().chain([Peer::BareRust]).collect()
}

/// The texts that travel as `kind`, one per frame: what is new in them is random.
fn texts(kind: &str) -> Vec<String> {
    match kind {
        "json" => vec![format!("{{\"list\": [1, 2.5, null, true], \"token\": \"{}\"}}", token())],
        "multipart" => vec![token(), token()],
        _ => vec![token()],
    }
}

/// All `clients` ask one server at the same time.
fn ask(server: &Peer, clients: &[Peer], kind: &str, [bind, connect]: [&str; 2]) {
    // A server of ours answers with one text.
    let answer = if server.is_bare() { "new message".into() } else { texts(kind).remove(0) };
    let flags = ["--bind", bind, "--as", kind, "--reply", &answer];
    let process = server.start("req-rep", "zmq_server", &flags);
    with_each(server, "answers", clients, |client| {
        let asked = match client {
            Peer::BareRust => vec!["a message".to_owned()],
            // Sends one frame.
            Peer::Python => vec![texts(kind).remove(0)],
            _ => texts(kind),
        };
        let asked: Vec<_> = asked.iter().map(String::as_str).collect();
        let mut flags = vec!["--connect", connect, "--as", kind];
        flags.extend(asked.iter().flat_map(|text| ["--message", *text]));
        let ended = client.start("req-rep", "zmq_client", &flags).wait();
        let expected = client.prints(kind, &[&answer]) + "\n";
        assert_eq!((ended.code, &ended.stdout), (Some(0), &expected), "{ended:?}");
        process.wait_for(Stream::Stdout, &server.prints(kind, &asked));
    });
}

/// Every client with every server.
fn request_and_reply(kind: &str) {
    let peers = Peer::all();
    for server in &peers {
        let endpoint = endpoint();
        ask(server, &peers, kind, [&endpoint, &endpoint]);
    }
}

#[test]
fn bytes_are_asked_and_answered() {
    request_and_reply("bytes");
}

#[test]
fn json_is_asked_and_answered() {
    request_and_reply("json");
}

#[test]
fn multipart_messages_are_asked_and_answered() {
    request_and_reply("multipart");
}

const REQ_REP: [&str; 2] = ["tcp://*:5555", "tcp://localhost:5555"];

#[test]
fn bare_programs_ask_and_answer() {
    let _ports = DefaultPorts::take();
    ask(&Peer::BareRust, &with_bare(), "bytes", REQ_REP);
    for server in Peer::all() {
        ask(&server, &[Peer::BareRust], "bytes", REQ_REP);
    }
}

/// The keys are those of `curve_keygen`.
#[test]
fn every_server_answers_every_client_under_curve() {
    let (peers, keys) = (Peer::all(), Keys::made_by(e2e::Language::Rust));
    for server in &peers {
        let (endpoint, answer) = (endpoint(), token());
        let flags = ["--bind", &endpoint, "--reply", &answer];
        let process = server.under_curve("zmq_server").args(flags).args(keys.server()).start();
        with_each(server, "answers under CURVE", &peers, |client| {
            let asked = token();
            let flags = ["--connect", &endpoint, "--message", &asked];
            let process_of_client =
                client.under_curve("zmq_client").args(flags).args(keys.client("alice", "server"));
            let ended = process_of_client.start().wait();
            assert!(ended.stdout.contains(&client.prints("bytes", &[&answer])), "{ended:?}");
            assert_eq!(ended.code, Some(0), "{ended:?}");
            process.wait_for(Stream::Stdout, &server.prints("bytes", &[&asked]));
        });
    }
}

/// A publisher publishes for all `subscribers`, each of which has a topic of its own; a bare one has
/// the article's.
fn publish(publisher: &Peer, subscribers: &[Peer], [bind, connect]: [&str; 2]) {
    let topic = |subscriber: &Peer| {
        if publisher.is_bare() || subscriber.is_bare() { "client1".to_owned() } else { token() }
    };
    let topics: Vec<_> = subscribers.iter().map(|it| (it.name(), topic(it))).collect();
    let mut flags = vec!["--bind", bind];
    flags.extend(topics.iter().flat_map(|(_, topic)| ["--topic", topic]));
    let _process = publisher.start("pub-sub", "publisher", &flags);
    with_each(publisher, "is heard by", subscribers, |subscriber| {
        let (_, topic) = topics.iter().find(|(name, _)| *name == subscriber.name()).unwrap();
        let flags = match subscriber {
            Peer::Node(_) | Peer::C(_) => vec!["--topic", topic, "--connect", connect],
            _ => vec![topic.as_str(), "--connect", connect],
        };
        let ended = subscriber.start("pub-sub", "subscriber", &flags).wait();
        let expected = match subscriber {
            Peer::BareRust => "b\"client1\"\nb\"message for client1\"\n".to_owned(),
            _ => subscriber.prints("multipart", &[topic, &format!("message for {topic}")]) + "\n",
        };
        assert_eq!((ended.code, &ended.stdout), (Some(0), &expected), "{ended:?}");
    });
}

#[test]
fn every_publisher_is_heard_by_every_subscriber() {
    let peers = Peer::all();
    for publisher in &peers {
        let endpoint = endpoint();
        publish(publisher, &peers, [&endpoint, &endpoint]);
    }
}

#[test]
fn bare_programs_publish_and_subscribe() {
    let _ports = DefaultPorts::take();
    publish(&Peer::BareRust, &with_bare(), REQ_REP);
    for publisher in Peer::all() {
        publish(&publisher, &[Peer::BareRust], REQ_REP);
    }
}

/// The endpoints of a pipeline: of tasks and of results, where they are bound and connected to.
type Endpoints<'a> = [[&'a str; 2]; 2];

/// Runs producer, consumer and collector, and checks what the collector has counted.
fn pipeline([producer, consumer, collector]: [&Peer; 3], endpoints: Endpoints, bare: bool) {
    let [[tasks_bind, tasks_connect], [results_bind, results_connect]] = endpoints;
    // The bare ones' numbers are the article's.
    let (sent, collected) =
        if bare { (2000, 1000) } else { [500 + rand::random::<u64>() % 500; 2].into() };
    let (sent, count) = (sent.to_string(), collected.to_string());
    let id = (1 + rand::random::<u64>() % 1000).to_string();
    let flags = ["--bind", tasks_bind, "--count", &sent];
    let producer = producer.start("pipeline", "producer", &flags);
    let flags = ["--tasks-connect", tasks_connect, "--results-bind", results_bind, "--id", &id];
    // These choose their own id.
    let chosen = matches!(consumer, Peer::Python | Peer::BareRust);
    let flags = if chosen { &flags[..4] } else { &flags };
    let consumer = consumer.start("pipeline", "consumer", flags);
    let flags = ["--connect", results_connect, "--count", &count];
    let ended = collector.start("pipeline", "resultcollector", &flags).wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // {517: 1000}, {"517":1000}, or consumer 517  1000 ████…
    let numbers = ended.stdout.split(|c: char| !c.is_ascii_digit()).filter(|text| !text.is_empty());
    let [by, counted]: [&str; 2] = numbers.take(2).collect::<Vec<_>>().try_into().unwrap();
    assert!(chosen || by == id, "{by} is not {id}: {ended:?}");
    assert_eq!(counted, count, "{ended:?}");
    assert_eq!(producer.wait().code, Some(0));
    drop(consumer);
}

/// Each producer with each consumer, and each consumer with each collector: as many pipelines as
/// there are pairs, since the collector's number is the sum of the other two's.
#[test]
fn every_producer_consumer_and_collector_work_together() {
    let peers = Peer::all();
    for (number, producer) in peers.iter().enumerate() {
        with_each(producer, "sends tasks to", &peers, |consumer| {
            let other = peers.iter().position(|peer| peer.name() == consumer.name()).unwrap();
            let collector = &peers[(number + other) % peers.len()];
            let [tasks, results] = [endpoint(), endpoint()];
            let endpoints = [[&*tasks; 2], [&*results; 2]];
            pipeline([producer, consumer, collector], endpoints, false);
        });
    }
}

#[test]
fn bare_programs_are_part_of_every_pipeline() {
    let _ports = DefaultPorts::take();
    let endpoints =
        [["tcp://*:5577", "tcp://localhost:5577"], ["tcp://*:5578", "tcp://localhost:5578"]];
    let bare = &Peer::BareRust;
    for other in with_bare() {
        with_each(bare, "sends tasks to", slice::from_ref(&other), |consumer| {
            pipeline([bare, consumer, bare], endpoints, true);
        });
        with_each(bare, "works for", &[other], |other| {
            pipeline([other, bare, other], endpoints, true);
        });
    }
}
