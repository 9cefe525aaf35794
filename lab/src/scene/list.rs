//! The scenes that one can start, and the parts that they and the experiments are made of.

use super::{
    CLIENT, COLLECTOR, CONSUMER, DISPATCHER, PRODUCER, PUBLISHER, Part, SERVER, SINK, SUBSCRIBER,
    Scene, WORKER,
};

/// The scenes, in the order of the article.
pub fn all() -> Vec<Scene> {
    vec![req_rep(), req_rep_3x3(), pub_sub(), pipeline(), pipeline_3(), reliable_pipeline()]
}

fn req_rep() -> Scene {
    let client = |number| asking(number, &["server"]);
    Scene::new("req-rep", [server("server", 0), client(1)]).adding("client", client)
}

fn req_rep_3x3() -> Scene {
    let client = |number| asking(number, &["server1", "server2", "server3"]);
    let servers = (1..=3).map(|number| {
        let id = format!("server{number}");
        server(&id, number - 1).with_text("--reply", &id)
    });
    Scene::new("req-rep-3x3", servers.chain((1..=3).map(client))).adding("client", client)
}

/// A client that asks once a second, until it is interrupted.
fn asking(number: u8, servers: &[&str]) -> Part {
    let id = format!("client{number}");
    client(&id, number - 1, servers).with("--count 0").lasting("--interval", 1000)
}

fn pub_sub() -> Scene {
    let receiving = |number| {
        let topic = if number == 2 { "client2" } else { "client1" };
        subscriber(&format!("subscriber{number}"), number - 1, topic).with("--count 0")
    };
    let parts = [publisher().lasting("--interval", 1000), receiving(1), receiving(2)];
    Scene::new("pub-sub", parts).adding("subscriber", receiving)
}

/// As in the article: the consumer connects to the producer, and binds the port of its results.
fn pipeline() -> Scene {
    let consumer = Part::new("consumer", CONSUMER, (1, 0))
        .connects("--tasks-connect", "PULL", "producer", "--bind")
        .binds("--results-bind", "PUSH")
        .with("--id 1")
        .lasting("--work", 20);
    let collector = Part::new("collector", COLLECTOR, (2, 0));
    let collector = collector.connects("--connect", "PULL", "consumer", "--results-bind");
    Scene::new("pipeline", [producer(0), consumer, collector])
}

fn pipeline_3() -> Scene {
    let consumer = |number| consumer(number).lasting("--work", 20);
    let parts = [collector(1).with("--count 2000"), producer(1).with("--wait-for 3")];
    let consumers = (1..=3).map(consumer);
    Scene::new("pipeline-3", parts.into_iter().chain(consumers)).adding("consumer", consumer)
}

fn reliable_pipeline() -> Scene {
    let worker = |number| worker(number).lasting("--work", 20);
    let watching = |number| {
        Part::new(format!("subscriber{number}"), SUBSCRIBER, (0, number))
            .with("progress --count 0")
            .connects("--connect", "SUB", "dispatcher", "--progress-bind")
    };
    let parts = [dispatcher(0), sink(0), worker(1), worker(2)];
    Scene::new("reliable-pipeline", parts).adding("worker", worker).adding("subscriber", watching)
}

/// A server in the column to the right of the clients.
pub fn server(id: &str, row: u8) -> Part {
    Part::new(id, SERVER, (1, row)).binds("--bind", "REP")
}

/// A client of all these servers.
pub fn client(id: &str, row: u8, servers: &[&str]) -> Part {
    servers.iter().fold(Part::new(id, CLIENT, (0, row)), |part, server| {
        part.connects("--connect", "REQ", *server, "--bind")
    })
}

/// The publisher, to the left of its subscribers.
pub fn publisher() -> Part {
    Part::new("publisher", PUBLISHER, (0, 0)).binds("--bind", "PUB")
}

/// A subscriber.
pub fn subscriber(id: &str, row: u8, topic: &str) -> Part {
    Part::new(id, SUBSCRIBER, (1, row)).with(topic).connects(
        "--connect",
        "SUB",
        "publisher",
        "--bind",
    )
}

/// The producer of a pipeline, which binds.
pub fn producer(row: u8) -> Part {
    Part::new("producer", PRODUCER, (0, row)).binds("--bind", "PUSH")
}

/// One of several consumers, which connects to both sides.
pub fn consumer(number: u8) -> Part {
    Part::new(format!("consumer{number}"), CONSUMER, (1, number - 1))
        .connects("--tasks-connect", "PULL", "producer", "--bind")
        .connects("--results-connect", "PUSH", "collector", "--bind")
        .with(&format!("--id {number}"))
}

/// The collector of several consumers, which binds.
pub fn collector(row: u8) -> Part {
    Part::new("collector", COLLECTOR, (2, row)).binds("--bind", "PULL")
}

/// The dispatcher of a reliable pipeline.
pub fn dispatcher(row: u8) -> Part {
    Part::new("dispatcher", DISPATCHER, (0, row))
        .binds("--bind", "ROUTER")
        .binds("--acks-bind", "REP")
        .binds("--progress-bind", "PUB")
}

/// A worker.
pub fn worker(number: u8) -> Part {
    Part::new(format!("worker{number}"), WORKER, (1, number - 1))
        .connects("--connect", "REQ", "dispatcher", "--bind")
        .connects("--results-connect", "PUSH", "sink", "--bind")
        .with(&format!("--id {number}"))
}

/// The sink of a reliable pipeline. Its output is in the folder of the run.
pub fn sink(row: u8) -> Part {
    Part::new("sink", SINK, (2, row))
        .binds("--bind", "PULL")
        .connects("--acks-connect", "REQ", "dispatcher", "--acks-bind")
        .with("--output results.jsonl")
}
