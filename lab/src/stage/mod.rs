//! The stage: the processes of a scene, the wires between them, and what one can do to them.

mod actions;
mod facts;
mod news;
mod ports;
mod process;
mod sample;
mod summary;
mod terminal;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::event::{BoxFacts, Event, Language, WireFacts};
use crate::journal::Recorder;
use crate::programs::{Ports, Programs};
use crate::scene::{Part, Scene};
pub use actions::Action;
pub use facts::Facts;
use ports::Port;
use process::{Ended, Process};
use terminal::Terminal;
use wire::Wire;

/// The most boxes that a scene can have, and so the most processes.
const MAX_BOXES: usize = 64;
/// How many messages a second are shown on a wire, each way.
const MESSAGES_OF_WIRE: u32 = 20;
/// How many on all wires together; in an experiment fewer, since its recording is to be small.
const MESSAGES: u32 = 60;
const MESSAGES_OF_EXPERIMENT: u32 = 24;
/// How long programs have to end by themselves when the scene is stopped.
const GRACE: Duration = Duration::from_millis(1500);
/// How long the kernel may take to end a process that was killed.
const KILLED: Duration = Duration::from_secs(5);

/// A scene with its processes and wires.
#[derive(Clone)]
pub struct Stage(Arc<Shared>);

struct Shared {
    scene: Scene,
    recorder: Recorder,
    programs: Programs,
    /// Where the programs run, and the sink writes.
    folder: TempDir,
    is_experiment: bool,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    boxes: Vec<BoxState>,
    wires: Vec<Wire>,
    /// The ports of the sockets that bind: of which part, by which flag.
    bound: Vec<(String, &'static str, Port)>,
    closed: bool,
}

/// A program, whether it runs or not.
struct BoxState {
    part: Part,
    language: Language,
    terminal: Terminal,
    process: Option<Process>,
    paused: bool,
    ended: Option<Ended>,
}

impl Stage {
    /// Sets a scene up, for an `experiment` or for itself: its wires are there, and no program runs
    /// yet.
    ///
    /// # Errors
    ///
    /// What keeps a tap from listening; no room for the folder of the run.
    pub fn open(
        scene: Scene,
        experiment: Option<&str>,
        recorder: Recorder,
        programs: Programs,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lab-").tempdir();
        let folder = folder.context("cannot create a folder for the run")?;
        let (changed, state) = (watch::Sender::new(()), Mutex::default());
        let parts = scene.parts.clone();
        let is_experiment = experiment.is_some();
        let opened = Self(Arc::new(Shared {
            scene,
            recorder,
            programs,
            folder,
            is_experiment,
            state,
            changed,
        }));
        for part in &parts {
            opened.add_box(part)?;
        }
        for part in &parts {
            opened.add_wires(part)?;
        }
        opened.show(experiment)?;
        opened.watch_counts();
        Ok(opened)
    }

    /// Records what is on the picture.
    fn show(&self, experiment: Option<&str>) -> Result<()> {
        let state = self.lock();
        let boxes =
            state.boxes.iter().map(|of| self.facts_of(of, &state)).collect::<Result<_>>()?;
        let wires = state.wires.iter().map(|wire| wire.facts.clone()).collect();
        self.0.recorder.add(&Event::Scene {
            scene: self.0.scene.id.to_owned(),
            experiment: experiment.map(str::to_owned),
            boxes,
            wires,
        });
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an event, and wakes those who wait for one.
    pub fn record(&self, event: &Event) {
        self.0.recorder.add(event);
        self.0.changed.send_replace(());
    }

    fn add_box(&self, part: &Part) -> Result<()> {
        let mut state = self.lock();
        ensure!(state.boxes.len() < MAX_BOXES, "a scene has room for {MAX_BOXES} programs");
        for flag in part.binds_by() {
            state.bound.push((part.id.clone(), flag, Port::reserve()?));
        }
        state.boxes.push(BoxState {
            terminal: Terminal::new(&part.id),
            part: part.clone(),
            language: Language::Rust,
            process: None,
            paused: false,
            ended: None,
        });
        Ok(())
    }

    fn add_wires(&self, part: &Part) -> Result<Vec<WireFacts>> {
        let mut added = Vec::new();
        for connects in part.connections() {
            let (bound, binds) = {
                let state = self.lock();
                let binder = state.boxes.iter().find(|of| of.part.id == connects.to);
                (
                    state.bound(&connects.to, connects.bound_by).context("nothing binds there")?,
                    binder.and_then(|of| of.part.bound(connects.bound_by)).unwrap_or_default(),
                )
            };
            let facts = WireFacts {
                wire: format!("{}-{}", part.id, connects.to),
                connects: part.id.clone(),
                binds: connects.to.clone(),
                sockets: [connects.socket, binds],
            };
            added.push(facts.clone());
            let wire = Wire::open(facts, bound, self, self.0.is_experiment)?;
            self.lock().wires.push(wire);
        }
        Ok(added)
    }

    fn facts_of(&self, of: &BoxState, state: &State) -> Result<BoxFacts> {
        let line = self.0.programs.line(&of.part, of.language, state)?;
        Ok(BoxFacts {
            id: of.part.id.clone(),
            program: of.part.program.file,
            role: of.part.program.role,
            language: of.language,
            command: line.typed,
            column: of.part.place.0,
            row: of.part.place.1,
        })
    }

    /// Waits until `look` finds what it looks for. `None`: not within `patience`.
    pub async fn until<T>(
        &self,
        patience: Duration,
        look: impl Fn(&Facts<'_>) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.0.changed.subscribe();
        let found = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = self.look(&look) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        timeout(patience, found).await.ok().flatten()
    }

    /// Looks at what is known now.
    pub fn look<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        look(&Facts::new(&self.lock()))
    }

    /// Ends all programs, those that do not end by themselves with SIGKILL.
    pub async fn stop(&self) {
        self.interrupt_all();
        let ended = |facts: &Facts<'_>| facts.nothing_runs().then_some(());
        if self.until(GRACE, ended).await.is_none() {
            self.kill_all();
            self.until(KILLED, ended).await;
        }
    }

    /// Kills all programs, and closes all wires. Nothing is recorded any more.
    pub async fn close(&self) {
        self.lock().closed = true;
        self.kill_all();
        self.until(KILLED, |facts| facts.nothing_runs().then_some(())).await;
        self.lock().wires.clear();
    }

    /// How many messages a second are shown for each wire and way: the more wires, the fewer.
    fn rate(&self) -> u32 {
        let wires = self.0.scene.parts.iter().map(|part| part.connections().count()).sum::<usize>();
        let all = if self.0.is_experiment { MESSAGES_OF_EXPERIMENT } else { MESSAGES };
        (all / u32::try_from(wires).unwrap_or(1).max(1)).clamp(1, MESSAGES_OF_WIRE)
    }

    /// The folder of the run.
    pub fn folder(&self) -> &std::path::Path {
        self.0.folder.path()
    }
}

impl State {
    fn bound(&self, part: &str, flag: &str) -> Option<u16> {
        self.bound
            .iter()
            .find(|(of, by, _)| of == part && *by == flag)
            .map(|(_, _, port)| port.number)
    }
}

impl Ports for State {
    fn bound(&self, part: &str, flag: &str) -> Option<u16> {
        self.bound(part, flag)
    }

    fn tapped(&self, part: &str, to: &str) -> Option<u16> {
        let mut wires = self.wires.iter();
        wires.find(|wire| wire.facts.connects == part && wire.facts.binds == to).map(Wire::port)
    }
}
