//! Plain loops on the zmq crate: the cost of the programs without their conveniences. Options have
//! libzmq's defaults.
//!
//! The bare programs in the patterns' `examples/` cannot be used here: they have the article's
//! fixed ports and counts, and print each message. A measurement needs free ports, its own counts
//! and messages, and no output.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use common::program::latency::Latency;
use roles::{
    CONSUMER_ID, Parser, REPLY, Role, WorkMessage, WorkResult, message_for, print_latency,
};
use zmq::{Context, Message, Socket};

fn main() -> Result<()> {
    let context = Context::new();
    match Role::parse() {
        Role::ZmqServer { bind } => {
            let server = context.socket(zmq::REP)?;
            server.bind(&bind)?;
            serve(&server)
        }
        Role::ZmqClient { connect, count, message, .. } => {
            let client = context.socket(zmq::REQ)?;
            client.connect(&connect)?;
            ask(&client, count, &message)
        }
        Role::Publisher { bind, topic, hwm } => {
            let publisher = context.socket(zmq::PUB)?;
            publisher.set_sndhwm(hwm.try_into()?)?;
            publisher.bind(&bind)?;
            publish(&publisher, &topic)
        }
        Role::Subscriber { topic, connect, count, hwm } => {
            let subscriber = context.socket(zmq::SUB)?;
            subscriber.set_rcvhwm(hwm.try_into()?)?;
            subscriber.set_subscribe(topic.as_bytes())?;
            subscriber.connect(&connect)?;
            receive(&subscriber, count)
        }
        Role::Producer { bind, count } => {
            let tasks = context.socket(zmq::PUSH)?;
            tasks.bind(&bind)?;
            produce(&tasks, count)
        }
        Role::Consumer { tasks_connect, results_connect } => {
            let tasks = context.socket(zmq::PULL)?;
            tasks.connect(&tasks_connect)?;
            let results = context.socket(zmq::PUSH)?;
            results.connect(&results_connect)?;
            consume(&tasks, &results)
        }
        Role::Resultcollector { bind, count } => {
            let results = context.socket(zmq::PULL)?;
            results.bind(&bind)?;
            collect(&results, count)
        }
    }
}

fn serve(server: &Socket) -> Result<()> {
    let mut request = Message::new();
    loop {
        server.recv(&mut request, 0)?;
        server.send(REPLY, 0)?;
    }
}

fn ask(client: &Socket, count: u64, message: &str) -> Result<()> {
    let (mut reply, mut latency) = (Message::new(), Latency::new()?);
    for _ in 0..count {
        let asked = Instant::now();
        client.send(message, 0)?;
        client.recv(&mut reply, 0)?;
        latency.record(asked.elapsed(), Duration::ZERO)?;
    }
    print_latency(&latency)
}

fn publish(publisher: &Socket, topic: &str) -> Result<()> {
    loop {
        publisher.send(topic, zmq::SNDMORE)?;
        publisher.send(&message_for(topic), 0)?;
    }
}

fn receive(subscriber: &Socket, count: u64) -> Result<()> {
    let (mut topic, mut message) = (Message::new(), Message::new());
    for _ in 0..count {
        subscriber.recv(&mut topic, 0)?;
        subscriber.recv(&mut message, 0)?;
        if message.get_more() {
            bail!("not two frames");
        }
    }
    Ok(())
}

fn produce(tasks: &Socket, count: u64) -> Result<()> {
    let mut json = Vec::new();
    for num in 0..count {
        json.clear();
        serde_json::to_writer(&mut json, &WorkMessage { num })?;
        tasks.send(&json[..], 0)?;
    }
    Ok(())
}

fn consume(tasks: &Socket, results: &Socket) -> Result<()> {
    let (mut message, mut json) = (Message::new(), Vec::new());
    loop {
        tasks.recv(&mut message, 0)?;
        let task: WorkMessage = serde_json::from_slice(&message)?;
        json.clear();
        serde_json::to_writer(&mut json, &WorkResult { consumer_id: CONSUMER_ID, num: task.num })?;
        results.send(&json[..], 0)?;
    }
}

fn collect(results: &Socket, count: u64) -> Result<()> {
    let mut message = Message::new();
    for _ in 0..count {
        results.recv(&mut message, 0)?;
        let _: WorkResult = serde_json::from_slice(&message)?;
    }
    Ok(())
}
