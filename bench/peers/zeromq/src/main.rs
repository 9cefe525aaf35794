//! The programs on zeromq, which is written entirely in Rust.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use common::program::latency::Latency;
use roles::{
    CONSUMER_ID, Parser, REPLY, Role, WorkMessage, WorkResult, message_for, print_latency,
};
use tokio::runtime::Builder;
use zeromq::{
    PubSocket, PullSocket, PushSocket, RepSocket, ReqSocket, Socket, SocketRecv, SocketSend,
    SubSocket, ZmqMessage,
};

fn main() -> Result<()> {
    // In all roles one thread is faster than several.
    Builder::new_current_thread().enable_all().build()?.block_on(play(Role::parse()))
}

async fn play(role: Role) -> Result<()> {
    match role {
        Role::ZmqServer { bind } => serve(&bind).await,
        Role::ZmqClient { connect, count, message, .. } => ask(&connect, count, &message).await,
        Role::Publisher { bind, topic, hwm: _ } => publish(&bind, &topic).await,
        Role::Subscriber { topic, connect, count, hwm: _ } => {
            receive(&connect, &topic, count).await
        }
        Role::Producer { bind, count } => produce(&bind, count).await,
        Role::Consumer { tasks_connect, results_connect } => {
            consume(&tasks_connect, &results_connect).await
        }
        Role::Resultcollector { bind, count } => collect(&bind, count).await,
    }
}

async fn serve(bind: &str) -> Result<()> {
    let mut server = RepSocket::new();
    server.bind(bind).await?;
    loop {
        server.recv().await?;
        server.send(REPLY.into()).await?;
    }
}

async fn ask(connect: &str, count: u64, message: &str) -> Result<()> {
    let mut client = ReqSocket::new();
    client.connect(connect).await?;
    let mut latency = Latency::new()?;
    for _ in 0..count {
        let asked = Instant::now();
        client.send(message.to_owned().into()).await?;
        client.recv().await?;
        latency.record(asked.elapsed(), Duration::ZERO)?;
    }
    print_latency(&latency)
}

async fn publish(bind: &str, topic: &str) -> Result<()> {
    let mut publisher = PubSocket::new();
    publisher.bind(bind).await?;
    loop {
        for _ in 0..1000 {
            let mut message = ZmqMessage::from(topic.to_owned());
            message.push_back(message_for(topic).into());
            publisher.send(message).await?;
        }
        // `send` never waits for subscribers: without a pause the runtime serves none of them.
        tokio::task::yield_now().await;
    }
}

async fn receive(connect: &str, topic: &str, count: u64) -> Result<()> {
    let mut subscriber = SubSocket::new();
    subscriber.connect(connect).await?;
    subscriber.subscribe(topic).await?;
    for _ in 0..count {
        if subscriber.recv().await?.len() != 2 {
            bail!("not two frames");
        }
    }
    Ok(())
}

async fn produce(bind: &str, count: u64) -> Result<()> {
    let mut tasks = PushSocket::new();
    tasks.bind(bind).await?;
    for num in 0..count {
        let json = serde_json::to_vec(&WorkMessage { num })?;
        // Without a consumer `send` fails, where the other contenders wait for one.
        while tasks.send(json.clone().into()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    // zeromq has no call that waits for delivery, and drops undelivered messages at the end. So the
    // producer stays until it is killed.
    std::future::pending().await
}

async fn consume(tasks_connect: &str, results_connect: &str) -> Result<()> {
    let mut tasks = PullSocket::new();
    tasks.connect(tasks_connect).await?;
    let mut results = PushSocket::new();
    results.connect(results_connect).await?;
    loop {
        let task: WorkMessage = decode(&tasks.recv().await?)?;
        let result = WorkResult { consumer_id: CONSUMER_ID, num: task.num };
        results.send(serde_json::to_vec(&result)?.into()).await?;
    }
}

async fn collect(bind: &str, count: u64) -> Result<()> {
    let mut results = PullSocket::new();
    results.bind(bind).await?;
    for _ in 0..count {
        let _: WorkResult = decode(&results.recv().await?)?;
    }
    Ok(())
}

fn decode<T: serde::de::DeserializeOwned>(message: &ZmqMessage) -> Result<T> {
    Ok(serde_json::from_slice(message.get(0).map_or(&[][..], Bytes::as_ref))?)
}
