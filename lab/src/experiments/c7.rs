//! C7: a server that dies before it has answered leaves the client waiting indefinitely.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

const SERVERS: [&str; 2] = ["server1", "server2"];

pub fn scene() -> Scene {
    let dying = (0..).zip(SERVERS).map(|(row, id)| server(id, row).with("--exit-before-reply 2"));
    let asking =
        |id, row, server| client(id, row, &[server]).with("--count 3").lasting("--interval", 1000);
    let asking_again =
        asking("client2", 1, "server2").lasting("--timeout", 1000).with("--retries 20");
    Scene::new("c7", dying.chain([asking("client1", 0, "server1"), asking_again]))
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Both servers exit between receiving and answering their second request. Client 2 has a timeout, client 1 has none.",
        "兩個伺服器都會在收到第二個請求之後、回應之前結束。client2 設有逾時，client1 沒有。",
    );
    play.start(&SERVERS).await?;
    play.watch(1.0).await;
    play.start(&["client1", "client2"]).await?;
    for server in SERVERS {
        play.ends(server).await?;
    }
    play.step("Both have died with a request in their hands.", "兩個伺服器都帶著一個請求終止了。");
    play.watch(1.5).await;
    play.step(
        "Two new servers replace them, and stay.",
        "啟動兩個新的伺服器取代它們，而且不再結束。",
    );
    for (row, id) in (0..).zip(SERVERS) {
        play.replace(server(id, row))?;
    }
    play.start(&SERVERS).await?;
    play.ends("client2").await?;
    play.step(
        "Client 2 has resent its request and is done. Client 1 is connected, and waits.",
        "client2 重送請求，已經完成。client1 已經連上，卻仍在等待。",
    );
    play.watch(4.0).await;

    let answers = |client| play.look(|facts| facts.count(client, "b\""));
    let (arrived, remedy) = (answers("client1"), answers("client2"));
    let waits = play.look(|facts| facts.ended("client1").is_none());
    let score = Score::of(play.look(|facts| facts.counts("client1-server1").0.messages), arrived);
    Ok(play.verdict(
        score,
        waits && score.lost > 0,
        format!(
            "Request 2 was in server 1's hands when it died, and nobody sends it again: client 1 got {arrived} of 3 \
             answers, and waits. Client 2, with --timeout 1s --retries 20, got {remedy} of 3."
        ),
        format!(
            "server1 終止時手上有第 2 個請求，沒有人會重送：client1 的 3 個回應只收到 {arrived} 個，仍在等待。\
             設有 --timeout 1s --retries 20 的 client2 收到 {remedy} 個。"
        ),
    ))
}
