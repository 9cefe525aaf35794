//! The experiments: each claim of the article, tried on the real programs.
//!
//! An experiment is a scene and a function that reads from top to bottom: it says what it is about
//! to do, does what a user could do by the buttons, waits until it has happened, and counts. All
//! figures are the programs' own, from the lines they print, or those of the taps.

mod c0;
mod c1;
mod c10;
mod c11;
mod c12;
mod c13;
mod c2;
mod c3;
mod c4;
mod c5;
mod c6;
mod c7;
mod c8;
mod c9;
mod loss;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::sleep;

use crate::event::{Event, Score, Text, Verdict, WireState};
use crate::ledger::Ledger;
use crate::scene::{Part, Scene};
use crate::stage::{Action, Facts, Stage};

/// How long anything may take before an experiment gives up: much longer than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The scene of an experiment.
pub fn scene(id: &str) -> Option<Scene> {
    Some(match id {
        "c0" => c0::scene(),
        "c1" => c1::scene(),
        "c2" => c2::scene(),
        "c3" => c3::scene(),
        "c4" => c4::scene(),
        "c5" => c5::scene(),
        "c6" => c6::scene(),
        "c7" => c7::scene(),
        "c8" => c8::scene(),
        "c9" => c9::scene(),
        "c10" => c10::scene(),
        "c11" => c11::scene(),
        "c12" => c12::scene(),
        "c13" => c13::scene(),
        _ => return None,
    })
}

/// Runs an experiment on its scene, and records its verdict, or why there is none.
///
/// # Errors
///
/// Why it could not be finished.
pub async fn run(id: &str, stage: &Stage) -> Result<Verdict> {
    let play = Play { id: id.to_owned(), stage: stage.clone() };
    let played = match id {
        "c0" => c0::play(&play).await,
        "c1" => c1::play(&play).await,
        "c2" => c2::play(&play).await,
        "c3" => c3::play(&play).await,
        "c4" => c4::play(&play).await,
        "c5" => c5::play(&play).await,
        "c6" => c6::play(&play).await,
        "c7" => c7::play(&play).await,
        "c8" => c8::play(&play).await,
        "c9" => c9::play(&play).await,
        "c10" => c10::play(&play).await,
        "c11" => c11::play(&play).await,
        "c12" => c12::play(&play).await,
        "c13" => c13::play(&play).await,
        _ => bail!("there is no experiment {id}"),
    };
    match &played {
        Ok(verdict) => stage.record(&Event::Verdict(verdict.clone())),
        Err(error) => play.step(
            format!("The experiment could not be finished: {error:#}"),
            format!("實驗無法完成：{error:#}"),
        ),
    }
    stage.stop().await;
    stage.record(&Event::End);
    played
}

/// An experiment that runs: what it can do, and wait for.
pub struct Play {
    id: String,
    stage: Stage,
}

impl Play {
    /// Says what it is doing.
    pub fn step(&self, en: impl Into<String>, zh: impl Into<String>) {
        self.stage.record(&Event::Step { text: Text::new(en, zh) });
    }

    /// Time to look at what there is to see.
    pub async fn watch(&self, seconds: f64) {
        sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Starts these programs.
    pub async fn start(&self, ids: &[&str]) -> Result<()> {
        for id in ids {
            self.stage.act(Action::Start { id: (*id).to_owned() }).await?;
        }
        Ok(())
    }

    /// Kills a program (SIGKILL), and waits for its end.
    pub async fn kill(&self, id: &str) -> Result<()> {
        self.stage.act(Action::Kill { id: id.to_owned() }).await?;
        self.ends(id).await
    }

    /// Interrupts a program (Ctrl-C), and waits for its end, and so for its summary.
    pub async fn interrupt(&self, id: &str) -> Result<()> {
        self.stage.act(Action::Interrupt { id: id.to_owned() }).await?;
        self.ends(id).await
    }

    /// Lets a program stand still (SIGSTOP).
    pub async fn pause(&self, id: &str) -> Result<()> {
        self.stage.act(Action::Pause { id: id.to_owned() }).await
    }

    /// Lets it go on.
    pub async fn go_on(&self, id: &str) -> Result<()> {
        self.stage.act(Action::Continue { id: id.to_owned() }).await
    }

    /// Sets a wire to a state.
    pub async fn wire(&self, wire: &str, state: WireState) -> Result<()> {
        self.stage.act(Action::Wire { wire: wire.to_owned(), state, delay_ms: 0 }).await
    }

    /// Waits for the end of a program.
    pub async fn ends(&self, id: &str) -> Result<()> {
        let ended = |facts: &Facts<'_>| facts.ended(id).map(drop);
        self.until(&format!("the end of {id}"), ended).await
    }

    /// Waits until a program has printed `count` lines that begin with `start`.
    pub async fn prints(&self, id: &str, start: &str, count: u64) -> Result<()> {
        let printed = |facts: &Facts<'_>| (facts.count(id, start) >= count).then_some(());
        self.until(&format!("{count} lines of {id}"), printed).await
    }

    /// Waits until `look` finds what it looks for.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&Facts<'_>) -> Option<T>) -> Result<T> {
        let found = self.stage.until(PATIENCE, look).await;
        found.with_context(|| format!("waited for {what} in vain"))
    }

    /// Looks at what is known now.
    pub fn look<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        self.stage.look(look)
    }

    /// Everything that passed on a wire.
    pub fn passed(&self, wire: &str) -> Ledger {
        self.look(|facts| facts.passed(wire, Ledger::clone))
    }

    /// Gives a program another command line, from its next start on.
    pub fn replace(&self, part: Part) -> Result<()> {
        self.stage.replace(part)
    }

    /// The number in a program's summary, such as `results collected: 7`, when it has ended.
    pub fn figure(&self, id: &str, label: &str) -> Result<u64> {
        let figure = self.look(|facts| facts.figure(id, label));
        figure.with_context(|| format!("{id} has not printed `{label}`"))
    }

    /// The verdict.
    pub fn verdict(
        &self,
        score: Score,
        holds: bool,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Verdict {
        let text = Text::new(en, zh);
        Verdict { experiment: self.id.clone(), score, holds, text, beside: None }
    }
}
