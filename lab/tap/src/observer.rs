//! Counts everything, and tells a sample.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::event::{Counts, Event, Way};
use crate::zmtp::{Decoder, Seen};

/// How many messages per second are told for each direction of a connection, and how many
/// commands.
const PER_SECOND: u32 = 20;
/// How many messages are told at once after a silence.
const MESSAGES_AT_ONCE: u32 = 20;
/// How many commands are told at once after a silence, such as a subscriber's topics.
const COMMANDS_AT_ONCE: u32 = 100;

/// Sees all that passes: the number of the connection, which way, and what. The tap waits for it,
/// so it must not block.
pub type Witness = dyn Fn(u64, Way, &Seen<'_>) + Send + Sync;

/// Where events and counts go. It never waits for their readers.
#[derive(Clone)]
pub struct Reporter {
    pub events: mpsc::Sender<Event>,
    pub counts: watch::Sender<Counts>,
    pub witness: Arc<Witness>,
}

impl Reporter {
    pub fn tell(&self, event: Event) {
        // Half of the channel is kept for what is not sampled, such as connections.
        let sampled = matches!(
            event,
            Event::Seen { seen: Seen::Message(_) | Seen::Command(_) | Seen::Encrypted { .. }, .. }
        );
        let full = sampled && self.events.capacity() <= self.events.max_capacity() / 2;
        if full || self.events.try_send(event).is_err() {
            self.counts.send_modify(|counts| counts.missed += 1);
        }
    }
}

/// Reads what passes in one direction of a connection.
pub struct Observer {
    connection: u64,
    way: Way,
    decoder: Decoder,
    messages: Sampler,
    commands: Sampler,
    reporter: Reporter,
}

impl Observer {
    pub fn new(connection: u64, way: Way, reporter: Reporter) -> Self {
        let [messages, commands] = [MESSAGES_AT_ONCE, COMMANDS_AT_ONCE].map(Sampler::new);
        Self { connection, way, decoder: Decoder::new(), messages, commands, reporter }
    }

    /// These bytes have been passed on.
    pub fn passed(&mut self, mut bytes: &[u8], now: Instant) {
        let (length, mut messages) = (bytes.len() as u64, 0);
        while let Some(seen) = self.decoder.next(&mut bytes) {
            (self.reporter.witness)(self.connection, self.way, &seen);
            let told = match seen {
                Seen::Message(_) | Seen::Encrypted { .. } => {
                    messages += 1;
                    self.messages.takes(now)
                }
                Seen::Command(_) => self.commands.takes(now),
                Seen::Greeting(_) | Seen::Unknown => true,
            };
            if told {
                let (connection, way) = (self.connection, self.way);
                self.reporter.tell(Event::Seen { connection, way, seen: seen.into_owned() });
            }
        }
        self.reporter.counts.send_modify(|counts| {
            let count = counts.of(self.way);
            count.bytes += length;
            count.messages += messages;
        });
    }
}

/// Takes some at once and then [`PER_SECOND`], so that a few messages in quick succession are
/// told whole, and of a flood some all the time.
struct Sampler {
    /// When the next one could be taken if none were taken early.
    next: Instant,
    /// How early one may be taken.
    early: Duration,
}

impl Sampler {
    const INTERVAL: Duration = Duration::from_millis(1000 / PER_SECOND as u64);

    fn new(at_once: u32) -> Self {
        Self { next: Instant::now(), early: Self::INTERVAL * (at_once - 1) }
    }

    fn takes(&mut self, now: Instant) -> bool {
        let taken = self.next <= now + self.early;
        if taken {
            self.next = self.next.max(now) + Self::INTERVAL;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_taken_at_once_and_then_some_per_second() {
        let mut sampler = Sampler::new(20);
        let start = sampler.next;
        let mut taken = |milliseconds| {
            let now = start + Duration::from_millis(milliseconds);
            (0..1000).filter(|_| sampler.takes(now)).count()
        };
        assert_eq!([taken(0), taken(49), taken(50), taken(1050)], [20, 0, 1, 20]);
        // A long silence saves up no more than that.
        assert_eq!(taken(60_000), 20);
    }

    #[test]
    fn a_full_channel_keeps_room_for_connections() {
        let (events, mut received) = mpsc::channel(4);
        let (counts, _) = watch::channel(Counts::default());
        let reporter = Reporter { events, counts, witness: Arc::new(|_, _, _| {}) };
        let seen = Seen::Encrypted { bytes: 33 };
        let sampled = Event::Seen { connection: 1, way: Way::Up, seen };
        (0..5).for_each(|_| reporter.tell(sampled.clone()));
        assert_eq!(reporter.counts.borrow().missed, 3);
        let connected = Event::Connected { connection: 2 };
        (0..3).for_each(|_| reporter.tell(connected.clone()));
        assert_eq!(reporter.counts.borrow().missed, 4);
        let told: Vec<_> = std::iter::from_fn(|| received.try_recv().ok()).collect();
        assert_eq!(told, [sampled.clone(), sampled, connected.clone(), connected]);
    }
}
