//! Dispatcher, workers and sink against a network and a disk that lose, double, delay, tear and die.
//! Whatever happens, no task is lost, doubled, given up wrongly, or stuck.
//!
//! A seed stands for a whole run. `SIMULATOR_SEEDS=10000 cargo test --release -p protocol --test
//! simulator` runs as many, `SIMULATOR_FROM=7` from this one on, and `SIMULATOR_FAULTS=100` sets how
//! many faults each has. A failing one is told with the fewest of its faults that make it fail; with
//! `SIMULATOR_TRACE=1` every event is printed, too.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod checks;
mod disk;
mod faults;
mod hears;
mod network;
mod plan;
mod random;
mod roles;
mod works;
mod world;

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use plan::Plan;
use world::World;

/// What came of a run.
#[derive(Default)]
struct Figures {
    jobs: u64,
    tasks: u64,
    steps: u64,
    time: Duration,
    faults: BTreeMap<String, u64>,
}

fn run(plan: &Plan, trace: bool) -> Result<World, String> {
    let mut world = World::new(plan.clone());
    world.trace = trace;
    let ended = panic::catch_unwind(AssertUnwindSafe(|| world.run()));
    ended.map(|()| world).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap()
    })
}

/// Leaves out what is not needed for the failure: halves first, then ever smaller parts.
fn shrink(mut plan: Plan) -> (Plan, String) {
    let mut why = String::new();
    let mut part = plan.faults.len();
    while part > 0 {
        let mut from = 0;
        while from < plan.faults.len() {
            let mut fewer = plan.clone();
            fewer.faults.drain(from..(from + part).min(plan.faults.len()));
            match run(&fewer, false) {
                Ok(_) => from += part,
                Err(error) => (plan, why) = (fewer, error),
            }
        }
        part /= 2;
    }
    if why.is_empty() {
        why = run(&plan, false).err().unwrap_or_default();
    }
    (plan, why)
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

#[test]
fn nothing_is_lost_doubled_given_up_wrongly_or_stuck() {
    let seeds = number("SIMULATOR_SEEDS", 60);
    let from = number("SIMULATOR_FROM", 1);
    let faults = number("SIMULATOR_FAULTS", 100);
    panic::set_hook(Box::new(|_| {}));
    let mut figures = Figures::default();
    for seed in from..from + seeds {
        let plan = Plan::new(seed, faults);
        match run(&plan, false) {
            Ok(world) => {
                figures.jobs += 1;
                figures.tasks += plan.total;
                figures.steps += world.steps;
                figures.time += world.now;
                for (kind, count) in world.faults {
                    *figures.faults.entry(kind).or_default() += count;
                }
            }
            Err(why) => {
                let (plan, shorter) = shrink(plan);
                if std::env::var_os("SIMULATOR_TRACE").is_some() {
                    let _ = run(&plan, true);
                }
                let _ = panic::take_hook();
                panic!("{why}\nthe shortest story: {shorter}\n{plan}");
            }
        }
    }
    let _ = panic::take_hook();
    let Figures { jobs, tasks, steps, time, faults } = figures;
    let all: u64 = faults.values().sum();
    println!("{jobs} jobs, {tasks} tasks, {all} faults, {steps} steps, {time:?} of simulated time");
    println!("faults: {faults:?}");
    println!("none lost, doubled, given up wrongly or stuck");
}
