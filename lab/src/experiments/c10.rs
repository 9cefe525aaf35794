//! C10: the pipeline balances the load over its consumers.

use std::time::Instant;

use anyhow::Result;

use super::Play;
use super::loss::Results;
use crate::event::Verdict;
use crate::scene::Scene;
use crate::scene::list::{collector, consumer, dispatcher, producer, sink, worker};
use crate::stage::Facts;

const TASKS: u64 = 300;
/// Milliseconds that each consumer and each worker needs for a task.
const WORK: [u64; 3] = [10, 10, 100];

/// The wires of the results.
const COLLECTED: [&str; 3] = ["consumer1-collector", "consumer2-collector", "consumer3-collector"];
const WRITTEN: [&str; 3] = ["worker1-sink", "worker2-sink", "worker3-sink"];

pub fn scene() -> Scene {
    let count = format!("--count {TASKS}");
    let plain = [
        collector(1).with(&count),
        producer(1).with(&count).with("--wait-for 3"),
        sink(1),
        dispatcher(1).with(&count),
    ];
    let consumers = (1..).zip(WORK).map(|(number, work)| consumer(number).lasting("--work", work));
    let workers = (1..).zip(WORK).map(|(number, work)| worker(number).lasting("--work", work));
    Scene::new("c10", plain.into_iter().chain(consumers).chain(workers))
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Two pipelines do the same 300 tasks: the article's, and the reliable one. In each, number 3 is ten times slower.",
        "兩條管線各做同樣的 300 筆工作：文章的管線，以及可靠管線。兩邊的 3 號都慢 10 倍。",
    );
    play.start(&["collector", "sink", "producer", "dispatcher"]).await?;
    play.watch(1.5).await;
    play.step(
        "The producer hands tasks out in turn. The dispatcher gives some to a worker that asks.",
        "producer 輪流分派工作；dispatcher 則等 worker 來要求才給。",
    );
    play.start(&["consumer1", "consumer2", "consumer3", "worker1", "worker2", "worker3"]).await?;
    let (plain, reliable) =
        tokio::join!(seconds(play, COLLECTED, "collector"), seconds(play, WRITTEN, "sink"));
    let (plain, reliable) = (plain?, reliable?);

    let handed = |wire| play.passed(wire).down.len();
    let (share, slow_share) = (handed("consumer1-producer"), handed("consumer3-producer"));
    #[allow(clippy::cast_precision_loss, reason = "a time for people")]
    let ideal = TASKS as f64 / WORK.iter().map(|work| 1000.0 / *work as f64).sum::<f64>();
    let mut verdict = play.verdict(
        Results::on(play, &COLLECTED, TASKS).score(),
        plain < 2.0 * ideal,
        format!(
            "Balanced by number only: the slow consumer was handed {slow_share} tasks, a fast one {share}. The job took \
             {plain:.1} s; {ideal:.1} s is ideal. The reliable pipeline took {reliable:.1} s."
        ),
        format!(
            "只平衡數量：慢的 consumer 分到 {slow_share} 筆，快的分到 {share} 筆。整批工作花了 {plain:.1} 秒，理想是 \
             {ideal:.1} 秒；可靠管線花了 {reliable:.1} 秒。"
        ),
    );
    verdict.beside = Some(Results::in_file(play, TASKS)?.score());
    Ok(verdict)
}

/// How long a job takes, from its first result on one of the `wires` to the end of its `last`
/// program: not how long programs take to start.
async fn seconds(play: &Play, wires: [&str; 3], last: &str) -> Result<f64> {
    let any = |facts: &Facts<'_>| wires.iter().any(|wire| facts.counts(wire).0.messages > 0);
    play.until("the first result", |facts| any(facts).then_some(())).await?;
    let begun = Instant::now();
    play.ends(last).await?;
    Ok(begun.elapsed().as_secs_f64())
}
