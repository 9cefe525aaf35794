//! The rules that are more than that nothing is lost: who is given what, and when.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod job;
mod session;
mod sink;
mod workers;

use std::collections::BTreeSet;

use job::{Job, POLICY, ms, nums};
use protocol::line::Attempt;
use protocol::message::{Failure, FromWorker, Ready, ToWorker, Work};
use protocol::schedule::{Policy, Slot};

#[test]
fn batches_grow_with_the_pace_and_shrink_at_the_tail() {
    let mut job = Job::new(10_000, POLICY);
    let (mut batch, mut sizes) = (None, Vec::new());
    while let Some(work) = {
        let ready = protocol::message::Ready {
            run: 1,
            seq: sizes.len() as u64 + 1,
            limit: 1 << 24,
            batch,
            // 1 ms per task.
            busy: sizes.last().map_or(0, |size| *size as u64 * 1000),
            ..Default::default()
        };
        job.hear(&FromWorker::Ready(ready));
        job.given().map(|(_, work)| work)
    } {
        sizes.push(nums(&work).len());
        batch = Some(work.batch);
        job.done(&nums(&work));
        job.now += nums(&work).len() as u64;
    }
    assert_eq!(sizes[..4], [1, 4, 16, 50]);
    assert_eq!((sizes.iter().max(), sizes.last()), (Some(&50), Some(&1)));
    assert_eq!(sizes.iter().sum::<usize>(), 10_000);
    assert_eq!(job.schedule.handed_out(), 10_000);
}

#[test]
fn a_failed_task_waits_ever_longer_and_goes_to_another_worker() {
    let mut job = Job::new(1, Policy { attempts: 4, ..POLICY });
    job.ask(2, None, &[]);
    job.given().unwrap();
    job.hear(&FromWorker::Bye { run: 2 });
    let first = job.work(1, None, &[]).unwrap();
    assert_eq!(first.failures, []);
    job.ask(1, Some(first.batch), &[0]);
    job.ask(2, None, &[]);
    assert_eq!(job.given(), None);
    job.pass(200, &[]);
    assert_eq!(job.given(), None, "it waits for 250 ms");
    job.pass(50, &[]);
    let (to, second) = job.given().unwrap();
    assert_eq!((to, &second.failures[..], second.watched), (2, &[(0, 1)][..], false));
    job.ask(2, Some(second.batch), &[0]);
    job.pass(450, &[]);
    assert_eq!(job.given(), None, "it waits for 500 ms");
    job.pass(50, &[]);
    let (to, third) = job.given().unwrap();
    assert_eq!((to, &third.failures[..]), (1, &[(0, 2)][..]));
}

#[test]
fn a_task_is_given_up_after_its_attempts_and_not_before() {
    let mut job = Job::new(1, POLICY);
    let mut batch = None;
    for _ in 0..3 {
        assert_eq!(job.done(&[]).given_up, []);
        batch = Some(job.work(1, batch, if batch.is_some() { &[0] } else { &[] }).unwrap().batch);
        job.pass(1_000, &[]);
        job.ask(1, batch, &[0]);
        job.pass(1_000, &[]);
        batch = None;
    }
    let rest = job.done(&[]);
    assert_eq!(rest.given_up.len(), 1);
    assert_eq!(rest.given_up[0].failed, "no (attempt 3)");
    assert_eq!((rest.remaining, job.done(&[0]).remaining), (1, 0));
}

#[test]
fn what_a_failed_command_wrote_is_kept_and_cut() {
    let mut job = Job::new(1, Policy { attempts: 1, ..POLICY });
    let work = job.work(1, None, &[]).unwrap();
    let (stdout, stderr) = (Some("o".repeat(9_000)), Some("e".repeat(9_000)));
    let attempt = Attempt { stdout, stderr, exit: Some(3), ..Attempt::default() };
    let failure = Failure { num: 0, why: "w".repeat(9_000), is_final: false, attempt };
    let (batch, failed) = (Some(work.batch), vec![failure]);
    let ready = Ready { run: 1, seq: 99, limit: 1 << 24, batch, failed, ..Ready::default() };
    job.hear(&FromWorker::Ready(ready));
    let given_up = job.done(&[]).given_up.remove(0);
    let (stdout, stderr) = (given_up.attempt.stdout.unwrap(), given_up.attempt.stderr.unwrap());
    assert!(stdout.starts_with("ooo") && stderr.ends_with("eee"));
    assert_eq!((stdout.len(), stderr.len(), given_up.attempt.exit), (4_096, 4_096, Some(3)));
    assert!(given_up.failed.len() <= 1_024 && given_up.failed.ends_with("… (attempt 1)"));
}

