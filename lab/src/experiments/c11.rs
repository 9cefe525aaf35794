//! C11: the pipeline buffers tasks until a consumer receives them.

use anyhow::{Context, Result};

use super::Play;
use super::loss::Results;
use crate::event::Verdict;
use crate::scene::list::collector;
use crate::scene::{CONSUMER, PRODUCER, Part, Scene};

const TASKS: u64 = 2000;

pub fn scene() -> Scene {
    let binding = Part::new("producer1", PRODUCER, (0, 0)).binds("--bind", "PUSH");
    let connecting = Part::new("producer2", PRODUCER, (0, 1));
    let connecting = connecting.connects("--connect", "PUSH", "consumer", "--tasks-bind");
    let consumer = Part::new("consumer", CONSUMER, (1, 1))
        .binds("--tasks-bind", "PULL")
        .connects("--results-connect", "PUSH", "collector", "--bind")
        .with("--id 1")
        .lasting("--work", 2);
    Scene::new("c11", [binding, connecting, consumer, collector(1).with("--count 2000")])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Producer 1 binds, as the article's does, and there is no consumer.",
        "producer1 和文章的一樣負責綁定（bind），而且沒有 consumer。",
    );
    let binding = sends(play, "producer1").await?;
    play.step(
        "Producer 2 connects to a port where no consumer listens yet.",
        "producer2 負責連線（connect），目標連接埠上還沒有 consumer 在監聽。",
    );
    let connecting = sends(play, "producer2").await?;
    play.step(
        "The same once more, and now a consumer comes, and receives all.",
        "再來一次，這回 consumer 出現了，收下全部的工作。",
    );
    play.start(&["producer2"]).await?;
    play.watch(1.5).await;
    play.start(&["collector", "consumer"]).await?;
    play.ends("collector").await?;

    let score = Results::on(play, &["consumer-collector"], TASKS).score();
    Ok(play.verdict(
        score,
        score.lost == 0 && connecting > 0,
        format!(
            "Without a consumer, the producer that binds buffered {binding} tasks and waited; the one that connects \
             buffered {connecting}, its high-water mark, and waited. When a consumer came, {} of {TASKS} arrived.",
            score.arrived
        ),
        format!(
            "沒有 consumer 時，負責綁定的 producer 暫存 {binding} 筆後等待；負責連線的暫存 {connecting} 筆，\
             也就是高水位標記，然後等待。consumer 出現之後，{TASKS} 筆收到 {} 筆。",
            score.arrived
        ),
    ))
}

/// Starts a producer that has no consumer, and interrupts it. Returns how many tasks its socket has
/// taken by then, as it says itself.
async fn sends(play: &Play, producer: &str) -> Result<u64> {
    play.start(&[producer]).await?;
    play.watch(2.5).await;
    play.interrupt(producer).await?;
    let said = play.look(|facts| {
        let sent = facts.errors(producer, "error: interrupted by SIGINT: sent ").pop()?;
        sent.split(' ').next()?.parse().ok()
    });
    play.watch(1.0).await;
    said.with_context(|| format!("{producer} has not said what it sent"))
}
