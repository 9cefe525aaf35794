//! What a seed stands for: a job, its surroundings, and what goes wrong when.

use std::fmt;
use std::time::Duration;

use protocol::schedule::Policy;

use crate::random::Random;

/// A whole run, but for the chances on the way.
#[derive(Clone)]
pub struct Plan {
    pub seed: u64,
    pub total: u64,
    pub slots: Vec<u32>,
    pub policy: Policy,
    /// How long a message takes at most, in milliseconds.
    pub latency: u64,
    /// How long a task takes at most, in milliseconds.
    pub work: u64,
    /// How many of a hundred attempts fail by chance.
    pub flaky: u64,
    /// Always fails; always kills its worker; is larger than its worker's limit.
    pub failing: Option<u64>,
    pub deadly: Option<u64>,
    pub huge: Option<u64>,
    /// On this worker's host every command fails.
    pub bad_host: Option<usize>,
    pub faults: Vec<(Duration, Fault)>,
}

/// What goes wrong. `u64`s choose among what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    KillDispatcher,
    KillWorker(u64),
    KillSink,
    /// SIGTERM.
    StopWorker(u64),
    PauseDispatcher(u64),
    PauseWorker(u64, u64),
    PauseSink(u64),
    /// A connection breaks. What is under way is lost, or arrives late, or twice.
    Break(u64),
    /// As before, and it is not made again for milliseconds.
    Cut(u64, u64),
    /// The sink is away for everybody.
    CutSink(u64),
    /// The disk is full for milliseconds.
    FillDisk(u64),
    /// The sink's host loses power: what is not synced is torn.
    PowerLoss,
    /// A second dispatcher is started in the place of the first, which lives on for milliseconds.
    SecondDispatcher(u64),
    /// A second sink is started on the same file.
    SecondSink,
    /// A second sink is started on another file.
    OtherSink,
}

impl Fault {
    pub fn kind(self) -> String {
        let name = format!("{self:?}");
        name.split('(').next().unwrap().to_owned()
    }

    fn random(random: &mut Random) -> Self {
        let pause = match random.below(4) {
            0 => random.between(3_000, 12_000),
            _ => random.between(1, 1_000),
        };
        match random.below(32) {
            0..3 => Self::KillDispatcher,
            3..7 => Self::KillWorker(random.next()),
            7..10 => Self::KillSink,
            10..12 => Self::StopWorker(random.next()),
            12..14 => Self::PauseDispatcher(pause),
            14..17 => Self::PauseWorker(random.next(), pause),
            17..19 => Self::PauseSink(pause),
            19..23 => Self::Break(random.next()),
            23..25 => Self::Cut(random.next(), pause),
            25 => Self::CutSink(pause),
            26 => Self::FillDisk(pause),
            27..29 => Self::PowerLoss,
            29 => Self::SecondDispatcher(pause),
            30 => Self::SecondSink,
            _ => Self::OtherSink,
        }
    }
}

impl Plan {
    pub fn new(seed: u64, faults: u64) -> Self {
        let mut random = Random(seed);
        let total = random.choose(&[0, 1, 2, 7, 30, 60, 150]);
        let slots: Vec<u32> =
            (0..random.between(1, 4)).map(|_| random.choose(&[1, 1, 2, 5])).collect();
        let some =
            |random: &mut Random, percent| random.chance(percent).then(|| random.below(total));
        let (failing, deadly) = (some(&mut random, 20), some(&mut random, 10));
        let policy = Policy {
            attempts: random.choose(&[1, 2, 5]) + if failing.is_some() { 0 } else { 20 },
            crash_limit: random.choose(&[2, 3, 10]),
            retry_delay: Duration::from_millis(random.choose(&[0, 10, 250])),
            lease: Duration::from_millis(random.choose(&[1_500, 3_000])),
            max_failures: None,
            backup: random.chance(80),
            limit: random.choose(&[1 << 10, 1 << 24]),
        };
        let mean = random.choose(&[20, 100, 300]);
        let mut at = Duration::ZERO;
        let faults = (0..faults).map(|_| {
            at += random.up_to_ms(2 * mean);
            (at, Fault::random(&mut random))
        });
        let faults = faults.collect();
        Self {
            seed,
            total,
            policy,
            latency: random.choose(&[0, 1, 1, 20, 600]),
            work: random.choose(&[0, 1, 20, 20, 500, 4_000]),
            flaky: if failing.is_some() { 0 } else { random.choose(&[0, 0, 5]) },
            failing,
            deadly,
            huge: some(&mut random, 5),
            bad_host: (slots.len() > 1 && random.chance(10)).then_some(0),
            faults,
            slots,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, total, slots, latency, work, policy, .. } = self;
        writeln!(
            f,
            "seed {seed}: {total} tasks of up to {work} ms, workers with {slots:?} slots,"
        )?;
        writeln!(f, "messages take up to {latency} ms, {policy:?},")?;
        let Self { flaky, failing, deadly, huge, bad_host, .. } = self;
        writeln!(
            f,
            "{flaky} % of attempts fail, failing {failing:?}, deadly {deadly:?}, huge {huge:?}, bad host {bad_host:?}"
        )?;
        for (at, fault) in &self.faults {
            writeln!(f, "{:9.3} s  {fault:?}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
