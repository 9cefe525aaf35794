//! What is late: batches that do not arrive, stragglers, results that are lost.

use std::collections::BTreeSet;

use protocol::message::{FromWorker, Ready, SlotState, ToWorker};
use protocol::schedule::Policy;

use crate::job::{Job, POLICY, ms, nums, quick};

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
    // A large one takes longer: 125,000 bytes a second at 1 Mbit/s.
    let mut job = Job::new(1, POLICY);
    job.ask(1, None, &[]);
    assert!(job.schedule.hand_out(&|_| 125_000, ms(0)).is_some());
    job.now += 2_000;
    assert_eq!(job.ask(1, None, &[]), None);
    job.now += 1;
    assert!(job.ask(1, None, &[]).is_some());
}

#[test]
fn stragglers_are_backed_up_also_when_nobody_has_finished_anything() {
    let mut job = Job::new(1, Policy { lease: ms(60_000), ..POLICY });
    job.work(1, None, &[]).unwrap();
    job.ask(2, None, &[]);
    assert_eq!(nums(&job.given_after(3_000, 300, &[1, 2])), [0]);
    job.ask(3, None, &[]);
    assert_eq!(job.given(), None, "once");
    job.pass(3_250, &[1, 2, 3]);
    assert_eq!(job.given(), None, "later than the first time");
    job.pass(450, &[1, 2, 3]);
    assert!(job.given().is_some(), "and a copy of the copy");
    let mut job = Job::new(1, Policy { lease: ms(60_000), backup: false, ..POLICY });
    job.work(1, None, &[]).unwrap();
    job.ask(2, None, &[]);
    job.pass(10_000, &[1, 2]);
    assert_eq!(job.given(), None);
}

/// It has said that it is there, and has not named the batch.
#[test]
fn a_batch_that_does_not_arrive_goes_to_another_worker() {
    let mut job = Job::new(1, Policy { backup: false, ..POLICY });
    job.work(1, None, &[]).unwrap();
    let has_none = |job: &mut Job, after| {
        job.pass(after, &[]);
        let slots = vec![SlotState { slot: 0, batch: None, running: None, nums: None }];
        match job.hear(&FromWorker::Alive { run: 1, seq: 1, slots }) {
            Some(ToWorker::Alive { unknown, .. }) => unknown,
            other => panic!("{other:?}"),
        }
    };
    assert!(has_none(&mut job, 2_000).is_empty(), "it may be on its way");
    job.ask(2, None, &[]);
    assert_eq!(job.given(), None);
    assert_eq!(has_none(&mut job, 50), [0]);
    assert_eq!(job.given().map(|(run, work)| (run, nums(&work))), Some((2, vec![0])));
}

#[test]
fn a_copy_has_the_tasks_that_are_not_done_and_fits_the_worker_that_gets_it() {
    let policy = Policy { lease: ms(600_000), ..POLICY };
    let small = Ready { run: 2, seq: 1, limit: 1_024, ..Ready::default() };
    let copy = |tasks: u64, done: &[u64], size: u64| {
        let mut job = Job::new(3 * tasks, policy);
        let straggler = quick(&mut job, 1, usize::try_from(tasks).unwrap());
        let rest: Vec<u64> = (0..3 * tasks).filter(|num| !nums(&straggler).contains(num)).collect();
        job.done(&rest);
        let first = nums(&straggler)[0];
        job.done(&done.iter().map(|num| first + num).collect::<Vec<_>>());
        job.pass(1_000, &[]);
        job.hear(&FromWorker::Ready(small.clone()));
        let given = job.schedule.hand_out(&|_| size, ms(job.now)).unwrap();
        nums(&given.work).into_iter().map(|num| num - first).collect::<Vec<_>>()
    };
    assert_eq!(copy(4, &[0, 2], 10), [1, 3]);
    assert_eq!(copy(4, &[], 340), [0, 1]);
    assert_eq!(copy(16, &[], 10).len(), 16);
    assert_eq!(copy(64, &[], 1).len(), 16);
}

#[test]
fn results_that_are_not_acknowledged_are_lost_after_a_while() {
    let mut job = Job::new(1, Policy { backup: false, ..POLICY });
    let work = job.work(1, None, &[]).unwrap();
    job.ask(1, Some(work.batch), &[]);
    job.ask(2, None, &[]);
    assert_eq!(nums(&job.given_after(2_000, 100, &[])), [0]);
}

/// Four times as long as it takes on average, and twice that.
#[test]
fn where_acknowledgements_take_long_results_are_waited_for_longer() {
    let mut job = Job::new(2, Policy { backup: false, lease: ms(600_000), ..POLICY });
    let slow = job.work(1, None, &[]).unwrap();
    let lost = job.work(2, None, &[]).unwrap();
    job.ask(1, Some(slow.batch), &[]);
    job.pass(1_000, &[]);
    job.done(&nums(&slow));
    job.ask(2, Some(lost.batch), &[]);
    assert_eq!(nums(&job.given_after(8_000, 50, &[])), nums(&lost));
}

/// However long its tasks take: they have been run.
#[test]
fn a_batch_whose_results_cannot_be_delivered_is_backed_up_after_two_seconds() {
    let mut job = Job::new(2, Policy { lease: ms(600_000), ..POLICY });
    let first = job.work(1, None, &[]).unwrap();
    job.pass(10_000, &[]);
    job.busy = 10_000_000;
    let second = job.work(1, Some(first.batch), &[]).unwrap();
    job.done(&nums(&first));
    assert!(job.alive(1, &second, None, false));
    job.ask(2, None, &[]);
    let copy = job.given_after(2_000, 50, &[]);
    assert_eq!(nums(&copy), nums(&second));
    // Nor can those of the copy.
    assert!(job.alive(2, &copy, None, false));
    job.ask(3, None, &[]);
    assert_eq!(nums(&job.given_after(4_000, 50, &[])), nums(&second));
}

/// They could not arrive.
#[test]
fn results_are_waited_for_anew_when_a_sink_was_not_heard() {
    let mut job = Job::new(1, Policy { backup: false, lease: ms(600_000), ..POLICY });
    let work = job.work(1, None, &[]).unwrap();
    job.silence(1_500);
    job.ask(1, Some(work.batch), &[]);
    job.silence(2_400);
    assert_eq!(nums(&job.given_after(1_950, 150, &[])), [0]);
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
    assert_eq!(nums(&job.given_after(2_000, 100, &[])), [40]);
}

/// Each loss doubles the time-out; what arrives shows that the way is open.
#[test]
fn a_result_that_is_lost_again_and_again_is_not_waited_for_longer_when_others_arrive() {
    let mut job = Job::new(2, Policy { backup: false, lease: ms(600_000), ..POLICY });
    let mut lost = job.work(1, None, &[]).unwrap();
    let arrives = job.work(2, None, &[]).unwrap();
    for timeout in [2_000, 4_000, 8_000] {
        job.ask(1, Some(lost.batch), &[]);
        lost = job.given_after(timeout, 100, &[]);
    }
    job.ask(1, Some(lost.batch), &[]);
    job.pass(50, &[]);
    job.ask(2, Some(arrives.batch), &[]);
    job.pass(50, &[]);
    job.done(&nums(&arrives));
    assert_eq!(nums(&job.given_after(3_850, 150, &[])), nums(&lost));
}
