//! What is believed of what workers say, and what is kept of them.

use protocol::failures::Failures;
use protocol::line::Attempt;
use protocol::message::{Failure, FromWorker, Ready, SlotState, ToWorker};
use protocol::ranges::Ranges;
use protocol::schedule::{Policy, Schedule};

use crate::job::{Job, POLICY, ms, nums};

fn failure(num: u64, why: &str) -> Failure {
    Failure { num, why: why.to_owned(), is_final: false, attempt: Attempt::default() }
}

fn refused(answer: Option<ToWorker>) -> Option<String> {
    match answer {
        Some(ToWorker::Refused { why }) => Some(why),
        _ => None,
    }
}

/// A job, and a worker that has four of its tasks.
fn with_four() -> (Job, protocol::message::Work) {
    let mut job = Job::new(20, Policy { backup: false, lease: ms(600_000), ..POLICY });
    let first = job.work(1, None, &[]).unwrap();
    let work = job.work(1, Some(first.batch), &[]).unwrap();
    job.done(&nums(&first));
    assert_eq!(nums(&work), [1, 2, 3, 4]);
    (job, work)
}

#[test]
fn tasks_that_a_worker_returns_are_handed_out_at_once_and_once() {
    let (mut job, work) = with_four();
    let returned = Ranges::of([2, 3]);
    let batch = Some(work.batch);
    job.give_back(batch, returned);
    let again = job.given().unwrap().1;
    assert_eq!(nums(&again)[..2], [2, 3]);
    job.done(&[1, 4]);
    job.pass(30_000, &[]);
    let later = job.work(2, None, &[]).unwrap();
    assert!(!nums(&later).iter().any(|num| nums(&again).contains(num)), "{later:?}");
}

#[test]
fn a_worker_that_returns_all_tasks_has_shown_no_pace() {
    let mut job = Job::new(20, POLICY);
    let work = job.work(1, None, &[]).unwrap();
    let (batch, returned) = (Some(work.batch), work.nums);
    job.give_back(batch, returned);
    assert_eq!(nums(&job.given().unwrap().1), [0]);
}

#[test]
fn a_worker_speaks_for_its_own_tasks_alone() {
    let mut job = Job::new(3, Policy { attempts: 1, lease: ms(600_000), ..POLICY });
    let (one, other) = (job.work(1, None, &[]).unwrap(), job.work(2, None, &[]).unwrap());
    // Neither do the others' tasks fail by its word, nor such as it returns.
    let ready = Ready {
        run: 1,
        seq: 90,
        limit: 1 << 24,
        batch: Some(one.batch),
        failed: vec![failure(1, "forged"), failure(0, "returned")],
        returned: Ranges::of([0]),
        ..Ready::default()
    };
    job.hear(&FromWorker::Ready(ready));
    assert_eq!(job.done(&[]).given_up, []);
    // Nor is it believed that it has another one's batch, or tasks that do not exist.
    assert!(job.alive(3, &other, Some(1), true));
    let state = SlotState { slot: 0, batch: Some(7), running: None, nums: Some(Ranges::of([3])) };
    job.hear(&FromWorker::Alive { run: 4, seq: 1, slots: vec![state] });
    job.pass(60_000, &[]);
    job.ask(5, None, &[]);
    let rest: Vec<u64> =
        std::iter::from_fn(|| job.given()).flat_map(|(_, work)| nums(&work)).collect();
    assert!(rest.iter().all(|num| *num < 3), "{rest:?}");
}

#[test]
fn a_request_that_was_held_up_is_ignored() {
    let mut job = Job::new(1, POLICY);
    job.ask(1, None, &[]);
    job.ask(1, None, &[]);
    assert_eq!(job.given().unwrap().1.seq, 2, "the latest is answered");
    job.now += 2_000;
    let old = Ready { run: 1, seq: 1, limit: 1 << 24, ..Ready::default() };
    assert_eq!(job.hear(&FromWorker::Ready(old)), None);
}

