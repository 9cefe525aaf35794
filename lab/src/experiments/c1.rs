//! C1: sockets are many-to-many.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

const SERVERS: [&str; 3] = ["server1", "server2", "server3"];
const CLIENTS: [&str; 3] = ["client1", "client2", "client3"];
/// Requests of each client.
const REQUESTS: u64 = 6;

pub fn scene() -> Scene {
    let servers = (0..).zip(SERVERS).map(|(row, id)| server(id, row).with_text("--reply", id));
    let clients = (0..)
        .zip(CLIENTS)
        .map(|(row, id)| client(id, row, &SERVERS).with("--count 6").lasting("--interval", 1000));
    Scene::new("c1", servers.chain(clients))
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Three servers, and three clients, each connected to all of them by one socket.",
        "三個伺服器，三個用戶端；每個用戶端用一個 socket 連到所有伺服器。",
    );
    play.start(&SERVERS).await?;
    play.watch(1.0).await;
    play.step(
        "Each client sends six requests. Watch where they go.",
        "每個用戶端送出六個請求，請看它們送到哪裡。",
    );
    play.start(&CLIENTS).await?;
    for client in CLIENTS {
        play.ends(client).await?;
    }

    let (mut arrived, mut even) = (0, true);
    for client in CLIENTS {
        for server in SERVERS {
            let answers = play.look(|facts| facts.count(client, &format!("b\"{server}\"")));
            arrived += answers;
            even &= answers == REQUESTS / 3;
        }
    }
    let score = Score::of(3 * REQUESTS, arrived);
    Ok(play.verdict(
        score,
        even && score.lost == 0,
        format!(
            "Each server answered two requests of each client: {arrived} of {} answers.",
            score.expected
        ),
        format!("每個伺服器各回應每個用戶端兩個請求：{} 個回應收到 {arrived} 個。", score.expected),
    ))
}
