//! C9: topics match by prefix.

use anyhow::Result;

use super::Play;
use crate::event::{Score, Verdict};
use crate::scene::Scene;
use crate::scene::list::{publisher, subscriber};

const TOPICS: [&str; 5] = ["client", "xclient1", "client1client2", "client2", "client1"];
const ROUNDS: u64 = 8;

pub fn scene() -> Scene {
    let publisher =
        TOPICS.iter().fold(publisher(), |part, topic| part.with_text("--topic", *topic));
    let publisher =
        publisher.with(&format!("--wait-for 2 --count {ROUNDS}")).lasting("--interval", 800);
    let subscriber = |id, row, topic| subscriber(id, row, topic).with("--count 0");
    let (short, long) =
        (subscriber("subscriber1", 0, "client1"), subscriber("subscriber2", 1, "client1client2"));
    Scene::new("c9", [publisher, short, long])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Five topics: client, xclient1, client1client2, client2 and client1. Subscriber 1 has subscribed to client1.",
        "五個主題：client、xclient1、client1client2、client2 與 client1。subscriber1 訂閱的是 client1。",
    );
    play.start(&["subscriber1", "subscriber2"]).await?;
    play.watch(1.5).await;
    play.start(&["publisher"]).await?;
    play.ends("publisher").await?;
    play.prints("subscriber1", "[b\"client1", 2 * ROUNDS).await?;
    play.watch(1.0).await;

    let received = |id, start| play.look(|facts| facts.count(id, start));
    let own = received("subscriber1", "[b\"client1\"");
    let longer = received("subscriber1", "[b\"client1client2\"");
    let (all, other) = (received("subscriber1", "[b\""), received("subscriber2", "[b\""));
    let score = Score::of(2 * ROUNDS, own + longer);
    Ok(play.verdict(
        score,
        own == ROUNDS && longer == ROUNDS && all == own + longer && other == ROUNDS,
        format!(
            "Of five topics, the subscriber to client1 received two: {own} times client1 and {longer} times \
             client1client2. The subscriber to client1client2 received {other}, all of that topic."
        ),
        format!(
            "五個主題中，訂閱 client1 的訂閱者收到兩個：client1 {own} 則，client1client2 {longer} 則。\
             訂閱 client1client2 的訂閱者收到 {other} 則，都是這個主題。"
        ),
    ))
}
