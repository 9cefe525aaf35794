//! The programs on omq-tokio, with its blocking calls, which its documents recommend for one socket
//! per thread.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use common::program::latency::Latency;
use common::socket::curve::certificate::Certificate;
use omq_tokio::blocking::Socket;
use omq_tokio::{
    Context, CurveKeypair, CurvePublicKey, CurveSecretKey, Message, Options, SocketType,
};
use roles::{
    Args, CONSUMER_ID, Keys, Parser, REPLY, Role, WorkMessage, WorkResult, message_for,
    print_latency, secret,
};

/// How long a closed socket keeps trying to deliver what it has sent. omq's default is zero.
const LINGER: Duration = Duration::from_mins(1);

fn main() -> Result<()> {
    let Args { role, curve } = Args::parse();
    let keys = curve.map(|folder| Keys::read(&folder)).transpose()?;
    let context = Context::new();
    let socket = |kind, options| context.blocking_socket(kind, options);
    let (binding, connecting) = match &keys {
        None => (Options::default(), Options::default()),
        Some(keys) => (
            Options::default().curve_server(pair(&keys.server)?),
            Options::default()
                .curve_client(pair(&keys.client)?, CurvePublicKey::from_bytes(keys.server.public)),
        ),
    };
    match role {
        Role::ZmqServer { bind } => {
            let server = socket(SocketType::Rep, binding);
            server.bind(bind.as_str())?;
            serve(&server)
        }
        Role::ZmqClient { connect, count, message, .. } => {
            let client = socket(SocketType::Req, connecting);
            client.connect(connect.as_str())?;
            ask(&client, count, &message)
        }
        Role::Publisher { bind, topic, hwm } => {
            let publisher = socket(SocketType::Pub, binding.send_hwm(hwm));
            publisher.bind(bind.as_str())?;
            publish(&publisher, &topic)
        }
        Role::Subscriber { topic, connect, count, hwm } => {
            let subscriber = socket(SocketType::Sub, connecting.recv_hwm(hwm));
            subscriber.subscribe(topic)?;
            subscriber.connect(connect.as_str())?;
            receive(&subscriber, count)
        }
        Role::Producer { bind, count } => {
            let tasks = socket(SocketType::Push, binding);
            tasks.bind(bind.as_str())?;
            produce(&tasks, count)?;
            Ok(tasks.close_with_linger(Some(LINGER))?)
        }
        Role::Consumer { tasks_connect, results_connect } => {
            let tasks = socket(SocketType::Pull, connecting.clone());
            tasks.connect(tasks_connect.as_str())?;
            let results = socket(SocketType::Push, connecting);
            results.connect(results_connect.as_str())?;
            consume(&tasks, &results)
        }
        Role::Resultcollector { bind, count } => {
            let results = socket(SocketType::Pull, binding);
            results.bind(bind.as_str())?;
            collect(&results, count)
        }
    }
}

fn pair(certificate: &Certificate) -> Result<CurveKeypair> {
    Ok(CurveKeypair {
        public: CurvePublicKey::from_bytes(certificate.public),
        secret: CurveSecretKey::from_bytes(**secret(certificate)?),
    })
}

fn serve(server: &Socket) -> Result<()> {
    loop {
        server.recv()?;
        server.send(Message::from_slice(REPLY.as_bytes()))?;
    }
}

fn ask(client: &Socket, count: u64, message: &str) -> Result<()> {
    let mut latency = Latency::new()?;
    for _ in 0..count {
        let asked = Instant::now();
        client.send(Message::from_slice(message.as_bytes()))?;
        client.recv()?;
        latency.record(asked.elapsed(), Duration::ZERO)?;
    }
    print_latency(&latency)
}

fn publish(publisher: &Socket, topic: &str) -> Result<()> {
    loop {
        publisher.send(Message::multipart([topic.to_owned(), message_for(topic)]))?;
    }
}

fn receive(subscriber: &Socket, count: u64) -> Result<()> {
    for _ in 0..count {
        let message = subscriber.recv()?;
        if message.len() != 2 {
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
        tasks.send(Message::from_slice(&json))?;
    }
    Ok(())
}

fn consume(tasks: &Socket, results: &Socket) -> Result<()> {
    let mut json = Vec::new();
    loop {
        let task = tasks.recv()?;
        let task: WorkMessage = serde_json::from_slice(task.part_slice(0).unwrap_or_default())?;
        json.clear();
        serde_json::to_writer(&mut json, &WorkResult { consumer_id: CONSUMER_ID, num: task.num })?;
        results.send(Message::from_slice(&json))?;
    }
}

fn collect(results: &Socket, count: u64) -> Result<()> {
    for _ in 0..count {
        let result = results.recv()?;
        let _: WorkResult = serde_json::from_slice(result.part_slice(0).unwrap_or_default())?;
    }
    Ok(())
}
