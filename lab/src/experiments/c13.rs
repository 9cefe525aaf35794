//! C13: after the reconnect, sending goes on.

use anyhow::Result;

use super::Play;
use super::loss::{Results, named};
use crate::event::{Verdict, WireState};
use crate::scene::Scene;
use crate::scene::list::{collector, consumer, producer};

const TASKS: u64 = 600_000;
const WIRE: &str = "consumer1-producer";

/// As many as are to be on the way at most when the connection is cut: some have to be left.
const FULL: u64 = 300_000;

pub fn scene() -> Scene {
    let producer = producer(0).with(&format!("--count {TASKS}"));
    Scene::new("c13", [collector(0).with("--count 0"), producer, consumer(1)])
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "A producer with 600,000 tasks and one consumer.",
        "一個 producer 有 600,000 筆工作，一個 consumer。",
    );
    play.start(&["collector", "producer", "consumer1"]).await?;
    play.until("tasks", |facts| (facts.counts(WIRE).1.messages > 10_000).then_some(())).await?;
    play.step(
        "The consumer stands still. Tasks fill the queues and the TCP buffers; then the producer waits.",
        "consumer 暫停。工作填滿佇列與 TCP 緩衝區，然後 producer 只能等待。",
    );
    play.pause("consumer1").await?;
    fill(play).await;
    play.step(
        "The connection is cut. What is on its way is lost.",
        "切斷連線，還在路上的都會遺失。",
    );
    play.wire(WIRE, WireState::Cut).await?;
    play.watch(2.0).await;
    play.step("It is mended, and the consumer goes on.", "修復連線，consumer 繼續執行。");
    let before = play.passed(WIRE).down.len();
    play.wire(WIRE, WireState::Mended).await?;
    play.go_on("consumer1").await?;
    play.ends("producer").await?;
    play.until("the last result", |facts| {
        let last = facts.passed("consumer1-collector", |passed| passed.up.last().copied());
        (last == Some(TASKS - 1)).then_some(())
    })
    .await?;
    // What has reached it, it has to read.
    play.watch(3.0).await;
    play.interrupt("collector").await?;

    let after = play.passed(WIRE).down.get(before).copied().unwrap_or(TASKS);
    let results = Results::on(play, &["consumer1-collector"], TASKS);
    results.agree_with(play.figure("collector", "results collected: ")?)?;
    let (score, lost) = (results.score(), results.lost());
    let goes_on = lost.iter().all(|task| *task < after);
    let (en, zh) = named(&lost);
    Ok(play.verdict(
        score,
        goes_on,
        format!("Sending went on with task {after}, and from there on all arrived. Lost: {en}, which were in the queues and TCP buffers of the connection."),
        format!("從工作 {after} 開始繼續傳送，之後全部送達。遺失：{zh}，當時在這條連線的佇列與 TCP 緩衝區裡。"),
    ))
}

/// Waits until nothing passes any more, or enough has.
async fn fill(play: &Play) {
    let passed = || play.look(|facts| facts.counts(WIRE).1.messages);
    let mut before = 0;
    while before < passed() && passed() < FULL {
        before = passed();
        play.watch(1.0).await;
    }
    play.watch(1.0).await;
}
