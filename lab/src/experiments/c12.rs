//! C12: when a connection drops, no data is lost.

use anyhow::Result;

use super::Play;
use super::loss::{Results, named};
use crate::event::Verdict;
use crate::scene::Scene;
use crate::scene::list::{collector, consumer, dispatcher, producer, sink, worker};
use crate::stage::Facts;

const TASKS: u64 = 2000;
/// Milliseconds for a task.
const WORK: u64 = 4;
/// The results of the victim when it is killed.
const DONE: usize = 300;

pub fn scene() -> Scene {
    let count = format!("--count {TASKS}");
    let parts = [
        collector(0).with("--count 0"),
        producer(0).with(&count).with("--wait-for 2"),
        sink(0),
        dispatcher(0).with(&count),
    ];
    let consumers = (1..=2).map(|number| consumer(number).lasting("--work", WORK));
    let workers = (1..=2).map(|number| worker(number).lasting("--work", WORK));
    Scene::new("c12", parts.into_iter().chain(consumers).chain(workers))
}

pub async fn play(play: &Play) -> Result<Verdict> {
    play.step(
        "Two pipelines do the same 2000 tasks with two consumers each: the article's, and the reliable one.",
        "兩條管線各有兩個 consumer，做同樣的 2000 筆工作：文章的管線，以及可靠管線。",
    );
    play.start(&["collector", "sink", "producer", "dispatcher"]).await?;
    play.watch(1.5).await;
    play.start(&["consumer1", "consumer2", "worker1", "worker2"]).await?;
    let results = |wire: &'static str, count| {
        let came = move |facts: &Facts<'_>| facts.passed(wire, |passed| passed.up.len()) >= count;
        play.until("results", move |facts| came(facts).then_some(()))
    };
    results("consumer1-collector", DONE).await?;
    play.step(
        "Consumer 1 and worker 1 are killed (SIGKILL). The producer has long ended: all tasks are sent.",
        "強制終止 consumer1 與 worker1（SIGKILL）。producer 早已結束：所有工作都已送出。",
    );
    play.kill("consumer1").await?;
    play.kill("worker1").await?;
    play.watch(1.0).await;
    play.step(
        "Consumer 2 does the tasks that it was handed. The dispatcher hands worker 1's tasks to worker 2.",
        "consumer2 做完分到的工作。dispatcher 把 worker1 的工作改派給 worker2。",
    );
    play.ends("producer").await?;
    let handed = play.passed("consumer2-producer").down.len();
    results("consumer2-collector", handed).await?;
    play.ends("sink").await?;
    // What has reached it, it has to read.
    play.watch(1.0).await;
    play.interrupt("collector").await?;

    let sent = play.figure("producer", "tasks sent: ")?;
    let collected = play.figure("collector", "results collected: ")?;
    let results = Results::on(play, &["consumer1-collector", "consumer2-collector"], sent);
    let (score, lost) = (results.score(), results.lost());
    results.agree_with(collected)?;
    let handed = play.passed("consumer1-producer").down;
    let (en, zh) = named(&lost);
    let (where_en, where_zh) = if lost.iter().all(|task| handed.contains(task)) {
        ("in consumer 1's hands", "在 consumer1 手上")
    } else {
        ("in consumer 1's hands or on their way to it", "在 consumer1 手上，或在送往它的路上")
    };
    let beside = Results::in_file(play, TASKS)?.score();
    let mut verdict = play.verdict(
        score,
        score.lost == 0,
        format!(
            "Lost: {en}. They were {where_en} when it was killed, and no program reports it: the producer says \
             `tasks sent: {sent}`. The reliable pipeline lost {}.",
            beside.lost
        ),
        format!(
            "遺失：{zh}。強制終止時它們{where_zh}，沒有任何程式回報：producer 印出的是 `tasks sent: {sent}`。\
             可靠管線遺失 {} 筆。",
            beside.lost
        ),
    );
    verdict.beside = Some(beside);
    Ok(verdict)
}