#[test]
fn a_worker_that_alone_fails_is_given_one_task_at_a_time_and_made_to_wait() {
    let mut job = Job::new(1_000, POLICY);
    let mut good = job.work(2, None, &[]).unwrap();
    let mut bad = job.work(1, None, &[]).unwrap();
    for _ in 0..2 {
        bad = job.work(1, Some(bad.batch), &nums(&bad)).unwrap();
    }
    good = job.work(2, Some(good.batch), &[]).unwrap();
    job.ask(1, Some(bad.batch), &nums(&bad));
    assert_eq!(job.given(), None, "it has to wait");
    job.pass(250, &[]);
    let (to, one) = job.given().unwrap();
    assert_eq!((to, nums(&one).len()), (1, 1));
    job.ask(1, Some(one.batch), &nums(&one));
    job.pass(450, &[]);
    assert_eq!(job.given(), None, "and longer");
    assert!(job.work(2, Some(good.batch), &[]).is_some(), "the others go on");
}

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

/// A worker is known to be quick: it is given these many tasks at a time.
fn quick(job: &mut Job, run: u64, size: usize) -> Work {
    let mut work = job.work(run, None, &[]).unwrap();
    while nums(&work).len() < size {
        job.done(&nums(&work));
        work = job.work(run, Some(work.batch), &[]).unwrap();
    }
    work
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
    job.pass(2_900, &[]);
    assert_eq!(job.schedule.workers(), 1);
    job.pass(200, &[]);
    assert_eq!(job.schedule.workers(), 0);
}

#[test]
fn a_batch_is_sent_again_when_it_is_late_and_not_before() {
    let mut job = Job::new(1, POLICY);
    let work = job.work(1, None, &[]).unwrap();
    job.now += 900;
    assert_eq!(job.ask(1, None, &[]), None);
    job.now += 200;
    let Some(ToWorker::Work(again)) = job.ask(1, None, &[]) else { panic!("not sent again") };
    assert_eq!((again.batch, again.nums), (work.batch, work.nums));
    job.now += 1_900;
    assert_eq!(job.ask(1, None, &[]), None, "the second time later");
}

#[test]
fn stragglers_are_backed_up_also_when_nobody_has_finished_anything() {
    let mut job = Job::new(1, Policy { lease: ms(60_000), ..POLICY });
    job.work(1, None, &[]).unwrap();
    job.ask(2, None, &[]);
    job.pass(3_000, &[1, 2]);
    assert_eq!(job.given(), None);
    job.pass(300, &[1, 2]);
    assert_eq!(nums(&job.given().unwrap().1), [0]);
    job.ask(3, None, &[]);
    assert_eq!(job.given(), None, "once");
    job.pass(3_700, &[1, 2, 3]);
    assert!(job.given().is_some(), "and a copy of the copy");
    let mut job = Job::new(1, Policy { lease: ms(60_000), backup: false, ..POLICY });
    job.work(1, None, &[]).unwrap();
    job.ask(2, None, &[]);
    job.pass(10_000, &[1, 2]);
    assert_eq!(job.given(), None);
}

#[test]
fn results_that_are_not_acknowledged_are_lost_after_a_while() {
    let mut job = Job::new(1, Policy { backup: false, ..POLICY });
    let work = job.work(1, None, &[]).unwrap();
    job.ask(1, Some(work.batch), &[]);
    job.ask(2, None, &[]);
    job.pass(2_000, &[]);
    assert_eq!(job.given(), None);
    job.pass(100, &[]);
    assert_eq!(nums(&job.given().unwrap().1), [0]);
}

