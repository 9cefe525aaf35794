//! The world around the three state machines: processes, connections, a disk, and time.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::message::{FromSink, FromWorker, ToSink, ToWorker};
use protocol::schedule::Schedule;
use protocol::session::Session;

use crate::disk::File;
use crate::network::{Link, Side};
use crate::plan::Plan;
use crate::random::Random;
use crate::roles::{Dispatcher, Sink, Worker};

const JOB: &str = "job";
pub const MS: Duration = Duration::from_millis(1);

/// What a message says.
#[derive(Clone, Debug)]
pub enum Message {
    FromWorker(FromWorker),
    ToWorker(ToWorker),
    Results(Vec<Vec<u8>>),
    FromSink(FromSink),
    ToSink(ToSink),
}

/// What happens at some time.
#[derive(Debug)]
pub enum Event {
    Tick { instance: u64 },
    Deliver { link: usize, generation: u64, to: u64, message: Message },
    TaskEnds { instance: u64, slot: u32, batch: u64, at: usize },
    Connect { link: usize },
    Restart(Role),
    Resume { instance: u64 },
    MendDisk,
    MendSink,
    Kill { instance: u64 },
    Fault(usize),
}

impl Event {
    fn starts(&self, role: Role) -> bool {
        matches!(self, Self::Restart(its) if *its == role)
    }
}

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Dispatcher,
    Worker(usize),
    /// By its file.
    Sink(usize),
}

/// A process that lives.
pub enum Program {
    Dispatcher(Box<Dispatcher>),
    Worker(Box<Worker>),
    Sink(Box<Sink>),
}

pub struct Process {
    pub role: Role,
    pub program: Program,
    pub paused: bool,
    inbox: Vec<(usize, u64, Message)>,
}

