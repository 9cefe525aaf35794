//! A schedule, and what is said to it.

use std::time::Duration;

use protocol::message::{
    Failure, FromWorker, Ready, Report, Rest, SlotState, ToSink, ToWorker, Work,
};
use protocol::ranges::Ranges;
use protocol::schedule::{Policy, Schedule};

pub const POLICY: Policy = Policy {
    attempts: 3,
    crash_limit: 2,
    retry_delay: Duration::from_millis(250),
    lease: Duration::from_secs(3),
    max_failures: None,
    backup: true,
    limit: 1 << 24,
};

pub fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// A job, its time, and what each worker was given last.
pub struct Job {
    pub schedule: Schedule,
    pub now: u64,
    /// How long the batch took of whoever asks, in microseconds.
    pub busy: u64,
    seq: u64,
}

impl Job {
    /// A job whose output is empty.
    pub fn new(total: u64, policy: Policy) -> Self {
        let schedule = Schedule::new("job".to_owned(), total, policy, 1 << 32, ms(0));
        let mut job = Self { schedule, now: 0, busy: 0, seq: 0 };
        job.report(&[], Some((0, total)));
        job
    }

    pub fn report(&mut self, nums: &[u64], piece: Option<(u64, u64)>) -> Rest {
        let nums = Ranges::of(nums.iter().copied());
        let report = Report {
            session: 1,
            output: "a".to_owned(),
            job: Some("job".to_owned()),
            limit: 1 << 24,
            nums,
            piece,
            ..Report::default()
        };
        match self.hear_sink(&report) {
            ToSink::Rest(rest) => rest,
            ToSink::Refused { why } => panic!("{why}"),
        }
    }

    /// Lets time pass, in milliseconds, with signs of life of the workers `alive`: nothing is handed out
    /// within the first, and then something is within the second.
    pub fn given_after(&mut self, quiet: u64, more: u64, alive: &[u64]) -> Work {
        self.pass(quiet, alive);
        assert_eq!(self.given(), None);
        self.pass(more, alive);
        self.given().unwrap().1
    }

    /// Worker 1 asks for more, and returns what it has not run of its batch.
    pub fn give_back(&mut self, batch: Option<u64>, returned: Ranges) {
        let ready = Ready { run: 1, seq: 90, limit: 1 << 24, batch, returned, ..Ready::default() };
        self.hear(&FromWorker::Ready(ready));
    }

    pub fn hear_sink(&mut self, report: &Report) -> ToSink {
        let answer = self.schedule.hear_sink(report, ms(self.now));
        self.schedule.check_invariants();
        answer
    }

    /// Acknowledges tasks.
    pub fn done(&mut self, nums: &[u64]) -> Rest {
        self.report(nums, None)
    }

    /// Time passes, while the sink is heard, and these workers.
    pub fn pass(&mut self, time: u64, alive: &[u64]) {
        for _ in 0..time / 50 {
            self.now += 50;
            self.done(&[]);
            for run in alive {
                self.hear(&FromWorker::Alive { run: *run, seq: 0, slots: Vec::new() });
            }
            self.schedule.tick(ms(self.now));
            self.schedule.check_invariants();
        }
    }

    /// Time passes, and nobody is heard.
    pub fn silence(&mut self, time: u64) {
        let end = self.now + time;
        while self.now < end {
            self.now = end.min(self.now + 50);
            self.schedule.tick(ms(self.now));
            self.schedule.check_invariants();
        }
    }

    pub fn hear(&mut self, message: &FromWorker) -> Option<ToWorker> {
        let answer = self.schedule.hear_worker(message, ms(self.now));
        self.schedule.check_invariants();
        answer
    }

    /// A worker asks, after its last batch.
    pub fn ask(&mut self, run: u64, batch: Option<u64>, failed: &[u64]) -> Option<ToWorker> {
        self.seq += 1;
        let failure = |num: &u64| Failure {
            num: *num,
            why: "no".to_owned(),
            is_final: false,
            attempt: protocol::line::Attempt::default(),
        };
        let ready = Ready {
            run,
            seq: self.seq,
            worker_id: run,
            limit: 1 << 24,
            batch,
            busy: self.busy,
            failed: failed.iter().map(failure).collect(),
            ..Ready::default()
        };
        self.hear(&FromWorker::Ready(ready))
    }

    /// What the next worker is given.
    pub fn given(&mut self) -> Option<(u64, Work)> {
        let given = self.schedule.hand_out(&|_| 10, ms(self.now));
        self.schedule.check_invariants();
        given.map(|given| (given.slot.run, given.work))
    }

    /// A worker asks, and is given these.
    pub fn work(&mut self, run: u64, batch: Option<u64>, failed: &[u64]) -> Option<Work> {
        self.ask(run, batch, failed);
        let (to, work) = self.given()?;
        assert_eq!(to, run);
        Some(work)
    }

    /// A worker says what its slot does. Returns whether that is known.
    pub fn alive(&mut self, run: u64, work: &Work, running: Option<u64>, nums: bool) -> bool {
        let nums = nums.then(|| work.nums.clone());
        let state = SlotState { slot: 0, batch: Some(work.batch), running, nums };
        match self.hear(&FromWorker::Alive { run, seq: 0, slots: vec![state] }) {
            Some(ToWorker::Alive { unknown, .. }) => unknown.is_empty(),
            other => panic!("{other:?}"),
        }
    }
}

pub fn nums(work: &Work) -> Vec<u64> {
    work.nums.numbers().collect()
}

/// A worker is known to be quick: it is given these many tasks at a time.
pub fn quick(job: &mut Job, run: u64, size: usize) -> Work {
    let mut work = job.work(run, None, &[]).unwrap();
    while nums(&work).len() < size {
        job.done(&nums(&work));
        work = job.work(run, Some(work.batch), &[]).unwrap();
    }
    work
}
