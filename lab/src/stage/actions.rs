//! What one can do to the programs and wires of a scene. The page does it by requests, the
//! experiments by the same calls.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use serde::Deserialize;

use super::wire::link;
use super::{BoxState, Process, Stage};
use crate::event::{Event, Language, WireState};
use crate::scene::Part;

/// The longest delay of a slow wire, in milliseconds.
const MAX_DELAY: u64 = 10_000;

/// Something to do.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Action {
    Kill {
        #[serde(rename = "box")]
        id: String,
    },
    Interrupt {
        #[serde(rename = "box")]
        id: String,
    },
    Pause {
        #[serde(rename = "box")]
        id: String,
    },
    Continue {
        #[serde(rename = "box")]
        id: String,
    },
    Start {
        #[serde(rename = "box")]
        id: String,
    },
    Add {
        role: String,
    },
    Language {
        #[serde(rename = "box")]
        id: String,
        language: Language,
    },
    Wire {
        wire: String,
        state: WireState,
        #[serde(default)]
        delay_ms: u64,
    },
}

impl Stage {
    /// Does it.
    ///
    /// # Errors
    ///
    /// Why it cannot be done, for the one who asked.
    pub async fn act(&self, action: Action) -> Result<()> {
        match action {
            Action::Kill { id } => self.signal(&id, Signal::SIGKILL),
            Action::Interrupt { id } => self.interrupt(&id),
            Action::Pause { id } => self.pause(id, true),
            Action::Continue { id } => self.pause(id, false),
            Action::Start { id } => self.start(&id),
            Action::Add { role } => self.add(&role),
            Action::Language { id, language } => self.set_language(&id, language),
            Action::Wire { wire, state, delay_ms } => self.set_wire(wire, state, delay_ms).await,
        }
    }

    /// Starts all programs, in their order.
    ///
    /// # Errors
    ///
    /// What keeps one from starting.
    pub fn start_all(&self) -> Result<()> {
        self.0.scene.parts.iter().try_for_each(|part| self.start(&part.id))
    }

    /// Gives a box another command line, from its next start on.
    ///
    /// # Errors
    ///
    /// There is no such box.
    pub fn replace(&self, part: Part) -> Result<()> {
        let id = part.id.clone();
        self.change(&id, |of| of.part = part)
    }

    fn with<T>(&self, id: &str, act: impl FnOnce(&mut BoxState) -> Result<T>) -> Result<T> {
        let mut state = self.lock();
        let of = state.boxes.iter_mut().find(|of| of.part.id == id);
        act(of.with_context(|| format!("there is no {id}"))?)
    }

    /// Changes a box, and records what it is now.
    fn change(&self, id: &str, change: impl FnOnce(&mut BoxState)) -> Result<()> {
        self.with(id, |of| {
            change(of);
            Ok(())
        })?;
        let facts = {
            let state = self.lock();
            let of = state.boxes.iter().find(|of| of.part.id == id);
            of.map(|of| self.facts_of(of, &state)).transpose()?
        };
        if let Some(facts) = facts {
            self.record(&Event::Box(facts));
        }
        Ok(())
    }

    fn signal(&self, id: &str, signal: Signal) -> Result<()> {
        self.with(id, |of| of.running()?.signal(signal))
    }

    fn interrupt(&self, id: &str) -> Result<()> {
        self.signal(id, Signal::SIGINT)?;
        // One that stands still would not hear of it.
        if self.with(id, |of| Ok(of.paused))? {
            self.pause(id.to_owned(), false)?;
        }
        Ok(())
    }

    fn pause(&self, id: String, pause: bool) -> Result<()> {
        self.with(&id, |of| {
            ensure!(
                of.paused != pause,
                "{} is {}paused",
                of.part.id,
                if pause { "" } else { "not " }
            );
            of.running()?.signal(if pause { Signal::SIGSTOP } else { Signal::SIGCONT })?;
            of.paused = pause;
            Ok(())
        })?;
        self.record(&if pause { Event::Paused { id } } else { Event::Continued { id } });
        Ok(())
    }

    fn start(&self, id: &str) -> Result<()> {
        let line = {
            let state = self.lock();
            let of = state.boxes.iter().find(|of| of.part.id == id);
            let of = of.with_context(|| format!("there is no {id}"))?;
            ensure!(of.process.is_none(), "{id} runs already");
            ensure!(!state.closed, "the scene is over");
            self.0.programs.line(&of.part, of.language, &*state)?
        };
        let (stage, heard_of) = (self.clone(), id.to_owned());
        let process = Process::start(line.command(self.folder())?, move |news| {
            stage.hear(&heard_of, news);
        })?;
        let pid = process.pid;
        self.with(id, |of| {
            of.terminal.clear();
            (of.process, of.ended, of.paused) = (Some(process), None, false);
            Ok(())
        })?;
        self.record(&Event::Started { id: id.to_owned(), pid });
        Ok(())
    }

    fn add(&self, role: &str) -> Result<()> {
        let add = self.0.scene.adds.iter().find(|add| add.role == role);
        let add = add.with_context(|| format!("this scene has no room for another {role}"))?;
        let number = {
            let state = self.lock();
            1 + state.boxes.iter().filter(|of| of.part.program.role == role).count()
        };
        let part = (add.part)(u8::try_from(number)?);
        self.add_box(&part)?;
        let wires = self.add_wires(&part)?;
        self.change(&part.id, |_| ())?;
        for wire in wires {
            self.record(&Event::Link(wire));
        }
        self.start(&part.id)
    }

    fn set_language(&self, id: &str, language: Language) -> Result<()> {
        let part = self.with(id, |of| Ok(of.part.clone()))?;
        // Says now if there is no twin, not at the next start.
        self.0.programs.line(&part, language, &*self.lock())?;
        self.change(id, |of| of.language = language)
    }

    async fn set_wire(&self, wire: String, state: WireState, delay_ms: u64) -> Result<()> {
        ensure!(delay_ms <= MAX_DELAY, "a delay is at most {MAX_DELAY} ms");
        let delay_ms = if state == WireState::Slow { delay_ms } else { 0 };
        let tap = {
            let now = self.lock();
            let found = now.wires.iter().find(|of| of.facts.wire == wire);
            Arc::clone(&found.with_context(|| format!("there is no wire {wire}"))?.tap)
        };
        // Before what comes of it.
        self.record(&Event::Wire { wire, state, delay_ms });
        tap.set(link(state, delay_ms)).await
    }

    pub(super) fn interrupt_all(&self) {
        for id in self.running() {
            // It may end at this moment.
            let _ = self.interrupt(&id);
        }
    }

    pub(super) fn kill_all(&self) {
        for id in self.running() {
            let _ = self.signal(&id, Signal::SIGKILL);
        }
    }

    fn running(&self) -> Vec<String> {
        let state = self.lock();
        let running = state.boxes.iter().filter(|of| of.process.is_some());
        running.map(|of| of.part.id.clone()).collect()
    }
}

impl BoxState {
    fn running(&self) -> Result<&Process> {
        self.process.as_ref().with_context(|| format!("{} does not run", self.part.id))
    }
}