#[test]
fn a_worker_that_cannot_take_part_is_refused_by_name() {
    let mut job = Job::new(1, POLICY);
    let mut ready = |slot, limit| {
        let ready = Ready { run: 1, seq: 1, slot, limit, ..Ready::default() };
        refused(job.hear(&FromWorker::Ready(ready)))
    };
    assert_eq!(ready(0, 1_023).unwrap(), "--max-message-size is below 1024");
    assert_eq!(ready(0, 1_024), None);
    assert_eq!(ready(4_095, 2_000), None);
    assert_eq!(ready(4_096, 2_000).unwrap(), "it has more than 4096 slots");
}

#[test]
fn there_is_room_for_65536_slots_and_no_more() {
    let mut schedule = Schedule::new("job".to_owned(), 1, POLICY, 0, ms(0));
    let mut ready = |run, slot| {
        let ready = Ready { run, seq: 1, slot, limit: 1 << 20, ..Ready::default() };
        refused(schedule.hear_worker(&FromWorker::Ready(ready), ms(0)))
    };
    for run in 0..16 {
        assert!((0..4_096).all(|slot| ready(run, slot).is_none()));
    }
    assert_eq!(ready(16, 0).unwrap(), "there are 65536 others");
    assert_eq!(ready(0, 0), None, "one that is known stays");
}

/// As long as there is a worker that can receive it, it waits for that.
/// As after a dispatcher's death: it knows of one copy only, and hands out another.
#[test]
fn a_worker_that_dies_with_two_copies_of_a_task_dies_once() {
    let mut job = Job::new(1, Policy { backup: false, crash_limit: 2, ..POLICY });
    let state = |slot| SlotState {
        slot,
        batch: Some(u64::from(slot) + 7),
        running: Some(0),
        nums: Some(Ranges::of([0])),
    };
    job.hear(&FromWorker::Alive { run: 1, seq: 1, slots: vec![state(0), state(1)] });
    job.pass(3_500, &[]);
    assert_eq!((job.schedule.workers(), job.done(&[]).given_up), (0, vec![]));
}

/// The rest of what it says is asked for again.
#[test]
fn a_worker_that_makes_up_batches_costs_little() {
    let mut job = Job::new(10_000, POLICY);
    let state = |slot| SlotState {
        slot,
        batch: Some(u64::from(slot)),
        running: None,
        nums: Some(Ranges::of(0..10_000)),
    };
    let slots = (0..100).map(state).collect();
    let alive = FromWorker::Alive { run: 1, seq: 1, slots };
    let Some(ToWorker::Alive { unknown, .. }) = job.hear(&alive) else { panic!() };
    assert!(unknown.into_iter().eq(5..100));
    assert_eq!(job.schedule.slots(), 5);
}

#[test]
fn a_task_that_no_worker_can_receive_is_given_up_by_name() {
    let mut job = Job::new(1, POLICY);
    job.ask(1, None, &[]);
    let small = Ready { run: 2, seq: 1, limit: 2_000, ..Ready::default() };
    job.hear(&FromWorker::Ready(small));
    job.hear(&FromWorker::Bye { run: 1 });
    assert_eq!(job.schedule.hand_out(&|_| 1_999, ms(0)), None);
    let why = "task 0 is 1999 bytes; the limit is 2000 (--max-message-size)";
    assert_eq!(job.done(&[]).given_up[0].failed, why);
    let mut job = Job::new(1, POLICY);
    let small = Ready { run: 2, seq: 1, limit: 2_000, ..Ready::default() };
    job.hear(&FromWorker::Ready(small.clone()));
    let given = job.schedule.hand_out(&|_| 1_998, ms(0)).unwrap();
    assert_eq!(given.slot.run, 2, "it just fits");
    let mut job = Job::new(1, POLICY);
    job.hear(&FromWorker::Ready(small));
    job.ask(1, None, &[]);
    let given = job.schedule.hand_out(&|_| 1_999, ms(0)).unwrap();
    assert_eq!((given.slot.run, job.done(&[]).given_up.len()), (1, 0));
}

