//! Whatever happens in whatever order, each task ends up done or given up, and nothing is handed
//! out for nothing. proptest, and not a model checker: the order of events is what can go wrong,
//! and many random ones that shrink to the shortest find it, on the real type.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::message::{Failure, Session};
use protocol::ranges::ranges;
use protocol::schedule::{Batch, Policy, Schedule};

const POLICY: Policy = Policy { attempts: 3, lease: Duration::from_secs(3) };

/// What can happen. Numbers choose among the workers that there are.
#[derive(Clone, Debug)]
enum Event {
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

fn event() -> impl Strategy<Value = Event> {
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
struct Worker {
    last_batch: Option<u64>,
    holds: Option<Batch>,
    failed: Vec<Failure>,
}

/// The system around a schedule.
struct World {
    total: u64,
    now: Duration,
    schedule: Schedule,
    dispatchers: u64,
    workers: BTreeMap<Session, Worker>,
    next_session: Session,
    arrived: Vec<u64>,
    output: BTreeSet<u64>,
    acknowledged: BTreeSet<u64>,
}

impl World {
    fn new(total: u64, workers: u64) -> Self {
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

    fn add_worker(&mut self) {
        self.workers.insert(self.next_session, Worker::default());
        self.next_session += 1;
    }

    fn pick(&self, choice: u8) -> Session {
        *self.workers.keys().nth(usize::from(choice) % self.workers.len()).unwrap()
    }

    fn ask(&mut self, session: Session, received: bool) {
        let worker = self.workers.get_mut(&session).unwrap();
        if worker.holds.is_some() {
            return;
        }
        let (schedule, now) = (&mut self.schedule, self.now);
        let again = schedule.ready(session, session, worker.last_batch, &worker.failed, now);
        let given = again.or_else(|| schedule.take(session, now));
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

    fn work(&mut self, session: Session) {
        let worker = self.workers.get_mut(&session).unwrap();
        let failed: Vec<u64> = worker.failed.iter().map(|failure| failure.num).collect();
        let nums = worker.holds.take().map_or_else(Vec::new, |batch| batch.nums);
        self.arrived.extend(nums.into_iter().filter(|num| !failed.contains(num)));
    }

    fn acknowledge(&mut self) {
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

    fn happen(&mut self, event: &Event) {
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
                self.schedule.pass(self.now);
            }
        }
    }

    /// Nothing goes wrong any more. Returns how many rounds it took.
    fn run_to_the_end(&mut self) -> u64 {
        let mut rounds = 0;
        while self.schedule.remaining() > 0 {
            for session in self.workers.keys().copied().collect::<Vec<_>>() {
                self.ask(session, true);
                self.work(session);
            }
            self.acknowledge();
            self.now += Duration::from_millis(1);
            self.schedule.pass(self.now);
            rounds += 1;
            assert!(rounds < 20_000, "the job does not end: {} remain", self.schedule.remaining());
        }
        rounds
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_task_is_done_or_given_up(
        total in 0..300_u64,
        workers in 1..5_u64,
        events in vec(event(), 0..200),
    ) {
        let mut world = World::new(total, workers);
        for event in &events {
            world.happen(event);
            prop_assert!(world.schedule.remaining() <= total);
        }
        world.run_to_the_end();
        prop_assert_eq!(world.output.len() as u64, total);
        prop_assert!(world.schedule.given_up().is_empty());
    }

    #[test]
    fn without_faults_each_task_is_handed_out_once(total in 0..3_000_u64, workers in 1..9_u64) {
        let mut world = World::new(total, workers);
        world.run_to_the_end();
        prop_assert_eq!(world.schedule.handed_out(), total);
    }

    #[test]
    fn what_is_acknowledged_is_never_handed_out(
        total in 1..300_u64,
        events in vec(event(), 0..200),
    ) {
        let mut world = World::new(total, 2);
        for event in &events {
            world.happen(event);
            let before = world.acknowledged.clone();
            let fresh = world.next_session + 1_000;
            let schedule = &mut world.schedule;
            prop_assert!(schedule.ready(fresh, 0, None, &[], world.now).is_none());
            if let Some(batch) = schedule.take(fresh, world.now) {
                prop_assert!(batch.nums.iter().all(|num| !before.contains(num)), "{:?}", batch);
            }
            schedule.bye(fresh);
        }
    }
}

#[test]
fn a_task_that_kills_its_worker_is_given_up_and_the_others_are_done() {
    let mut world = World::new(100, 1);
    let poison = 42;
    for _ in 0..10_000 {
        let session = world.pick(0);
        world.ask(session, true);
        let held = world.workers[&session].holds.clone();
        if held.is_some_and(|batch| batch.nums.contains(&poison)) {
            world.workers.remove(&session);
            world.add_worker();
            world.now += POLICY.lease + Duration::from_millis(1);
            world.schedule.pass(world.now);
        } else {
            world.work(session);
        }
        let given_up = world.schedule.given_up();
        if let [given_up] = &given_up[..] {
            assert_eq!(given_up.num, poison);
            assert_eq!(given_up.failed, "its worker died (attempt 3)");
        }
        world.acknowledge();
        if world.schedule.remaining() == 0 {
            assert_eq!(world.output.len(), 100);
            return;
        }
    }
    panic!("the job does not end");
}

#[test]
fn batches_grow_with_the_pace_and_shrink_at_the_tail() {
    let mut schedule = Schedule::new(10_000, POLICY, 0);
    let (mut now, mut last, mut sizes) = (Duration::ZERO, None, Vec::new());
    loop {
        assert!(schedule.ready(1, 1, last, &[], now).is_none());
        let Some(batch) = schedule.take(1, now) else { break };
        let size = batch.nums.len();
        sizes.push(size);
        last = Some(batch.id);
        schedule.acknowledge(&ranges(batch.nums));
        now += Duration::from_micros(100) * u32::try_from(size).unwrap();
    }
    assert_eq!(sizes[..5], [1, 4, 16, 64, 100]);
    assert_eq!(sizes.iter().max(), Some(&100));
    assert_eq!(sizes.last(), Some(&1));
    assert_eq!(sizes.iter().sum::<usize>(), 10_000);
}
