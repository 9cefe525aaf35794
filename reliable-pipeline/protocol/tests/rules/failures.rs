//! Commands that fail: when a task is tried again, by whom, and when it is given up.

use protocol::line::Attempt;
use protocol::message::{Failure, FromWorker, Ready};
use protocol::schedule::Policy;

use crate::job::{Job, POLICY, ms, nums};

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
    job.pass(50, &[]);
    let (to, one) = job.given().unwrap();
    assert_eq!((to, nums(&one).len()), (1, 1));
    let more = job.work(1, Some(one.batch), &[]).unwrap();
    assert_eq!(nums(&more).len(), 4, "as any other, once a task is done");
}

#[test]
fn a_worker_whose_tasks_fail_when_nobody_elses_succeed_is_not_made_to_wait() {
    let mut job = Job::new(1_000, POLICY);
    let good = job.work(2, None, &[]).unwrap();
    job.ask(2, Some(good.batch), &[]);
    job.given().unwrap();
    let mut bad = job.work(1, None, &[]).unwrap();
    for _ in 0..4 {
        bad = job.work(1, Some(bad.batch), &nums(&bad)).unwrap();
    }
}

#[test]
fn a_worker_that_alone_fails_runs_one_task_in_all_of_its_slots() {
    let mut job = Job::new(1_000, POLICY);
    let good = job.work(2, None, &[]).unwrap();
    let mut bad = job.work(1, None, &[]).unwrap();
    for _ in 0..2 {
        bad = job.work(1, Some(bad.batch), &nums(&bad)).unwrap();
    }
    job.ask(2, Some(good.batch), &[]);
    job.given().unwrap();
    job.ask(1, Some(bad.batch), &nums(&bad));
    let other = Ready { run: 1, slot: 1, seq: 99, limit: 1 << 24, ..Ready::default() };
    job.hear(&FromWorker::Ready(other));
    job.pass(250, &[1, 2]);
    assert_eq!(job.given().map(|(run, work)| (run, nums(&work).len())), Some((1, 1)));
    job.pass(1_000, &[1, 2]);
    assert_eq!(job.given(), None);
}

#[test]
fn a_task_waits_half_a_minute_for_another_worker_and_keeps_none_behind_it_back() {
    let policy = Policy { backup: false, lease: ms(600_000), ..POLICY };
    let mut job = Job::new(2, policy);
    let (one, other) = (job.work(1, None, &[]).unwrap(), job.work(2, None, &[]).unwrap());
    job.ask(1, Some(one.batch), &[0]);
    job.ask(2, Some(other.batch), &[1]);
    job.pass(250, &[]);
    assert_eq!(job.given().map(|(run, work)| (run, nums(&work))), Some((1, vec![1])));

    let mut job = Job::new(2, policy);
    let (one, _) = (job.work(1, None, &[]).unwrap(), job.work(2, None, &[]).unwrap());
    job.ask(1, Some(one.batch), &[0]);
    assert_eq!(nums(&job.given_after(30_200, 50, &[])), [0]);
}

/// The first in the queue is kept for another worker, the second is to wait.
#[test]
fn a_task_that_waits_behind_another_is_not_handed_out_early() {
    let mut job = Job::new(3, Policy { backup: false, ..POLICY });
    let one = job.work(1, None, &[]).unwrap();
    job.work(2, None, &[]).unwrap();
    let other = job.work(3, None, &[]).unwrap();
    job.ask(1, Some(one.batch), &[0]);
    job.pass(200, &[1, 2, 3]);
    job.ask(3, Some(other.batch), &[2]);
    job.hear(&FromWorker::Bye { run: 3 });
    assert_eq!(nums(&job.given_after(200, 50, &[1, 2])), [2]);
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
    assert!(!job.done(&given_up).over && !job.schedule.is_over());
    assert!(job.schedule.has_ended());
    assert_eq!(job.schedule.dismiss().unwrap().run, 1);
    assert!(job.done(&[]).over && job.schedule.is_over());
}
