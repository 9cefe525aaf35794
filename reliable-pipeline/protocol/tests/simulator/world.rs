//! The world around the three state machines: processes, connections, a disk, and time.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::message::{FromSink, FromWorker, ToSink, ToWorker};
use protocol::schedule::Schedule;
use protocol::session::Session;

use crate::disk::File;
use crate::plan::Plan;
use crate::random::Random;
use crate::roles::{Dispatcher, Sink, Worker};

const JOB: &str = "job";
const MS: Duration = Duration::from_millis(1);

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

#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub struct World {
    pub plan: Plan,
    pub now: Duration,
    pub random: Random,
    queue: BTreeMap<(Duration, u64), Event>,
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
        while !(self.dispatchers_done && self.sinks_done) {
            let ((at, _), event) = self.queue.pop_first().expect("time goes on");
            self.now = at;
            self.steps += 1;
            self.happen(event);
            assert!(self.now < self.calm + self.patience(), "stuck: {}", self.describe());
        }
        self.check_the_end();
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
            let (client, to) = (instance, *to);
            let latest = [Duration::ZERO; 2];
            let cut_until = Duration::ZERO;
            self.links.push(Link { client, to, server: None, generation: 0, cut_until, latest });
            self.after(Duration::ZERO, Event::Connect { link: self.links.len() - 1 });
        }
        self.after(Duration::ZERO, Event::Tick { instance });
    }

    /// Makes a connection, or tries again later.
    fn connect(&mut self, link: usize) {
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
