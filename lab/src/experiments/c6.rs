//! C6: a server that dies after it has answered can be restarted, and both sides go on.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

const REQUESTS: u64 = 6;

pub fn scene() -> Scene {
    let client = client("client", 0, &["server"]).with(&format!("--count {REQUESTS}"));
    Scene::new("c6", [server("server", 0), client.lasting("--interval", 1500)])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step("A client asks every one and a half seconds.", "用戶端每一秒半提出一個請求。");
    play.start(&["server", "client"]).await?;
    for answers in [2, 4] {
        play.prints("client", "b\"", answers).await?;
        play.step(
            "The server has answered, and is killed before the next request.",
            "伺服器已經回應，在下一個請求之前被強制終止。",
        );
        play.kill("server").await?;
        play.watch(0.8).await;
        play.step(
            "It is started again. The client is left alone.",
            "重新啟動伺服器，用戶端不做任何處理。",
        );
        play.start(&["server"]).await?;
    }
    play.ends("client").await?;

    let score = Score::of(REQUESTS, play.look(|facts| facts.count("client", "b\"")));
    Ok(play.verdict(
        score,
        score.lost == 0,
        format!("{} of {REQUESTS} answers, from a server that died twice: the client reconnected by itself.", score.arrived),
        format!("伺服器終止過兩次，{REQUESTS} 個請求收到 {} 個回應：用戶端自行重新連線。", score.arrived),
    ))
}
