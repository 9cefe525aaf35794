//! The lab: one scene at a time, and an experiment that may be going on in it.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::event::{Event, Verdict};
use crate::experiments;
use crate::journal::{Journal, Recorder};
use crate::programs::Programs;
use crate::scene::{Scene, list};
use crate::stage::{Action, Stage};

/// The claims, questions and answers, for the page.
const EXPERIMENTS: &str = include_str!("../experiments.json");

/// The lab.
#[derive(Clone)]
pub struct Lab {
    /// What happened in the run.
    pub journal: Journal,
    programs: Programs,
    current: Arc<Mutex<Option<Current>>>,
}

/// What is going on.
struct Current {
    stage: Stage,
    recorder: Recorder,
    experiment: Option<JoinHandle<()>>,
}

/// What a page can ask for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Request {
    Whole(Whole),
    Part(Action),
}

/// What concerns the whole scene.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
enum Whole {
    Scene { scene: String },
    Experiment { experiment: String },
    Stop,
}

impl Lab {
    /// A lab in which nothing runs.
    pub fn new(programs: Programs) -> Self {
        Self { journal: Journal::new(), programs, current: Arc::default() }
    }

    /// What one can choose from.
    ///
    /// # Errors
    ///
    /// The file of the experiments is not JSON.
    pub fn scenes() -> Result<Value> {
        let scenes: Vec<_> = list::all()
            .iter()
            .map(|scene| {
                let adds: Vec<_> = scene.adds.iter().map(|add| add.role).collect();
                json!({"scene": scene.id, "adds": adds})
            })
            .collect();
        let experiments: Value = serde_json::from_str(EXPERIMENTS).context("experiments.json")?;
        Ok(json!({"scenes": scenes, "experiments": experiments}))
    }

    /// Does what a page asks for, in JSON.
    ///
    /// # Errors
    ///
    /// Why it cannot be done, for people.
    pub async fn act(&self, request: &[u8]) -> Result<()> {
        match serde_json::from_slice(request).context("this is no command")? {
            Request::Whole(Whole::Scene { scene }) => self.start_scene(&scene).await,
            Request::Whole(Whole::Experiment { experiment }) => {
                self.start_experiment(&experiment).await
            }
            Request::Whole(Whole::Stop) => self.stop().await,
            Request::Part(action) => {
                let stage = self.current.lock().await.as_ref().map(|current| current.stage.clone());
                stage.context("no scene has been started")?.act(action).await
            }
        }
    }

    async fn start_scene(&self, id: &str) -> Result<()> {
        let scene = list::all().into_iter().find(|scene| scene.id == id);
        let scene = scene.with_context(|| format!("there is no scene {id}"))?;
        self.set_up(&mut *self.current.lock().await, scene, None).await?.start_all()
    }

    async fn start_experiment(&self, id: &str) -> Result<()> {
        let mut current = self.current.lock().await;
        let stage = self.set_up_experiment(&mut current, id).await?;
        let id = id.to_owned();
        let experiment = tokio::spawn(async move {
            // What went wrong is in the recording.
            let _ = experiments::run(&id, &stage).await;
        });
        if let Some(current) = &mut *current {
            current.experiment = Some(experiment);
        }
        Ok(())
    }

    /// Runs an experiment to its end.
    ///
    /// # Errors
    ///
    /// There is none of this id; why it could not be finished.
    pub async fn run_experiment(&self, id: &str) -> Result<Verdict> {
        let stage = self.set_up_experiment(&mut *self.current.lock().await, id).await?;
        experiments::run(id, &stage).await
    }

    async fn set_up_experiment(&self, current: &mut Option<Current>, id: &str) -> Result<Stage> {
        let scene = experiments::scene(id);
        let scene = scene.with_context(|| format!("there is no experiment {id}"))?;
        self.set_up(current, scene, Some(id)).await
    }

    /// Ends what is going on, and sets up `scene`.
    async fn set_up(
        &self,
        current: &mut Option<Current>,
        scene: Scene,
        experiment: Option<&str>,
    ) -> Result<Stage> {
        if let Some(current) = current.take() {
            current.close().await;
        }
        let recorder = self.journal.begin(scene.id, experiment);
        let stage = Stage::open(scene, experiment, recorder.clone(), self.programs.clone())?;
        *current = Some(Current { stage: stage.clone(), recorder, experiment: None });
        Ok(stage)
    }

    async fn stop(&self) -> Result<()> {
        let current = self.current.lock().await;
        let current = current.as_ref().context("no scene has been started")?;
        if let Some(experiment) = &current.experiment {
            experiment.abort();
        }
        current.stage.stop().await;
        current.recorder.add(&Event::End);
        Ok(())
    }

    /// Ends all programs.
    pub async fn close(&self) {
        if let Some(current) = self.current.lock().await.take() {
            current.close().await;
        }
    }
}

impl Current {
    async fn close(self) {
        if let Some(experiment) = self.experiment {
            experiment.abort();
        }
        self.stage.close().await;
    }
}
