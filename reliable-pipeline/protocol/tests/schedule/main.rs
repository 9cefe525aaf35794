//! Whatever happens in whatever order, each task ends up done or given up, and nothing is handed
//! out for nothing. proptest, and not a model checker: the order of events is what can go wrong,
//! and many random ones that shrink to the shortest find it, on the real type.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::ranges::ranges;
use protocol::schedule::Schedule;
use world::{POLICY, World, event};

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
            if let Some(batch) = schedule.next_batch(fresh, world.now) {
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
            world.schedule.tick(world.now);
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
        let Some(batch) = schedule.next_batch(1, now) else { break };
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