#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub struct World {
    pub plan: Plan,
    pub now: Duration,
    pub random: Random,
    pub queue: BTreeMap<(Duration, u64), Event>,
    order: u64,
    pub instances: u64,
    pub processes: BTreeMap<u64, Process>,
    pub links: Vec<Link>,
    /// Who listens.
    pub dispatcher: Option<u64>,
    pub sink: Option<u64>,
    pub files: Vec<File>,
    pub disk_full: bool,
    pub sink_cut: bool,
    /// What has truly happened to each task: failed attempts, and deaths of workers that had it.
    pub failures: BTreeMap<u64, u32>,
    pub deaths: BTreeMap<u64, u32>,
    pub faults: BTreeMap<String, u64>,
    pub dispatchers_done: bool,
    pub sinks_done: bool,
    pub steps: u64,
    /// The faults' end.
    calm: Duration,
    /// Whether to print each event.
    pub trace: bool,
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let calm = plan.faults.last().map_or(Duration::ZERO, |(at, _)| *at);
        let mut world = Self {
            random: Random(plan.seed ^ 0x5eed),
            now: Duration::ZERO,
            queue: BTreeMap::new(),
            order: 0,
            instances: 0,
            processes: BTreeMap::new(),
            links: Vec::new(),
            dispatcher: None,
            sink: None,
            files: vec![File::default(), File::default()],
            disk_full: false,
            sink_cut: false,
            failures: BTreeMap::new(),
            deaths: BTreeMap::new(),
            faults: BTreeMap::new(),
            dispatchers_done: false,
            sinks_done: false,
            steps: 0,
            calm,
            trace: false,
            plan,
        };
        let workers = (0..world.plan.slots.len()).map(Role::Worker);
        for role in [Role::Dispatcher, Role::Sink(0)].into_iter().chain(workers) {
            let at = world.random.up_to_ms(50);
            world.after(at, Event::Restart(role));
        }
        for (index, (at, _)) in world.plan.faults.clone().iter().enumerate() {
            world.after(*at, Event::Fault(index));
        }
        world
    }

    pub fn after(&mut self, delay: Duration, event: Event) {
        self.order += 1;
        self.queue.insert((self.now + delay, self.order), event);
    }

    /// Runs until the job has ended.
    pub fn run(&mut self) {
        while !self.has_ended() {
            let ((at, _), event) = self.queue.pop_first().expect("time goes on");
            self.now = at;
            self.steps += 1;
            self.happen(event);
            assert!(self.now < self.calm + self.patience(), "stuck: {}", self.describe());
        }
        self.check_the_end();
    }

    /// A dispatcher has ended, and so has the sink with the complete output. One with another output may
    /// wait for the next dispatcher.
    fn has_ended(&self) -> bool {
        let starts = |file| self.queue.values().any(|event| event.starts(Role::Sink(file)));
        let is_delivered = |(index, file): (usize, &File)| {
            file.is_complete(self.plan.total) && file.lock.is_none() && !starts(index)
        };
        self.dispatchers_done
            && (self.sinks_done || self.files.iter().enumerate().any(is_delivered))
    }

    /// How long a job may take once nothing goes wrong any more.
    fn patience(&self) -> Duration {
        let Plan { total, work, latency, policy, .. } = &self.plan;
        let tasks = MS * u32::try_from(total * (work + 4 * latency)).unwrap() * 2;
        let deadly = (policy.lease + 4 * MS * 1000) * (policy.crash_limit + 12);
        let latency = u32::try_from(*latency).unwrap();
        Duration::from_secs(300) + tasks + deadly + MS * latency * 200
    }

    fn happen(&mut self, event: Event) {
        if self.trace && !matches!(event, Event::Tick { .. } | Event::Connect { .. }) {
            eprintln!("{:9.3} {event:?}", self.now.as_secs_f64());
        }
        match event {
            Event::Tick { instance } => {
                if !self.processes.contains_key(&instance) {
                    return;
                }
                self.after(20 * MS, Event::Tick { instance });
                self.tick(instance);
            }
            Event::Deliver { link, generation, to, message } => {
                if let Some(process) = self.processes.get_mut(&to) {
                    if process.paused {
                        process.inbox.push((link, generation, message));
                    } else {
                        self.hear(to, link, generation, message);
                    }
                }
            }
            Event::TaskEnds { instance, slot, batch, at } => {
                self.task_ends(instance, slot, batch, at);
            }
            Event::Connect { link } => self.connect(link),
            Event::Restart(role) => self.start(role),
            Event::Resume { instance } => {
                let Some(process) = self.processes.get_mut(&instance) else { return };
                process.paused = false;
                for (link, generation, message) in std::mem::take(&mut process.inbox) {
                    self.hear(instance, link, generation, message);
                }
                self.tick(instance);
            }
            Event::MendDisk => self.disk_full = false,
            Event::MendSink => self.sink_cut = false,
            Event::Kill { instance } => self.end(instance),
            Event::Fault(index) => {
                let (_, fault) = self.plan.faults[index];
                *self.faults.entry(fault.kind()).or_default() += 1;
                self.go_wrong(fault);
            }
        }
    }

    /// Starts a process, if it has something to do still.
    pub fn start(&mut self, role: Role) {
        let is_there = self.processes.values().any(|process| process.role == role);
        let is_over = match role {
            Role::Dispatcher => self.dispatchers_done,
            Role::Sink(_) => self.sinks_done,
            Role::Worker(_) => false,
        };
        if is_over || (is_there && role != Role::Dispatcher) {
            return;
        }
        self.instances += 1;
        let instance = self.instances;
        let now = self.now;
        let program = match role {
            Role::Dispatcher => {
                let (total, policy) = (self.plan.total, self.plan.policy);
                let schedule = Schedule::new(JOB.to_owned(), total, policy, instance << 32, now);
                self.dispatcher = Some(instance);
                let routes = BTreeMap::new();
                Program::Dispatcher(Box::new(Dispatcher { schedule, routes }))
            }
            Role::Worker(index) => {
                let slots = self.plan.slots[index];
                let session = Session::new(instance, index as u64, 1 << 24, slots, now);
                let (running, finished) = (BTreeMap::new(), BTreeMap::new());
                Program::Worker(Box::new(Worker { session, index, running, finished }))
            }
            Role::Sink(file) => {
                if self.files[file].lock.is_some() {
                    return;
                }
                // One that cannot listen is of no use, but is refused by the dispatcher all the same.
                self.sink.get_or_insert(instance);
                let limit = self.plan.policy.limit;
                let sink = Sink::open(&mut self.files[file], file, instance, limit, now);
                Program::Sink(Box::new(sink))
            }
        };
        let process = Process { role, program, paused: false, inbox: Vec::new() };
        self.processes.insert(instance, process);
        let sides: &[Side] = match role {
            Role::Dispatcher => &[],
            Role::Worker(_) => &[Side::Dispatcher, Side::Sink],
            Role::Sink(_) => &[Side::Dispatcher],
        };
        for to in sides {
            self.open_link(instance, *to);
        }
        self.after(Duration::ZERO, Event::Tick { instance });
    }

    /// A process ends, and its connections with it. What it has sent is lost in part.
    pub fn end(&mut self, instance: u64) {
        let Some(process) = self.processes.remove(&instance) else { return };
        match process.program {
            Program::Worker(worker) => {
                // What is finished counts: the dispatcher may not know yet that it is.
                let running = worker.running.values();
                let running = running.map(|run| run.nums[run.at.min(run.nums.len() - 1)]);
                for num in running.chain(worker.finished.into_values()) {
                    *self.deaths.entry(num).or_default() += 1;
                }
            }
            Program::Sink(sink) => {
                self.files[sink.file].lock = None;
                if self.sink == Some(instance) {
                    let sinks = |process: &Process| matches!(process.role, Role::Sink(_));
                    let other = self.processes.iter().find(|(_, process)| sinks(process));
                    self.sink = other.map(|(instance, _)| *instance);
                }
            }
            Program::Dispatcher(_) if self.dispatcher == Some(instance) => self.dispatcher = None,
            Program::Dispatcher(_) => {}
        }
        for link in 0..self.links.len() {
            if self.links[link].server == Some(instance) || self.links[link].client == instance {
                self.break_link(link, Duration::ZERO);
            }
        }
    }
}
