//! C2: a server answers every request, and each only once.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

const CLIENTS: [&str; 2] = ["client1", "client2"];

pub fn scene() -> Scene {
    let clients = (0..).zip(CLIENTS).map(|(row, id)| {
        client(id, row, &["server"]).with("--count 5").lasting("--interval", 1000)
    });
    Scene::new("c2", [server("server", 0)].into_iter().chain(clients))
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "A server, and two clients with five requests each.",
        "一個伺服器，兩個用戶端各有五個請求。",
    );
    play.start(&["server"]).await?;
    play.watch(1.0).await;
    play.step(
        "Each request is answered before the next one is received: on every wire, one up, one down.",
        "每個請求都在接收下一個之前得到回應：每條線上都是一來一往。",
    );
    play.start(&CLIENTS).await?;
    for client in CLIENTS {
        play.ends(client).await?;
    }
    play.interrupt("server").await?;

    let requests = play.look(|facts| facts.count("server", "received "));
    let answered = play.figure("server", "requests answered: ")?;
    let arrived: u64 =
        CLIENTS.iter().map(|client| play.look(|facts| facts.count(client, "b\""))).sum();
    let twice = arrived.saturating_sub(requests);
    let score = Score { twice, ..Score::of(requests, arrived - twice) };
    Ok(play.verdict(
        score,
        requests == answered && requests == arrived,
        format!(
            "{requests} requests, {answered} replies, {arrived} received. A second reply cannot be tried here: \
             the socket refuses the call (EFSM), as the test c2_a_server_answers_every_request_once shows."
        ),
        format!(
            "{requests} 個請求，送出 {answered} 個回應，收到 {arrived} 個。這裡無法嘗試第二次回應：socket 會拒絕這個呼叫\
             （EFSM），測試 c2_a_server_answers_every_request_once 示範了這一點。"
        ),
    ))
}
