//! What the stage hears of its programs and wires, and records.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::process::{Ended, News};
use super::wire::Wire;
use super::{Stage, State, summary};
use crate::event::Event;

/// How often counts are recorded, where they have changed.
const COUNTS: Duration = Duration::from_millis(250);

impl Stage {
    /// Records counts, and what programs print too quickly, at intervals, until the stage is closed.
    pub(super) fn watch_counts(&self) {
        let watched = self.clone();
        tokio::spawn(async move {
            let mut ticks = interval(COUNTS);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let events = {
                    let mut state = watched.lock();
                    if state.closed {
                        return;
                    }
                    let State { boxes, wires, .. } = &mut *state;
                    let printed = boxes.iter_mut().flat_map(|of| of.terminal.waiting(false));
                    printed.chain(wires.iter_mut().filter_map(Wire::counted)).collect::<Vec<_>>()
                };
                for event in &events {
                    watched.record(event);
                }
            }
        });
    }

    /// A program has printed something, or ended.
    pub(super) fn hear(&self, id: &str, news: News) {
        let events = {
            let mut state = self.lock();
            let State { boxes, wires, .. } = &mut *state;
            let Some(of) = boxes.iter_mut().find(|of| of.part.id == id) else { return };
            match news {
                News::Printed(stream, line) => {
                    let counter = summary::counter(id, stream, &line);
                    of.terminal.print(stream, line).into_iter().chain(counter).collect()
                }
                News::Ended(ended) => {
                    (of.process, of.paused, of.ended) = (None, false, Some(ended));
                    let mut events: Vec<_> = of.terminal.waiting(true);
                    // What it did last is counted before it is seen to have ended.
                    events.extend(wires.iter_mut().filter_map(Wire::counted));
                    let Ended { code, signal } = ended;
                    events.push(Event::Ended { id: id.to_owned(), code, signal });
                    events
                }
            }
        };
        for event in &events {
            self.record(event);
        }
        self.0.changed.send_replace(());
    }
}
