//! C3: a client cannot send again before it has its answer.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{client, server};

pub fn scene() -> Scene {
    let asking =
        |id, row| client(id, row, &["server"]).with("--count 0").lasting("--interval", 400);
    let relaxed = asking("relaxed-client", 1).lasting("--timeout", 500).with("--retries 100");
    Scene::new("c3", [server("server", 0), asking("client", 0), relaxed])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Two clients ask all the time. The lower one has a relaxed socket: it resends after 500 ms without an answer.",
        "兩個用戶端不斷提出請求。下方的用戶端使用寬鬆模式的 socket：500 毫秒沒有回應就重送。",
    );
    play.start(&["server", "client", "relaxed-client"]).await?;
    play.prints("client", "b\"", 5).await?;
    play.step("The server stands still (SIGSTOP) for four seconds.", "伺服器暫停（SIGSTOP）四秒。");
    play.pause("server").await?;
    let before = sent(play);
    play.watch(4.0).await;
    let after = sent(play);
    play.step(
        "It goes on. Late answers to what the relaxed client has sent again are dropped by its socket.",
        "伺服器繼續執行。寬鬆模式的用戶端重送過的請求，遲到的回應會由它的 socket 丟棄。",
    );
    play.go_on("server").await?;
    let printed = play.look(|facts| facts.count("client", "b\""));
    play.prints("client", "b\"", printed + 4).await?;
    // It sends the next request only after its pause: none is under way now.
    play.interrupt("client").await?;
    play.interrupt("relaxed-client").await?;

    let (strict, relaxed) = (after.0 - before.0, after.1 - before.1);
    let answered = play.figure("client", "requests answered: ")?;
    let score = Score::of(sent(play).0, answered);
    Ok(play.verdict(
        score,
        strict <= 1 && relaxed > 1,
        format!(
            "While the server stood still, the client sent {strict} request and waited; the relaxed one sent \
             {relaxed}. The client's {answered} answers are those to its {} requests.",
            score.expected
        ),
        format!(
            "伺服器暫停期間，用戶端只送出 {strict} 個請求就一直等待；寬鬆模式的用戶端送出了 {relaxed} 個。\
             用戶端的 {} 個請求收到 {answered} 個回應。",
            score.expected
        ),
    ))
}

/// How many requests each client has sent.
fn sent(play: &Play) -> (u64, u64) {
    let up = |wire: &str| play.look(|facts| facts.counts(wire).0.messages);
    (up("client-server"), up("relaxed-client-server"))
}
