//! Workers that die, and what becomes of the tasks that they had.

use std::collections::BTreeSet;

use protocol::message::{FromWorker, SlotState, ToWorker};
use protocol::ranges::Ranges;
use protocol::schedule::{Policy, Slot};

use crate::job::{Job, POLICY, ms, nums, quick};

#[test]
fn a_worker_that_is_not_known_is_given_one_task_of_a_dead_workers_batch() {
    let mut job = Job::new(8, Policy { backup: false, ..POLICY });
    let mut batch = job.work(1, None, &[]).unwrap();
    job.done(&nums(&batch));
    batch = job.work(1, Some(batch.batch), &[]).unwrap();
    assert_eq!(nums(&batch), [1, 2, 3, 4]);
    job.pass(3_100, &[]);
    let parts: Vec<_> = (2..5).map(|run| nums(&job.work(run, None, &[]).unwrap())).collect();
    assert_eq!(parts, [vec![1], vec![2], vec![3]]);
}

/// Not one by one: 256 tasks take two messages, not 256.
#[test]
fn the_batch_of_a_killed_worker_comes_back_in_halves() {
    let mut job = Job::new(2_000, Policy { backup: false, ..POLICY });
    let (mut work, dead) = (quick(&mut job, 1, 256), quick(&mut job, 2, 256));
    assert_eq!(nums(&dead).len(), 256);
    for _ in 0..4 {
        job.pass(800, &[]);
        job.alive(1, &work, Some(nums(&work)[0]), false);
    }
    let (mut left, mut parts) = (nums(&dead).into_iter().collect::<BTreeSet<_>>(), Vec::new());
    while !left.is_empty() {
        job.done(&nums(&work));
        work = job.work(1, Some(work.batch), &[]).unwrap();
        let part = nums(&work).into_iter().filter(|num| left.remove(num)).count();
        parts.push(part);
    }
    assert_eq!(parts, [128, 128]);
}

/// Eight deaths find one of 256. The others are done meanwhile.
#[test]
fn a_task_that_kills_its_workers_is_found_by_halving() {
    let mut job = Job::new(2_000, Policy { backup: false, crash_limit: 2, ..POLICY });
    let dead = quick(&mut job, 1, 256);
    let deadly = nums(&dead)[100];
    job.pass(3_100, &[]);
    let mut deaths = 1;
    for run in 2.. {
        if job.done(&[]).given_up.iter().any(|task| task.num == deadly) {
            break;
        }
        let mut work = quick(&mut job, run, 1);
        while !nums(&work).contains(&deadly) {
            job.done(&nums(&work));
            match job.work(run, Some(work.batch), &[]) {
                Some(next) => work = next,
                // It is to be tried again later.
                None => job.pass(500, &[run]),
            }
        }
        let running = work.watched.then_some(deadly);
        job.alive(run, &work, running.or(Some(nums(&work)[0])), false);
        deaths += 1;
        job.pass(3_100, &[]);
    }
    assert!(deaths <= 8 + 3, "{deaths} deaths");
}

#[test]
fn only_deaths_with_the_task_in_hand_count_and_a_worker_that_is_back_takes_its_own_back() {
    let mut job = Job::new(1, Policy { backup: false, ..POLICY });
    // It has not said that it has it: nothing counts, but the next one is watched.
    let first = job.work(1, None, &[]).unwrap();
    assert!(!first.watched);
    job.pass(3_100, &[]);
    let second = job.work(2, None, &[]).unwrap();
    assert!(second.watched);
    assert!(job.alive(2, &second, Some(0), false));
    job.pass(3_500, &[]);
    // It was only away.
    assert!(!job.alive(2, &second, Some(0), false), "it is asked what it has");
    assert!(job.alive(2, &second, Some(0), true));
    job.ask(3, None, &[]);
    assert_eq!(job.given(), None, "nobody else is given it");
    job.pass(3_500, &[]);
    assert_eq!(job.done(&[]).given_up, []);
    let third = job.work(3, None, &[]).unwrap();
    assert!(job.alive(3, &third, Some(0), false));
    job.pass(3_500, &[]);
    assert_eq!(job.done(&[]).given_up[0].failed, "its worker died (2 times)");
}

#[test]
fn a_worker_that_ends_returns_its_tasks_at_once() {
    let mut job = Job::new(1, POLICY);
    job.work(1, None, &[]).unwrap();
    assert!(job.schedule.knows(Slot { run: 1, slot: 0 }) && job.schedule.slots() == 1);
    assert_eq!(job.hear(&FromWorker::Bye { run: 1 }), Some(ToWorker::Bye));
    let slot = Slot { run: 1, slot: 0 };
    assert_eq!(
        (job.schedule.workers(), job.schedule.slots(), job.schedule.knows(slot)),
        (0, 0, false)
    );
    assert_eq!(nums(&job.work(2, None, &[]).unwrap()), [0]);
}

#[test]
fn a_dispatcher_that_was_paused_takes_nobody_for_dead() {
    let mut job = Job::new(1, Policy { backup: false, ..POLICY });
    let work = job.work(1, None, &[]).unwrap();
    job.pass(100, &[]);
    job.now += 60_000;
    job.schedule.tick(ms(job.now));
    assert_eq!(job.schedule.workers(), 1);
    assert!(job.alive(1, &work, Some(0), false));
    job.pass(3_000, &[]);
    assert_eq!(job.schedule.workers(), 1);
    job.pass(50, &[]);
    assert_eq!(job.schedule.workers(), 0);
}

/// A second between two ticks is no pause.
#[test]
fn a_busy_dispatcher_notices_the_dead_all_the_same() {
    let mut job = Job::new(1, POLICY);
    job.work(1, None, &[]).unwrap();
    for _ in 0..4 {
        assert_eq!(job.schedule.workers(), 1);
        job.now += 1_000;
        job.schedule.tick(ms(job.now));
    }
    assert_eq!(job.schedule.workers(), 0);
}

/// A worker that this dispatcher did not know says what it has.
#[test]
fn a_worker_that_turns_up_takes_no_other_ones_death_back() {
    let mut job = Job::new(2, Policy { backup: false, crash_limit: 2, ..POLICY });
    let first = job.work(1, None, &[]).unwrap();
    assert!(job.alive(1, &first, Some(0), false));
    job.pass(3_500, &[]);
    let nums = Some(Ranges::of([1]));
    let state = SlotState { slot: 0, batch: Some(7), running: Some(1), nums };
    job.hear(&FromWorker::Alive { run: 2, seq: 1, slots: vec![state] });
    let second = job.work(3, None, &[]).unwrap();
    assert!(job.alive(3, &second, Some(0), false));
    job.pass(3_500, &[]);
    assert_eq!(job.done(&[]).given_up[0].failed, "its worker died (2 times)");
}

#[test]
fn each_task_that_a_worker_ran_when_it_died_counts() {
    let mut job = Job::new(2, Policy { backup: false, crash_limit: 1, ..POLICY });
    let state = |num| SlotState {
        slot: u32::try_from(num).unwrap(),
        batch: Some(num),
        running: Some(num),
        nums: Some(Ranges::of([num])),
    };
    job.hear(&FromWorker::Alive { run: 1, seq: 1, slots: vec![state(0), state(1)] });
    job.pass(3_500, &[]);
    let given_up: Vec<_> = job.done(&[]).given_up.into_iter().map(|task| task.num).collect();
    assert_eq!(given_up, [0, 1]);
}
