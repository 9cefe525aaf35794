//! The server: pages, events and commands over HTTP, for this host alone.

mod assets;
mod gate;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream::unfold;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::journal::Position;
use crate::lab::Lab;
use gate::Gate;

/// How often a stream of events without news shows that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// What is served.
#[derive(Clone)]
pub enum Content {
    /// A lab.
    Live(Lab),
    /// A recording.
    Replay(Bytes),
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: String,
}

impl Server {
    /// Listens on a port of this host (0 = a free one).
    ///
    /// # Errors
    ///
    /// The port is taken.
    pub async fn listen(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.with_context(|| format!("cannot bind tcp://127.0.0.1:{port}"))?;
        let address = listener.local_addr().context("cannot find out the port")?;
        Ok(Self { listener, address, token: format!("{:032x}", rand::random::<u128>()) })
    }

    /// The address for a browser. Who has it can start and stop the programs.
    pub fn address(&self) -> String {
        format!("http://{}/{}/", self.address, self.token)
    }

    /// Serves `content` until the listener fails.
    ///
    /// # Errors
    ///
    /// The listener's.
    pub async fn serve(self, content: Content) -> Result<()> {
        let below = |name: &str| format!("/{}/{name}", self.token);
        let routes = match content {
            Content::Live(lab) => Router::new()
                .route(&below(""), get(|| async { assets::asset("index.html") }))
                .route(&below("scenes"), get(scenes))
                .route(&below("events"), get(events))
                .route(&below("recording"), get(recording))
                .route(&below("do"), post(act))
                .with_state(lab),
            Content::Replay(recording) => Router::new()
                .route(
                    &below(""),
                    get(|| async { Redirect::temporary("replay.html?recording=recording") }),
                )
                .route(&below("recording"), get(move || async { recorded(recording) })),
        };
        let routes = routes
            .route(
                &below("{name}"),
                get(|Path(name): Path<String>| async move { assets::asset(&name) }),
            )
            .layer(from_fn_with_state(Gate::new(self.address), gate::check))
            .fallback(|| async { StatusCode::NOT_FOUND });
        axum::serve(self.listener, routes).await.context("cannot serve the page")
    }
}

async fn scenes() -> Response {
    match Lab::scenes() {
        Ok(scenes) => json(StatusCode::OK, &scenes),
        Err(error) => {
            json(StatusCode::INTERNAL_SERVER_ERROR, &json!({"error": format!("{error:#}")}))
        }
    }
}

async fn act(State(lab): State<Lab>, request: Bytes) -> Response {
    // A page that is closed meanwhile does not leave half of it undone.
    let done = tokio::spawn(async move { lab.act(&request).await }).await;
    match done.map_err(Into::into).flatten() {
        Ok(()) => json(StatusCode::OK, &json!({})),
        Err(error) => json(StatusCode::BAD_REQUEST, &json!({"error": format!("{error:#}")})),
    }
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn recording(State(lab): State<Lab>) -> Response {
    let Some(recording) = lab.journal.recording() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let disposition = "attachment; filename=\"recording.jsonl\"";
    ([(header::CONTENT_DISPOSITION, disposition)], recorded(recording.into())).into_response()
}

fn recorded(recording: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/jsonl; charset=utf-8")], recording).into_response()
}

/// The events of the run so far, and each that follows (Server-Sent Events).
async fn events(State(lab): State<Lab>) -> Response {
    let watch = lab.journal.watch();
    let journal = lab.journal;
    let stream = unfold(
        (journal, watch, Position::default()),
        |(journal, mut watch, position)| async move {
            let (text, position) = loop {
                watch.borrow_and_update();
                let (lines, position) = journal.since(position);
                if !lines.is_empty() {
                    break (
                        lines.iter().flat_map(|line| ["data: ", line, "\n\n"]).collect::<String>(),
                        position,
                    );
                }
                match timeout(ALIVE, watch.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return None,
                    Err(_) => break (": alive\n\n".to_owned(), position),
                }
            };
            Some((Ok::<_, std::convert::Infallible>(text), (journal, watch, position)))
        },
    );
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream)).into_response()
}
