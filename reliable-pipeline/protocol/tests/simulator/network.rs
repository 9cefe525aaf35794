//! Connections, and the messages on them.

use std::time::Duration;

use crate::world::{Event, MS, Message, World};

/// A connection. The client is a process; where it leads is decided when it is made.
pub struct Link {
    pub client: u64,
    pub to: Side,
    pub server: Option<u64>,
    pub generation: u64,
    /// It is not made again before.
    pub cut_until: Duration,
    /// When the latest message arrives, in each direction: none overtakes another.
    latest: [Duration; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Dispatcher,
    Sink,
}

impl World {
    /// A process connects.
    pub fn open_link(&mut self, client: u64, to: Side) {
        let (cut_until, latest) = (Duration::ZERO, [Duration::ZERO; 2]);
        self.links.push(Link { client, to, server: None, generation: 0, cut_until, latest });
        self.after(Duration::ZERO, Event::Connect { link: self.links.len() - 1 });
    }

    /// Makes a connection, or tries again later.
    pub fn connect(&mut self, link: usize) {
        let Link { client, to, server, cut_until, .. } = self.links[link];
        if !self.processes.contains_key(&client) {
            return;
        }
        let there = match to {
            Side::Dispatcher => self.dispatcher,
            Side::Sink => self.sink.filter(|_| !self.sink_cut),
        };
        let there = there.filter(|instance| self.processes.contains_key(instance));
        let stands = server.is_some_and(|server| self.processes.contains_key(&server));
        if !stands && there.is_some() && self.now >= cut_until {
            (self.links[link].server, self.links[link].generation) =
                (there, self.links[link].generation + 1);
        }
        self.after(30 * MS, Event::Connect { link });
    }

    /// Sends a message over a connection, if there is one. Returns whether there is.
    pub fn send(&mut self, link: usize, to_server: bool, message: Message) -> bool {
        let Link { client, server: Some(server), generation, .. } = self.links[link] else {
            return false;
        };
        let delay = self.random.up_to_ms(self.plan.latency);
        let direction = &mut self.links[link].latest[usize::from(to_server)];
        *direction = (*direction).max(self.now + delay);
        let delay = direction.saturating_sub(self.now);
        let to = if to_server { server } else { client };
        self.after(delay, Event::Deliver { link, generation, to, message });
        true
    }

    /// A connection breaks: each message under way is lost, or late, or comes twice.
    pub fn break_link(&mut self, link: usize, cut: Duration) {
        self.links[link].server = None;
        self.links[link].cut_until = self.now + cut;
        let under_way: Vec<_> = self
            .queue
            .iter()
            .filter(|(_, event)| matches!(event, Event::Deliver { link: its, .. } if *its == link))
            .map(|(key, _)| *key)
            .collect();
        for key in under_way {
            match self.random.below(4) {
                0 => {}
                1 => {
                    let event = self.queue.remove(&key).unwrap();
                    let delay = self.random.up_to_ms(6_000);
                    self.after(delay, event);
                }
                2 => {
                    let Event::Deliver { link, generation, to, message } = &self.queue[&key] else {
                        continue;
                    };
                    let (link, generation, to) = (*link, *generation, *to);
                    let message = message.clone();
                    let delay = self.random.up_to_ms(6_000);
                    self.after(delay, Event::Deliver { link, generation, to, message });
                }
                _ => drop(self.queue.remove(&key)),
            }
        }
    }
}
