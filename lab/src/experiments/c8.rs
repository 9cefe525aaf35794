//! C8: a publisher broadcasts to all, and each subscriber filters.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::list::{publisher, subscriber};
use crate::scene::{Part, Scene};

/// The subscribers, and how many messages of a round each receives.
const SUBSCRIBERS: [(&str, &str, u64); 3] =
    [("subscriber1", "client1", 1), ("subscriber2", "client2", 1), ("subscriber3", "", 2)];
/// Rounds that can be watched, and rounds at once.
const SLOW: u64 = 8;
const FAST: u64 = 100;

pub fn scene() -> Scene {
    let subscribers = (0..)
        .zip(SUBSCRIBERS)
        .map(|(row, (id, topic, _))| subscriber(id, row, topic).with("--count 0"));
    let slow = with_rounds(SLOW, 500).with("--wait-for 3");
    Scene::new("c8", [slow].into_iter().chain(subscribers))
}

fn with_rounds(rounds: u64, interval: u64) -> Part {
    publisher().with(&format!("--count {rounds}")).lasting("--interval", interval)
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Three subscribers, to client1, client2 and everything. The publisher waits for them, then publishes 8 rounds.",
        "三個訂閱者，分別訂閱 client1、client2 與全部。發布者等到它們都連上，再發布 8 輪。",
    );
    play.start(&SUBSCRIBERS.map(|(id, ..)| id)).await?;
    play.start(&["publisher"]).await?;
    let connected = publication(play, SLOW).await?;
    play.watch(1.0).await;

    play.step(
        "Another publisher: 100 rounds at once, and it waits for nobody. The subscribers are trying to connect.",
        "換一個發布者：一口氣發布 100 輪，不等任何人。訂閱者正在嘗試連線。",
    );
    play.replace(with_rounds(FAST, 0))?;
    play.start(&["publisher"]).await?;
    let late = publication(play, 0).await? - connected;
    play.watch(2.0).await;

    play.step("The same 100 rounds with --wait-for 3.", "同樣的 100 輪，加上 --wait-for 3。");
    play.replace(with_rounds(FAST, 0).with("--wait-for 3"))?;
    play.start(&["publisher"]).await?;
    let all = publication(play, SLOW + FAST).await?;
    play.watch(1.0).await;

    let a_round: u64 = SUBSCRIBERS.iter().map(|(.., share)| share).sum();
    let score = Score::of((SLOW + 2 * FAST) * a_round, all);
    let [told, fast] = [(SLOW + FAST) * a_round, FAST * a_round];
    Ok(play.verdict(
        score,
        all - late == told,
        format!(
            "Connected subscribers received {} of {told} messages, each its own topics. Of the {fast} that were published \
             before they had connected, {late}: the publisher drops what nobody has subscribed to.",
            all - late
        ),
        format!(
            "已連線的訂閱者收到 {told} 則訊息中的 {} 則，各自只收到自己的主題。連線之前發布的 {fast} 則收到 {late} 則：\
             沒有人訂閱的訊息，發布者會直接丟棄。",
            all - late
        ),
    ))
}

/// Waits for the end of the publisher, and until each subscriber has received its share of `rounds`
/// in all. Returns how many messages have been received.
async fn publication(play: &Play, rounds: u64) -> Result<u64> {
    play.ends("publisher").await?;
    for (id, _, share) in SUBSCRIBERS {
        play.prints(id, "[b\"", rounds * share).await?;
    }
    play.watch(1.0).await;
    Ok(SUBSCRIBERS.iter().map(|(id, ..)| play.look(|facts| facts.count(id, "[b\""))).sum())
}
