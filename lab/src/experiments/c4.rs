//! C4: each of many clients receives only its own replies.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

const CLIENTS: [&str; 5] = ["client1", "client2", "client3", "client4", "client5"];
const REQUESTS: u64 = 10;

pub fn scene() -> Scene {
    let clients = (0..).zip(CLIENTS).map(|(row, id)| {
        client(id, row, &["server"])
            .with_text("--message", format!("from {id}"))
            .with(&format!("--count {REQUESTS}"))
            .lasting("--interval", 500)
    });
    Scene::new("c4", [server("server", 2).with("--echo")].into_iter().chain(clients))
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "This server returns what it receives. Each client sends its own text, ten times.",
        "這個伺服器把收到的內容送回去。每個用戶端送出自己的文字，各十次。",
    );
    play.start(&["server"]).await?;
    play.watch(1.0).await;
    play.start(&CLIENTS).await?;
    for client in CLIENTS {
        play.ends(client).await?;
    }

    let (mut own, mut all) = (0, 0);
    for client in CLIENTS {
        own += play.look(|facts| facts.count(client, &format!("b\"from {client}\"")));
        all += play.look(|facts| facts.count(client, "b\""));
    }
    let score = Score::of(REQUESTS * CLIENTS.len() as u64, own);
    Ok(play.verdict(
        score,
        score.lost == 0 && own == all,
        format!(
            "{own} of {} replies came to the client that had asked, and {} to another one.",
            score.expected,
            all - own
        ),
        format!(
            "{} 個回應中有 {own} 個回到提出請求的用戶端，{} 個送到別的用戶端。",
            score.expected,
            all - own
        ),
    ))
}
