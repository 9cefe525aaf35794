//! The system around a schedule, where anything can happen: workers, sink, lost messages, time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use protocol::message::{Failure, Session};
use protocol::ranges::ranges;
use protocol::schedule::{Batch, Policy, Schedule};

/// Few attempts, so that tasks are given up often.
pub const POLICY: Policy = Policy { attempts: 3, lease: Duration::from_secs(3) };

/// What can happen. Numbers choose among the workers that there are.
#[derive(Clone, Debug)]
pub enum Event {
    /// A worker that has nothing to do asks, and is given something.
    Ask(u8),
    /// As before, but the answer is lost.
    AskInVain(u8),
    /// A worker does what it holds: results are on their way to the sink.
    Work(u8),
    /// A worker fails at the first task that it holds.
    Fail(u8),
    /// A worker tells that it is alive.
    Alive(u8),
    /// A worker is killed, with what it holds and what it has sent.
    Kill(u8),
    /// A worker ends, and says so.
    Bye(u8),
    /// The sink writes what has arrived, and acknowledges it.
    Acknowledge,
    /// The sink writes what has arrived, but the acknowledgement is lost.
    WriteOnly,
    /// The sink is killed, with what has arrived, and started again.
    RestartSink,
    /// The dispatcher is killed, and started again.
    RestartDispatcher,
    /// Milliseconds pass.
    Pass(u16),
}

/// Any event.
pub fn event() -> impl Strategy<Value = Event> {
    use Event::{
        Acknowledge, Alive, Ask, AskInVain, Bye, Fail, Kill, Pass, RestartDispatcher, RestartSink,
        Work, WriteOnly,
    };
    prop_oneof![
        8 => any::<u8>().prop_map(Ask),
        1 => any::<u8>().prop_map(AskInVain),
        8 => any::<u8>().prop_map(Work),
        1 => any::<u8>().prop_map(Fail),
        3 => any::<u8>().prop_map(Alive),
        1 => any::<u8>().prop_map(Kill),
        1 => any::<u8>().prop_map(Bye),
        4 => Just(Acknowledge),
        1 => Just(WriteOnly),
        1 => Just(RestartSink),
        1 => Just(RestartDispatcher),
        4 => (0..4_000_u16).prop_map(Pass),
    ]
}

#[derive(Default)]
/// One of the workers.
pub struct Worker {
    last_batch: Option<u64>,
    pub holds: Option<Batch>,
    failed: Vec<Failure>,
}

/// The system around a schedule.
pub struct World {
    total: u64,
    pub now: Duration,
    pub schedule: Schedule,
    dispatchers: u64,
    pub workers: BTreeMap<Session, Worker>,
    pub next_session: Session,
    arrived: Vec<u64>,
    pub output: BTreeSet<u64>,
    pub acknowledged: BTreeSet<u64>,
}

impl World {
    pub fn new(total: u64, workers: u64) -> Self {
        let mut world = Self {
            total,
            now: Duration::ZERO,
            schedule: Schedule::new(total, POLICY, 0),
            dispatchers: 1,
            workers: BTreeMap::new(),
            next_session: 0,
            arrived: Vec::new(),
            output: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
        };
        for _ in 0..workers {
            world.add_worker();
        }
        world
    }

    pub fn add_worker(&mut self) {
        self.workers.insert(self.next_session, Worker::default());
        self.next_session += 1;
    }

    pub fn pick(&self, choice: u8) -> Session {
        *self.workers.keys().nth(usize::from(choice) % self.workers.len()).unwrap()
    }

    pub fn ask(&mut self, session: Session, received: bool) {
        let worker = self.workers.get_mut(&session).unwrap();
        if worker.holds.is_some() {
            return;
        }
        let (schedule, now) = (&mut self.schedule, self.now);
        let again = schedule.ready(session, session, worker.last_batch, &worker.failed, now);
        let given = again.or_else(|| schedule.next_batch(session, now));
        if let Some(batch) = &given {
            assert!(!batch.nums.is_empty() && batch.nums.is_sorted());
            assert!(batch.nums.iter().all(|num| *num < self.total));
        }
        if let (Some(batch), true) = (given, received) {
            worker.last_batch = Some(batch.id);
            worker.holds = Some(batch);
            worker.failed.clear();
        }
    }

    pub fn work(&mut self, session: Session) {
        let worker = self.workers.get_mut(&session).unwrap();
        let failed: Vec<u64> = worker.failed.iter().map(|failure| failure.num).collect();
        let nums = worker.holds.take().map_or_else(Vec::new, |batch| batch.nums);
        self.arrived.extend(nums.into_iter().filter(|num| !failed.contains(num)));
    }

    pub fn acknowledge(&mut self) {
        self.write();
        self.schedule.acknowledge(&ranges(self.output.iter().copied()));
        self.acknowledged = self.output.clone();
    }

    fn write(&mut self) {
        self.output.extend(self.arrived.drain(..));
        self.output.extend(self.schedule.given_up().iter().map(|given_up| given_up.num));
    }

    fn restart_dispatcher(&mut self) {
        self.dispatchers += 1;
        self.schedule = Schedule::new(self.total, POLICY, self.dispatchers << 32);
        self.schedule.acknowledge_only(&ranges(self.output.iter().copied()));
        self.acknowledged = self.output.clone();
    }

    pub fn happen(&mut self, event: &Event) {
        match *event {
            Event::Ask(worker) => self.ask(self.pick(worker), true),
            Event::AskInVain(worker) => self.ask(self.pick(worker), false),
            Event::Work(worker) => self.work(self.pick(worker)),
            Event::Fail(worker) => {
                let worker = self.workers.get_mut(&self.pick(worker)).unwrap();
                if let Some(batch) = &worker.holds {
                    worker.failed.push(Failure { num: batch.nums[0], why: "it must".to_owned() });
                }
            }
            Event::Alive(worker) => self.schedule.alive(self.pick(worker), self.now),
            Event::Kill(worker) => {
                self.workers.remove(&self.pick(worker));
                self.arrived.clear();
                self.add_worker();
            }
            Event::Bye(worker) => {
                let worker = self.pick(worker);
                self.workers.remove(&worker);
                self.schedule.bye(worker);
                self.add_worker();
            }
            Event::Acknowledge => self.acknowledge(),
            Event::WriteOnly => self.write(),
            Event::RestartSink => {
                self.arrived.clear();
                self.schedule.acknowledge_only(&ranges(self.output.iter().copied()));
            }
            Event::RestartDispatcher => self.restart_dispatcher(),
            Event::Pass(milliseconds) => {
                self.now += Duration::from_millis(milliseconds.into());
                self.schedule.tick(self.now);
            }
        }
    }

    /// Nothing goes wrong any more. Returns how many rounds it took.
    pub fn run_to_the_end(&mut self) -> u64 {
        let mut rounds = 0;
        while self.schedule.remaining() > 0 {
            for session in self.workers.keys().copied().collect::<Vec<_>>() {
                self.ask(session, true);
                self.work(session);
            }
            self.acknowledge();
            self.now += Duration::from_millis(1);
            self.schedule.tick(self.now);
            rounds += 1;
            assert!(rounds < 20_000, "the job does not end: {} remain", self.schedule.remaining());
        }
        rounds
    }
}
