//! The programs on rzmq, which is written entirely in Rust, on tokio.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use common::program::latency::Latency;
use roles::{
    Args, CONSUMER_ID, Keys, Parser, REPLY, Role, WorkMessage, WorkResult, message_for,
    print_latency, secret,
};
use rzmq::socket::options::{
    CURVE_SECRET_KEY, CURVE_SERVER, CURVE_SERVER_KEY, RCVHWM, SNDHWM, SUBSCRIBE,
};
use rzmq::{Context, Msg, Socket, SocketType};
use tokio::runtime::{Builder, Runtime};

fn main() -> Result<()> {
    let Args { role, curve } = Args::parse();
    let keys = curve.map(|folder| Keys::read(&folder)).transpose()?;
    runtime(&role)?.block_on(async {
        let context = Context::new()?;
        play(role, &Sockets { context: context.clone(), keys }).await?;
        // Delivers what has been sent.
        Ok(context.term().await?)
    })
}

/// One thread for round trips, several for the rest.
fn runtime(role: &Role) -> Result<Runtime> {
    let mut builder = match role {
        Role::ZmqServer { .. } | Role::ZmqClient { .. } => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    Ok(builder.enable_all().build()?)
}

struct Sockets {
    context: Context,
    keys: Option<Keys>,
}

impl Sockets {
    /// A socket that binds: the CURVE server, with keys.
    async fn binding(&self, kind: SocketType) -> Result<Socket> {
        let socket = self.context.socket(kind)?;
        if let Some(Keys { server, .. }) = &self.keys {
            socket.set_option(CURVE_SERVER, true).await?;
            socket.set_option_raw(CURVE_SECRET_KEY, secret(server)?.as_slice()).await?;
        }
        Ok(socket)
    }

    /// A socket that connects: the CURVE client, with keys.
    async fn connecting(&self, kind: SocketType) -> Result<Socket> {
        let socket = self.context.socket(kind)?;
        if let Some(Keys { server, client }) = &self.keys {
            socket.set_option_raw(CURVE_SECRET_KEY, secret(client)?.as_slice()).await?;
            socket.set_option_raw(CURVE_SERVER_KEY, &server.public).await?;
        }
        Ok(socket)
    }
}

async fn play(role: Role, sockets: &Sockets) -> Result<()> {
    match role {
        Role::ZmqServer { bind } => {
            let server = sockets.binding(SocketType::Rep).await?;
            server.bind(&bind).await?;
            serve(&server).await
        }
        Role::ZmqClient { connect, count, message, .. } => {
            let client = sockets.connecting(SocketType::Req).await?;
            client.connect(&connect).await?;
            ask(&client, count, &message).await
        }
        Role::Publisher { bind, topic, hwm } => {
            let publisher = sockets.binding(SocketType::Pub).await?;
            publisher.set_option(SNDHWM, i32::try_from(hwm)?).await?;
            publisher.bind(&bind).await?;
            publish(&publisher, &topic).await
        }
        Role::Subscriber { topic, connect, count, hwm } => {
            let subscriber = sockets.connecting(SocketType::Sub).await?;
            subscriber.set_option(RCVHWM, i32::try_from(hwm)?).await?;
            subscriber.set_option_raw(SUBSCRIBE, topic.as_bytes()).await?;
            subscriber.connect(&connect).await?;
            receive(&subscriber, count).await
        }
        Role::Producer { bind, count } => {
            let tasks = sockets.binding(SocketType::Push).await?;
            tasks.bind(&bind).await?;
            produce(&tasks, count).await
        }
        Role::Consumer { tasks_connect, results_connect } => {
            let tasks = sockets.connecting(SocketType::Pull).await?;
            tasks.connect(&tasks_connect).await?;
            let results = sockets.connecting(SocketType::Push).await?;
            results.connect(&results_connect).await?;
            consume(&tasks, &results).await
        }
        Role::Resultcollector { bind, count } => {
            let results = sockets.binding(SocketType::Pull).await?;
            results.bind(&bind).await?;
            collect(&results, count).await
        }
    }
}

async fn serve(server: &Socket) -> Result<()> {
    loop {
        server.recv().await?;
        server.send(Msg::from_static(REPLY.as_bytes())).await?;
    }
}

async fn ask(client: &Socket, count: u64, message: &str) -> Result<()> {
    let mut latency = Latency::new()?;
    for _ in 0..count {
        let asked = Instant::now();
        client.send(Msg::from_vec(message.as_bytes().to_vec())).await?;
        client.recv().await?;
        latency.record(asked.elapsed(), Duration::ZERO)?;
    }
    print_latency(&latency)
}

async fn publish(publisher: &Socket, topic: &str) -> Result<()> {
    loop {
        let frames = [topic.to_owned(), message_for(topic)];
        publisher.send_multipart(frames.map(|frame| Msg::from_vec(frame.into())).into()).await?;
    }
}

async fn receive(subscriber: &Socket, count: u64) -> Result<()> {
    for _ in 0..count {
        if subscriber.recv_multipart().await?.len() != 2 {
            bail!("not two frames");
        }
    }
    Ok(())
}

async fn produce(tasks: &Socket, count: u64) -> Result<()> {
    for num in 0..count {
        tasks.send(Msg::from_vec(serde_json::to_vec(&WorkMessage { num })?)).await?;
    }
    Ok(())
}

async fn consume(tasks: &Socket, results: &Socket) -> Result<()> {
    loop {
        let task = tasks.recv().await?;
        let task: WorkMessage = serde_json::from_slice(task.data().unwrap_or_default())?;
        let result = WorkResult { consumer_id: CONSUMER_ID, num: task.num };
        results.send(Msg::from_vec(serde_json::to_vec(&result)?)).await?;
    }
}

async fn collect(results: &Socket, count: u64) -> Result<()> {
    for _ in 0..count {
        let result = results.recv().await?;
        let _: WorkResult = serde_json::from_slice(result.data().unwrap_or_default())?;
    }
    Ok(())
}