/// Of two tasks that have come back.
#[test]
fn a_task_that_is_too_large_for_a_worker_keeps_none_behind_it_back() {
    let mut job = Job::new(3, POLICY);
    job.work(1, None, &[]).unwrap();
    job.work(2, None, &[]).unwrap();
    job.hear(&FromWorker::Bye { run: 1 });
    job.hear(&FromWorker::Bye { run: 2 });
    let small = Ready { run: 3, seq: 1, limit: 2_000, ..Ready::default() };
    job.hear(&FromWorker::Ready(small));
    job.ask(4, None, &[]);
    let sizes = |num| if num == 0 { 5_000 } else { 10 };
    let given = job.schedule.hand_out(&sizes, ms(0)).unwrap();
    assert_eq!(nums(&given.work), [1]);
    job.schedule.check_invariants();
}

#[test]
fn the_last_tasks_are_shared_also_those_that_come_back() {
    let mut job = Job::new(21, Policy { backup: false, ..POLICY });
    let mut work = job.work(1, None, &[]).unwrap();
    for size in [4, 8] {
        job.done(&nums(&work));
        work = job.work(1, Some(work.batch), &[]).unwrap();
        assert_eq!(nums(&work).len(), size);
    }
    // Eight wait, and it returns eight: half of sixteen.
    let (batch, returned) = (Some(work.batch), work.nums);
    job.give_back(batch, returned);
    assert_eq!(nums(&job.given().unwrap().1).len(), 8);
}

#[test]
fn a_batch_is_as_large_as_its_share_its_bytes_and_its_numbers_allow() {
    let mut job = Job::new(60, POLICY);
    job.ask(2, None, &[]);
    job.ask(1, None, &[]);
    let first = job.given().unwrap().1;
    let other = job.given().unwrap().1;
    job.done(&nums(&other));
    let mut work = job.work(1, Some(other.batch), &[]).unwrap();
    assert_eq!((nums(&first).len(), nums(&work).len()), (1, 4));
    work = job.work(1, Some(work.batch), &[]).unwrap();
    // 54 wait, and two workers share them: a quarter, and not half.
    assert_eq!(nums(&work).len(), 14);

    let given = |limit, size: u64| {
        let mut job = Job::new(200, POLICY);
        let ready = |seq, batch| Ready { run: 1, seq, limit, batch, ..Ready::default() };
        let (mut batch, mut most) = (None, 0);
        for seq in 1..10 {
            job.hear(&FromWorker::Ready(ready(seq, batch)));
            let work = job.schedule.hand_out(&|_| size, ms(0)).unwrap().work;
            (batch, most) = (Some(work.batch), most.max(nums(&work).len()));
        }
        most
    };
    assert_eq!(given(1_024, 10), 8, "a number takes 64 bytes at most, and half a KiB is kept");
    assert_eq!(given(1 << 24, (128 << 10) - 2), 4, "half a MiB");
}

#[test]
fn the_failures_of_a_batch_fit_in_half_a_message() {
    let limit = 4_096;
    let size = |failed: &[Failure]| serde_json::to_vec(failed).unwrap().len() as u64;
    let mut failures = Failures::new(limit);
    assert!(failures.has_room(), "there is always room for one");
    let mut count = 0;
    while failures.has_room() {
        failures.push(failure(count, &"w".repeat(300)));
        count += 1;
    }
    let failed = failures.into_vec();
    assert!(size(&failed) <= limit / 2 && size(&failed) > limit / 4, "{}", size(&failed));
    // One that does not fit is cut, and says still which attempt it was.
    let mut failures = Failures::new(limit);
    let attempt =
        Attempt { attempt: Some(3), stderr: Some("e".repeat(9_000)), ..Attempt::default() };
    failures.push(Failure { attempt, ..failure(7, &"w".repeat(9_000)) });
    let failed = failures.into_vec();
    assert_eq!((failed[0].num, failed[0].attempt.attempt), (7, Some(3)));
    assert_eq!((failed[0].attempt.stderr.as_ref(), failed[0].why.len()), (None, 256));
    // One that just fits is whole.
    let mut whole = failure(0, "");
    whole.attempt.stderr = Some(String::new());
    let room = 2_048 - serde_json::to_vec(&whole).unwrap().len();
    whole.attempt.stderr = Some("e".repeat(room));
    let mut failures = Failures::new(limit);
    failures.push(whole.clone());
    assert_eq!(failures.into_vec(), [whole]);
}
