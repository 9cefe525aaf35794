//! A wire: the connection between two programs, through a tap, and what passes there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tap::zmtp::Seen;
use tap::{Counts, Link, Tap};
use tokio::sync::mpsc;

use super::Stage;
use super::sample::Sampler;
use crate::event::{Event, Way, WireFacts, WireState};
use crate::ledger::Ledger;

/// Events of a tap that wait to be recorded.
const WAITING: usize = 1024;
/// What is shown of a frame, in characters.
const SHOWN_OF_FRAME: usize = 80;

/// A wire of the scene.
pub struct Wire {
    /// What it is on the picture.
    pub facts: WireFacts,
    /// Everything that passes goes through it.
    pub tap: Arc<Tap>,
    /// Every message that passed, for experiments.
    pub ledger: Arc<Mutex<Ledger>>,
    /// The counts that were recorded last.
    recorded: Counts,
}

impl Wire {
    /// Opens a tap before the socket that binds `port`. With `keeps_ledger`, every message is kept.
    ///
    /// # Errors
    ///
    /// What keeps the tap from listening.
    pub fn open(facts: WireFacts, port: u16, stage: &Stage, keeps_ledger: bool) -> Result<Self> {
        let (events, received) = mpsc::channel(WAITING);
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let kept = Arc::clone(&ledger);
        let witness = move |_, way, seen: &Seen<'_>| {
            if let (true, Seen::Message(message)) = (keeps_ledger, seen) {
                let last = message.frames.last().map_or(&[][..], |frame| &frame.start);
                kept.lock().unwrap_or_else(PoisonError::into_inner).pass(way == tap::Way::Up, last);
            }
        };
        let tap = Tap::open_with(&format!("127.0.0.1:{port}"), events, Arc::new(witness))?;
        tokio::spawn(record(received, facts.wire.clone(), stage.clone()));
        Ok(Self { facts, tap: Arc::new(tap), ledger, recorded: Counts::default() })
    }

    /// The port of the tap.
    pub fn port(&self) -> u16 {
        self.tap.port()
    }

    /// Its counts, where they have changed since they were recorded.
    pub fn counted(&mut self) -> Option<Event> {
        let Counts { up, down, .. } = self.tap.counts();
        if (up, down) == (self.recorded.up, self.recorded.down) {
            return None;
        }
        self.recorded = Counts { up, down, ..self.recorded };
        Some(Event::Counted {
            wire: self.facts.wire.clone(),
            up: up.messages,
            down: down.messages,
            up_bytes: up.bytes,
            down_bytes: down.bytes,
        })
    }
}

/// What a tap is told for a state of its wire.
pub fn link(state: WireState, delay_ms: u64) -> Link {
    match state {
        WireState::Mended => Link::Mended,
        WireState::Cut => Link::Cut,
        WireState::Stalled => Link::Stalled,
        WireState::Slow => Link::Slow(Duration::from_millis(delay_ms)),
    }
}

/// Records what a tap tells, until it is closed.
async fn record(mut events: mpsc::Receiver<tap::Event>, wire: String, stage: Stage) {
    let sampler = || Sampler::new(stage.rate(), stage.rate());
    let mut samplers = [sampler(), sampler()];
    while let Some(event) = events.recv().await {
        if let Some(event) = shown(event, &wire, &mut samplers) {
            stage.record(&event);
        }
    }
}

fn shown(event: tap::Event, wire: &str, samplers: &mut [Sampler; 2]) -> Option<Event> {
    let wire = wire.to_owned();
    let (connection, way, seen) = match event {
        tap::Event::Connected { connection } => return Some(Event::Connected { wire, connection }),
        tap::Event::Disconnected { connection } => {
            return Some(Event::Disconnected { wire, connection });
        }
        // libzmq tries again every moment, and its program says that it waits.
        tap::Event::Refused { .. } => return None,
        tap::Event::Seen { connection, way, seen } => (connection, way, seen),
    };
    let way = match way {
        tap::Way::Up => Way::Up,
        tap::Way::Down => Way::Down,
    };
    let mut sampled = |message| samplers[way as usize].shows(Instant::now()).then_some(message);
    match seen {
        Seen::Greeting(greeting) => {
            let (major, minor) = greeting.version;
            let text = format!("ZMTP {major}.{minor} {}", greeting.mechanism);
            Some(Event::Command { wire, connection, way, name: "GREETING".to_owned(), text })
        }
        Seen::Command(command) => {
            let (name, text) = (command.name, short(&command.text));
            Some(Event::Command { wire, connection, way, name, text })
        }
        Seen::Message(message) => {
            let frames = message.frames.iter().map(|frame| short(&frame.text())).collect();
            let bytes = message.bytes;
            sampled(Event::Message { wire, connection, way, frames, bytes, encrypted: false })
        }
        Seen::Encrypted { bytes } => {
            let frames = Vec::new();
            sampled(Event::Message { wire, connection, way, frames, bytes, encrypted: true })
        }
        Seen::Unknown => {
            let name = "UNKNOWN".to_owned();
            Some(Event::Command { wire, connection, way, name, text: String::new() })
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_OF_FRAME) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
