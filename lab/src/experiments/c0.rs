//! C0, the title's question: is ZeroMQ built on TCP?

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::list::server;
use crate::scene::{CLIENT, Part, RAW_CLIENT, SERVER, Scene};

pub fn scene() -> Scene {
    let raw = Part::new("raw-client", RAW_CLIENT, (0, 0)).addresses("REQ", "server", "--bind");
    // A path in the folder of the run.
    let ipc_server = Part::new("ipc-server", SERVER, (1, 1)).with("--bind ipc://requests");
    let ipc_client = Part::new("ipc-client", CLIENT, (0, 1)).with("--connect ipc://requests");
    Scene::new("c0", [server("server", 0), raw, ipc_server, ipc_client])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "A server listens on tcp://. The raw client has no ZeroMQ: it opens a plain TCP connection.",
        "伺服器在 tcp:// 上監聽。raw client 不使用 ZeroMQ，只開一條普通的 TCP 連線。",
    );
    play.start(&["server"]).await?;
    play.watch(1.5).await;
    play.step(
        "It writes a greeting, a handshake and a request byte by byte. Its terminal shows them.",
        "它逐一寫出問候訊息、交握與請求的位元組，全都顯示在它的終端機裡。",
    );
    play.start(&["raw-client"]).await?;
    play.ends("raw-client").await?;
    play.watch(2.5).await;
    play.step(
        "The same programs without TCP: over ipc://, a socket of this host, where no tap can listen.",
        "同樣的程式不用 TCP：改走 ipc://，也就是本機的 socket；tap 無法監聽這條連線。",
    );
    play.start(&["ipc-server"]).await?;
    play.watch(1.5).await;
    play.start(&["ipc-client"]).await?;
    play.ends("ipc-client").await?;
    play.watch(1.5).await;

    let raw = play.look(|facts| facts.count("raw-client", "reply: \"new message\""));
    let ipc = play.look(|facts| facts.count("ipc-client", "b\"new message\""));
    let (up, down) = play.look(|facts| facts.counts("raw-client-server"));
    let score = Score::of(2, raw + ipc);
    Ok(play.verdict(
        score,
        score.lost == 0,
        format!(
            "Over tcp:// ZeroMQ is {} bytes one way and {} the other on a plain TCP stream, greeting and \
             handshake included: {raw} of 1 answer. Over ipc://, without TCP: {ipc} of 1.",
            up.bytes, down.bytes
        ),
        format!(
            "在 tcp:// 上，ZeroMQ 就是普通 TCP 資料流上的位元組，連同問候與交握，去程 {}、回程 {}：1 個回應收到 {raw} 個。\
             在 ipc:// 上不用 TCP：1 個回應收到 {ipc} 個。",
            up.bytes, down.bytes
        ),
    ))
}
