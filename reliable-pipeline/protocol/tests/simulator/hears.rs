//! What dispatcher and sink do with messages, and when time passes.

use std::time::Duration;

use protocol::message::{FromSink, FromWorker, ToWorker};
use protocol::output::Heard;
use protocol::schedule::Slot;

use crate::world::{Event, Message, Program, Role, World};

const MS: Duration = Duration::from_millis(1);

impl World {
    /// Hears a message.
    pub fn hear(&mut self, instance: u64, link: usize, generation: u64, message: Message) {
        let now = self.now;
        let Some(process) = self.processes.get_mut(&instance) else { return };
        match (&mut process.program, message) {
            (Program::Dispatcher(dispatcher), Message::FromWorker(message)) => {
                if let FromWorker::Ready(ready) = &message {
                    let slot = Slot { run: ready.run, slot: ready.slot };
                    dispatcher.routes.insert(slot, (link, generation));
                }
                let answer = dispatcher.schedule.hear_worker(&message, now);
                dispatcher.schedule.check_invariants();
                if let Some(answer) = answer {
                    self.answer(link, generation, Message::ToWorker(answer));
                }
                self.hand_out(instance);
            }
            (Program::Dispatcher(dispatcher), Message::FromSink(FromSink::Report(report))) => {
                let answer = dispatcher.schedule.hear_sink(&report, now);
                dispatcher.schedule.check_invariants();
                let is_over = dispatcher.schedule.is_over();
                self.answer(link, generation, Message::ToSink(answer));
                if is_over {
                    self.dispatchers_done = true;
                    self.after(self.plan.latency as u32 * MS, Event::Kill { instance });
                }
                self.hand_out(instance);
            }
            (Program::Worker(_), Message::ToWorker(answer)) => self.worker_hears(instance, answer),
            (Program::Sink(sink), Message::Results(frames)) => {
                sink.output.add(&frames[0], &frames[1]).unwrap_or_default();
                sink.output.check_invariants();
            }
            (Program::Sink(sink), Message::ToSink(answer)) => {
                let heard = sink.reporter.hear(&answer, &mut sink.output, now);
                sink.output.check_invariants();
                match heard {
                    Heard::Nothing => {}
                    Heard::Over => {
                        self.commit(instance);
                        self.sinks_done = true;
                    }
                    Heard::Refused(_) => {
                        let role = process.role;
                        self.end(instance);
                        // Somebody starts it again, but for one that came by mistake.
                        if role == Role::Sink(0) {
                            self.after(1_000 * MS, Event::Restart(role));
                        }
                    }
                }
            }
            _ => panic!("a message went astray"),
        }
    }

    /// Answers over the connection that the request came by.
    pub fn answer(&mut self, link: usize, generation: u64, message: Message) {
        if self.links[link].generation == generation {
            self.send(link, false, message);
        }
    }

    pub fn hand_out(&mut self, instance: u64) {
        let huge = self.plan.huge;
        let sizes = move |num| if Some(num) == huge { 1 << 30 } else { 10 };
        loop {
            let now = self.now;
            let Some(Program::Dispatcher(dispatcher)) =
                self.processes.get_mut(&instance).map(|process| &mut process.program)
            else {
                return;
            };
            let handed_out = dispatcher.schedule.hand_out(&sizes, now);
            dispatcher.schedule.check_invariants();
            let Some(handed_out) = handed_out else { break };
            if let Some((link, generation)) = dispatcher.routes.get(&handed_out.slot).copied() {
                self.answer(link, generation, Message::ToWorker(ToWorker::Work(handed_out.work)));
            }
        }
        self.dismiss(instance);
    }

    /// Tells the workers that wait that the job has ended.
    pub fn dismiss(&mut self, instance: u64) {
        loop {
            let process = self.processes.get_mut(&instance);
            let Some(Program::Dispatcher(dispatcher)) = process.map(|it| &mut it.program) else {
                return;
            };
            let Some(slot) = dispatcher.schedule.dismiss() else { return };
            dispatcher.schedule.check_invariants();
            if let Some((link, generation)) = dispatcher.routes.get(&slot).copied() {
                self.answer(link, generation, Message::ToWorker(ToWorker::End));
            }
        }
    }

    /// A process looks what is due.
    pub fn tick(&mut self, instance: u64) {
        let now = self.now;
        let Some(process) = self.processes.get_mut(&instance) else { return };
        if process.paused {
            return;
        }
        match &mut process.program {
            Program::Dispatcher(dispatcher) => {
                dispatcher.schedule.tick(now);
                dispatcher.schedule.check_invariants();
                self.hand_out(instance);
            }
            Program::Worker(_) => {
                self.deliver(instance);
                self.requests(instance);
            }
            Program::Sink(_) => {
                self.commit(instance);
                self.report(instance);
                if let Some(Program::Sink(sink)) =
                    self.processes.get(&instance).map(|it| &it.program)
                {
                    self.sinks_done |= sink.reporter.is_alone(&sink.output, now);
                }
            }
        }
    }

    /// A sink writes what has arrived, if the disk lets it.
    pub fn commit(&mut self, instance: u64) {
        let Some(process) = self.processes.get_mut(&instance) else { return };
        let Program::Sink(sink) = &mut process.program else { return };
        if sink.output.waiting() == 0 {
            return;
        }
        let file = &mut self.files[sink.file];
        let lines = sink.output.lines();
        if file.write(lines, self.disk_full, &mut self.random).is_err() {
            let role = process.role;
            self.end(instance);
            self.after(500 * MS, Event::Restart(role));
            return;
        }
        let lines = String::from_utf8(lines.to_vec()).unwrap();
        sink.reporter.safe(sink.output.committed());
        lines.lines().for_each(|line| self.check_that_it_may_fail(line));
    }

    pub fn report(&mut self, instance: u64) {
        let link = self.links.iter().position(|link| link.client == instance).unwrap();
        loop {
            let Some(process) = self.processes.get_mut(&instance) else { return };
            let Program::Sink(sink) = &mut process.program else { return };
            let Some(FromSink::Report(report)) = sink.reporter.next_report(&sink.output, self.now)
            else {
                return;
            };
            let safe = &self.files[sink.file].safe;
            assert!(report.nums.numbers().all(|num| safe.contains(&num)), "reported, but not safe");
            self.check_size(&report);
            self.send(link, true, Message::FromSink(FromSink::Report(report)));
        }
    }
}
