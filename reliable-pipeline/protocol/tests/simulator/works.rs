//! What workers do.

use std::time::Duration;

use protocol::message::ToWorker;
use protocol::session::Heard;

use crate::network::Side;
use crate::roles::{Fate, Run};
use crate::world::{Event, Message, Process, Program, Role, World};

const MS: Duration = Duration::from_millis(1);

impl World {
    pub fn worker_hears(&mut self, instance: u64, answer: ToWorker) {
        let now = self.now;
        let Some(Program::Worker(worker)) =
            self.processes.get_mut(&instance).map(|process| &mut process.program)
        else {
            return;
        };
        let heard = worker.session.hear(answer, now);
        worker.session.check_invariants();
        match heard {
            Heard::Nothing => {}
            Heard::Work(work) => {
                let (slot, batch) = (work.slot, work.batch);
                assert!(!worker.running.contains_key(&slot), "two batches in a slot");
                worker.running.insert(slot, Run::new(work));
                self.requests(instance);
                self.task_begins(instance, slot, batch, 0);
            }
            Heard::Bye | Heard::End => {
                // Should the job begin again, with another output, somebody starts a worker again.
                let role = Role::Worker(worker.index);
                self.end_worker(instance);
                self.after(3_000 * MS, Event::Restart(role));
            }
            Heard::Refused(why) => panic!("a worker is refused: {why}"),
        }
    }

    pub fn end_worker(&mut self, instance: u64) {
        if let Some(Process { program: Program::Worker(worker), .. }) =
            self.processes.get_mut(&instance)
        {
            worker.running.clear();
        }
        self.end(instance);
    }

    /// A task begins: its worker dies of it, or ends it some time.
    pub fn task_begins(&mut self, instance: u64, slot: u32, batch: u64, at: usize) {
        let Some(Program::Worker(worker)) = self.processes.get(&instance).map(|p| &p.program)
        else {
            return;
        };
        let num = worker.running[&slot].nums[at];
        if self.plan.deadly == Some(num) {
            let role = self.processes[&instance].role;
            self.end(instance);
            let delay = self.random.up_to_ms(500);
            self.after(delay, Event::Restart(role));
            return;
        }
        let time = self.random.up_to_ms(self.plan.work);
        if let Some(Program::Worker(worker)) =
            self.processes.get_mut(&instance).map(|process| &mut process.program)
        {
            worker.running.get_mut(&slot).unwrap().busy += time;
        }
        self.after(time, Event::TaskEnds { instance, slot, batch, at });
    }

    pub fn task_ends(&mut self, instance: u64, slot: u32, batch: u64, at: usize) {
        let Some(process) = self.processes.get_mut(&instance) else { return };
        let Program::Worker(worker) = &mut process.program else { return };
        if process.paused {
            self.after(10 * MS, Event::TaskEnds { instance, slot, batch, at });
            return;
        }
        let Some(run) = worker.running.get_mut(&slot) else { return };
        if run.work.batch != batch || run.at != at {
            return;
        }
        let num = run.nums[at];
        let fails = self.plan.failing == Some(num)
            || self.plan.bad_host == Some(worker.index)
            || self.random.chance(self.plan.flaky);
        if fails {
            *self.failures.entry(num).or_default() += 1;
        }
        let next = run.end(if fails { Fate::Failed } else { Fate::Done }, worker.index as u64);
        worker.session.running(slot, next, self.now);
        match next {
            Some(_) => self.task_begins(instance, slot, batch, at + 1),
            None => self.deliver(instance),
        }
    }

    /// Hands finished batches' results to the connection to the sink, if there is one.
    pub fn deliver(&mut self, instance: u64) {
        let link =
            self.links.iter().position(|link| link.client == instance && link.to == Side::Sink);
        let Some(link) = link.filter(|link| self.links[*link].server.is_some()) else { return };
        let now = self.now;
        let Some(Program::Worker(worker)) =
            self.processes.get_mut(&instance).map(|process| &mut process.program)
        else {
            return;
        };
        let ended: Vec<u32> =
            worker.running.iter().filter(|(_, run)| run.ended).map(|(slot, _)| *slot).collect();
        let mut messages = Vec::new();
        for slot in ended {
            let run = worker.running.remove(&slot).unwrap();
            worker.finished.insert(slot, run.nums[run.at - 1]);
            let (message, finished) = run.finish();
            worker.session.finished(slot, finished, now);
            worker.session.check_invariants();
            messages.push(message);
        }
        for message in messages.into_iter().filter(|message| !message[1].is_empty()) {
            self.send(link, true, Message::Results(message));
        }
        self.requests(instance);
    }

    /// Sends what a worker has to say.
    pub fn requests(&mut self, instance: u64) {
        let link =
            self.links.iter().position(|its| its.client == instance && its.to == Side::Dispatcher);
        let link = link.unwrap();
        // As with ZMQ_IMMEDIATE: nothing is queued for a dispatcher that is not there.
        loop {
            let now = self.now;
            let Some(Program::Worker(worker)) =
                self.processes.get_mut(&instance).map(|process| &mut process.program)
            else {
                return;
            };
            let request = worker.session.next_request(now);
            worker.session.check_invariants();
            let Some(request) = request else { return };
            let limit = self.plan.policy.limit as usize;
            let size = serde_json::to_vec(&request).unwrap().len() + 16;
            assert!(size <= limit, "a request of {size} bytes");
            self.send(link, true, Message::FromWorker(request));
        }
    }
}
