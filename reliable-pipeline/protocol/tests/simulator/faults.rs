//! What each fault does to the world.

use std::time::Duration;

use protocol::message::FromWorker;

use crate::network::Side;
use crate::plan::Fault;
use crate::world::{Event, Message, Program, Role, World};

impl World {
    pub fn go_wrong(&mut self, fault: Fault) {
        let ms = Duration::from_millis;
        match fault {
            Fault::KillDispatcher => self.kill(self.dispatcher),
            Fault::KillWorker(choice) => self.kill(self.worker(choice)),
            Fault::KillSink => self.kill_sink(),
            Fault::StopWorker(choice) => self.stop(choice),
            Fault::PauseDispatcher(time) => self.pause(self.dispatcher, ms(time)),
            Fault::PauseWorker(choice, time) => self.pause(self.worker(choice), ms(time)),
            Fault::PauseSink(time) => self.pause(self.sink, ms(time)),
            Fault::Break(choice) => self.cut(choice, Duration::ZERO),
            Fault::Cut(choice, time) => self.cut(choice, ms(time)),
            Fault::CutSink(time) => {
                self.sink_cut = true;
                for link in 0..self.links.len() {
                    if self.links[link].to == Side::Sink {
                        self.break_link(link, ms(time));
                    }
                }
                self.after(ms(time), Event::MendSink);
            }
            Fault::FillDisk(time) => {
                self.disk_full = true;
                self.after(ms(time), Event::MendDisk);
            }
            Fault::PowerLoss => {
                let torn = self.kill_writing();
                for file in torn {
                    self.files[file].lose_power(&mut self.random);
                }
            }
            Fault::SecondDispatcher(time) => {
                if let Some(instance) = self.dispatcher {
                    self.start(Role::Dispatcher);
                    self.after(ms(time), Event::Kill { instance });
                }
            }
            Fault::SecondSink => self.start(Role::Sink(0)),
            Fault::OtherSink => self.start(Role::Sink(1)),
        }
    }

    fn worker(&self, choice: u64) -> Option<u64> {
        let workers = self.processes.iter();
        let workers = workers.filter(|(_, process)| matches!(process.role, Role::Worker(_)));
        let workers: Vec<u64> = workers.map(|(instance, _)| *instance).collect();
        (!workers.is_empty()).then(|| workers[(choice % workers.len() as u64) as usize])
    }

    fn kill(&mut self, instance: Option<u64>) {
        let Some(instance) = instance.filter(|it| self.processes.contains_key(it)) else { return };
        let role = self.processes[&instance].role;
        self.end(instance);
        let delay = self.random.up_to_ms(1_000);
        self.after(delay, Event::Restart(role));
    }

    fn kill_sink(&mut self) {
        self.kill_writing();
    }

    /// Kills all sinks, some of them while they write. Returns their files.
    fn kill_writing(&mut self) -> Vec<usize> {
        let sinks =
            self.processes.iter().filter_map(|(instance, process)| match &process.program {
                Program::Sink(sink) => Some((*instance, sink.file, sink.output.lines().to_vec())),
                _ => None,
            });
        let sinks: Vec<_> = sinks.collect();
        for (instance, file, lines) in &sinks {
            if self.random.chance(50) {
                self.files[*file].tear(lines, &mut self.random);
            }
            self.kill(Some(*instance));
        }
        sinks.into_iter().map(|(_, file, _)| file).collect()
    }

    /// A worker ends in order. Its last word may be lost: then this counts as its death.
    fn stop(&mut self, choice: u64) {
        let Some(instance) = self.worker(choice) else { return };
        let Program::Worker(worker) = &mut self.processes.get_mut(&instance).unwrap().program
        else {
            return;
        };
        let bye: FromWorker = worker.session.bye();
        let link =
            self.links.iter().position(|it| it.client == instance && it.to == Side::Dispatcher);
        self.send(link.unwrap(), true, Message::FromWorker(bye));
        self.kill(Some(instance));
    }

    fn pause(&mut self, instance: Option<u64>, time: Duration) {
        let Some(instance) = instance else { return };
        let Some(process) = self.processes.get_mut(&instance) else { return };
        if !process.paused {
            process.paused = true;
            self.after(time, Event::Resume { instance });
        }
    }

    fn cut(&mut self, choice: u64, time: Duration) {
        let standing: Vec<usize> =
            (0..self.links.len()).filter(|link| self.links[*link].server.is_some()).collect();
        if !standing.is_empty() {
            let link = standing[(choice % standing.len() as u64) as usize];
            self.break_link(link, time);
        }
    }
}