#[test]
fn a_job_ends_early_after_too_many_failures() {
    let policy = Policy { attempts: 1, max_failures: Some(2), ..POLICY };
    let mut job = Job::new(10, policy);
    let mut work = job.work(1, None, &[]).unwrap();
    assert!(!job.schedule.gave_up_early());
    work = job.work(1, Some(work.batch), &nums(&work)).unwrap();
    job.ask(1, Some(work.batch), &nums(&work));
    assert!(job.schedule.gave_up_early());
    assert_eq!(job.given(), None);
    let given_up: Vec<u64> = job.done(&[]).given_up.iter().map(|task| task.num).collect();
    assert!(!job.done(&given_up).over);
    assert!(job.schedule.has_ended());
    assert_eq!(job.schedule.dismiss().unwrap().run, 1);
    assert!(job.done(&[]).over && job.schedule.is_over());
}

#[test]
fn results_that_are_lost_together_are_all_handed_out_again_at_once() {
    let mut job = Job::new(8, Policy { backup: false, lease: ms(600_000), ..POLICY });
    let works: Vec<_> = (0..8).map(|run| (run, job.work(run, None, &[]).unwrap().batch)).collect();
    for (run, batch) in works {
        job.ask(run, Some(batch), &[]);
    }
    job.pass(2_000, &[]);
    assert_eq!(job.given(), None);
    job.pass(100, &[]);
    let again: BTreeSet<u64> = (0..8).flat_map(|_| nums(&job.given().unwrap().1)).collect();
    assert!(again.into_iter().eq(0..8));
}

#[test]
fn lost_results_are_backed_up_when_later_ones_arrive_and_make_no_other_wait_longer() {
    let mut job = Job::new(41, Policy { lease: ms(600_000), ..POLICY });
    let batches: Vec<_> = (0..41).map(|run| job.work(run, None, &[]).unwrap().batch).collect();
    job.busy = 1_000_000;
    job.pass(1_000, &[]);
    for (run, batch) in (0..20).zip(&batches) {
        job.ask(run, Some(*batch), &[]);
    }
    job.pass(900, &[]);
    let backup = |job: &mut Job| (0..50).filter_map(|_| job.given()).collect::<Vec<_>>();
    assert_eq!(backup(&mut job), [], "nothing arrives");
    for (run, batch) in (20..40).zip(&batches[20..]) {
        job.ask(run, Some(*batch), &[]);
    }
    job.pass(50, &[]);
    job.done(&(20..40).collect::<Vec<_>>());
    job.pass(900, &[]);
    let copies = backup(&mut job);
    assert!(copies.iter().flat_map(|(_, work)| nums(work)).eq(0..20));
    for (run, copy) in copies {
        job.ask(run, Some(copy.batch), &[]);
    }
    job.done(&(0..20).collect::<Vec<_>>());
    // What it took until the copies were done says nothing of how long results are on their way.
    job.ask(40, Some(batches[40]), &[]);
    job.pass(2_000, &[]);
    assert_eq!(job.given(), None);
    job.pass(100, &[]);
    assert_eq!(nums(&job.given().unwrap().1), [40]);
}

/// Each loss doubles the time-out; what arrives shows that the way is open.
#[test]
fn a_result_that_is_lost_again_and_again_is_not_waited_for_longer_when_others_arrive() {
    let mut job = Job::new(2, Policy { backup: false, lease: ms(600_000), ..POLICY });
    let mut lost = job.work(1, None, &[]).unwrap();
    let arrives = job.work(2, None, &[]).unwrap();
    for timeout in [2_000, 4_000, 8_000] {
        job.ask(1, Some(lost.batch), &[]);
        job.pass(timeout, &[]);
        assert_eq!(job.given(), None);
        job.pass(100, &[]);
        lost = job.given().unwrap().1;
    }
    job.ask(1, Some(lost.batch), &[]);
    job.pass(50, &[]);
    job.ask(2, Some(arrives.batch), &[]);
    job.pass(50, &[]);
    job.done(&nums(&arrives));
    job.pass(3_850, &[]);
    assert_eq!(job.given(), None);
    job.pass(150, &[]);
    assert_eq!(nums(&job.given().unwrap().1), nums(&lost));
}
