//! C5: a client that dies leaves the server unharmed, and can come back.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

const DEATHS: u64 = 3;

pub fn scene() -> Scene {
    let asking = |id, row, interval| {
        client(id, row, &["server"]).with("--count 0").lasting("--interval", interval)
    };
    Scene::new("c5", [server("server", 0), asking("client1", 0, 500), asking("client2", 1, 200)])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "One server, two clients that ask all the time.",
        "一個伺服器，兩個不斷提出請求的用戶端。",
    );
    play.start(&["server", "client1", "client2"]).await?;
    let mut back = 0;
    for _ in 0..DEATHS {
        play.prints("client2", "b\"", 6).await?;
        play.step("Client 2 is killed (SIGKILL).", "強制終止 client2（SIGKILL）。");
        play.kill("client2").await?;
        play.watch(1.5).await;
        play.step("Client 2 is started again.", "重新啟動 client2。");
        play.start(&["client2"]).await?;
        play.prints("client2", "b\"", 1).await?;
        back += 1;
    }
    play.watch(1.0).await;
    let printed = play.look(|facts| facts.count("client1", "b\""));
    play.prints("client1", "b\"", printed + 1).await?;
    // It sends the next request only after its pause: none is under way now.
    play.interrupt("client1").await?;

    let asked = play.look(|facts| facts.counts("client1-server").0.messages);
    let score = Score::of(asked, play.figure("client1", "requests answered: ")?);
    let unharmed = play.look(|facts| facts.ended("server").is_none());
    Ok(play.verdict(
        score,
        score.lost == 0 && back == DEATHS && unharmed,
        format!(
            "Client 2 was killed {DEATHS} times and came back {back} times. Client 1 noticed nothing: {} of {asked} answers.",
            score.arrived
        ),
        format!(
            "client2 被強制終止 {DEATHS} 次，回來 {back} 次。client1 毫無察覺：{asked} 個請求收到 {} 個回應。",
            score.arrived
        ),
    ))
}
