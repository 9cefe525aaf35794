//! When a worker asks, and which answers count.

use protocol::message::{FromWorker, Ready, SlotState, ToWorker, Work};
use protocol::ranges::Ranges;
use protocol::session::{Finished, Heard, Session, WaitsFor};

use crate::job::ms;

fn ready(session: &mut Session, now: u64) -> Option<Ready> {
    loop {
        match session.next_request(ms(now))? {
            FromWorker::Ready(ready) => return Some(ready),
            FromWorker::Alive { .. } => {}
            FromWorker::Bye { .. } => panic!("it does not end"),
        }
    }
}

fn work(seq: u64, batch: u64, watched: bool) -> Work {
    Work {
        slot: 0,
        seq,
        job: "job".to_owned(),
        batch,
        nums: Ranges::of([3, 4]),
        failures: Vec::new(),
        watched,
        request_limit: 1 << 20,
        result_limit: 1 << 20,
    }
}

#[test]
fn a_slot_asks_again_ever_later_and_a_late_answer_counts() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    let first = ready(&mut session, 0).unwrap();
    assert_eq!(
        (first.run, first.slot, first.seq, first.worker_id, first.batch),
        (9, 0, 1, 7, None)
    );
    let mut asked = Vec::new();
    for now in 1..20_000 {
        asked.extend(ready(&mut session, now).map(|_| now));
    }
    assert_eq!(asked, [1_000, 3_000, 7_000, 15_000]);
    assert_eq!(session.hear(ToWorker::Work(work(0, 1, false)), ms(20_000)), Heard::Nothing);
    let late = work(first.seq, 1, false);
    assert_eq!(session.hear(ToWorker::Work(late.clone()), ms(20_000)), Heard::Work(late.clone()));
    assert_eq!(session.hear(ToWorker::Work(late), ms(20_000)), Heard::Nothing, "once");
    session.check_invariants();
}

#[test]
fn a_finished_batch_is_named_and_answers_to_it_do_not_count_again() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    let seq = ready(&mut session, 0).unwrap().seq;
    session.hear(ToWorker::Work(work(seq, 55, false)), ms(10));
    assert_eq!(session.idle_since(), None);
    session.finished(0, Finished { bytes: 5, ..Finished::default() }, ms(20));
    assert_eq!(session.idle_since(), Some(ms(20)));
    let again = ready(&mut session, 20).unwrap();
    assert_eq!((again.batch, again.bytes), (Some(55), 5));
    assert_eq!(session.hear(ToWorker::Work(work(seq, 55, false)), ms(30)), Heard::Nothing);
    assert!(matches!(
        session.hear(ToWorker::Work(work(again.seq, 56, false)), ms(30)),
        Heard::Work(_)
    ));
}

#[test]
fn a_worker_says_what_it_has_when_it_is_watched_and_which_tasks_when_it_is_asked() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    let seq = ready(&mut session, 0).unwrap().seq;
    session.hear(ToWorker::Work(work(seq, 55, true)), ms(10));
    let Some(FromWorker::Alive { seq, slots, .. }) = session.next_request(ms(10)) else { panic!() };
    assert_eq!((slots[0].batch, slots[0].running, &slots[0].nums), (Some(55), Some(3), &None));
    assert_eq!(session.next_request(ms(10)), None);
    session.hear(ToWorker::Alive { seq, unknown: vec![0] }, ms(11));
    let Some(FromWorker::Alive { slots, .. }) = session.next_request(ms(11)) else { panic!() };
    assert_eq!(slots[0].nums, Some(Ranges::of([3, 4])));
    session.running(0, Some(4), ms(12));
    let Some(FromWorker::Alive { slots, .. }) = session.next_request(ms(600)) else { panic!() };
    assert_eq!((slots[0].running, &slots[0].nums), (Some(4), &None));
}

#[test]
fn a_slot_that_is_not_known_to_wait_asks_at_once() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    ready(&mut session, 0).unwrap();
    ready(&mut session, 1_999).unwrap();
    let Some(FromWorker::Alive { seq, .. }) = session.next_request(ms(2_000)) else { panic!() };
    session.hear(ToWorker::Alive { seq: seq - 1, unknown: vec![0] }, ms(2_001));
    assert_eq!(ready(&mut session, 2_001), None, "it has asked since");
    session.hear(ToWorker::Alive { seq, unknown: vec![0, 5] }, ms(2_002));
    assert!(ready(&mut session, 2_002).is_some());
}

#[test]
fn a_worker_says_what_it_waits_for() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    assert_eq!(session.waits_for(ms(2_000)), Some(WaitsFor::Tasks(ms(0))));
    assert_eq!(session.waits_for(ms(2_001)), Some(WaitsFor::Dispatcher(ms(0))));
    assert!(!session.is_left_behind(false, ms(60_000)), "it has not heard any");
    let seq = ready(&mut session, 0).unwrap().seq;
    session.hear(ToWorker::Work(work(seq, 55, false)), ms(3_000));
    assert_eq!(session.waits_for(ms(3_000)), None);
    assert!(!session.is_left_behind(false, ms(200_000)), "it works");
    session.running(0, None, ms(4_000));
    assert_eq!(session.waits_for(ms(5_000)), Some(WaitsFor::Sink(ms(4_000))));
    assert!(
        !session.is_left_behind(false, ms(23_000)) && session.is_left_behind(false, ms(23_001))
    );
    session.finished(0, Finished::default(), ms(6_000));
    assert!(!session.is_left_behind(true, ms(60_000)) && session.is_left_behind(false, ms(23_001)));
    assert_eq!(session.hear(ToWorker::End, ms(0)), Heard::End);
    assert_eq!(session.hear(ToWorker::Bye, ms(0)), Heard::Bye);
    assert_eq!(session.bye(), FromWorker::Bye { run: 9 });
}

#[test]
fn a_worker_says_that_it_is_alive_and_more_often_while_it_has_tasks() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    assert_eq!(session.next_due(), ms(0), "it asks");
    let seq = ready(&mut session, 0).unwrap().seq;
    assert_eq!(session.next_due(), ms(1_000), "and again");
    let alive = |session: &mut Session, times: std::ops::Range<u64>| -> Vec<u64> {
        let says = |now: &u64| {
            let due = session.next_due() <= ms(*now);
            let requests = std::iter::from_fn(|| session.next_request(ms(*now)));
            let requests: Vec<_> = requests.collect();
            assert_eq!(due, !requests.is_empty(), "at {now} ms");
            requests.iter().any(|request| matches!(request, FromWorker::Alive { .. }))
        };
        times.filter(says).collect()
    };
    assert_eq!(alive(&mut session, 1..6_001), [2_000, 4_000, 6_000]);
    session
        .hear(ToWorker::Work(Work { nums: Ranges::default(), ..work(seq, 1, false) }), ms(6_001));
    assert_eq!(session.idle_since(), Some(ms(0)), "no tasks");
    session.hear(ToWorker::Work(work(seq, 1, false)), ms(6_010));
    assert_eq!(alive(&mut session, 6_011..7_600), [6_510, 7_010, 7_510]);
    assert_eq!(session.next_due(), ms(8_010));
}

/// What the worker says that its slots do, and whether each message is small enough.
fn said(session: &mut Session, now: u64) -> Vec<Vec<SlotState>> {
    let requests = std::iter::from_fn(|| session.next_request(ms(now)));
    let said = requests.filter_map(|request| {
        let size = serde_json::to_vec(&request).unwrap().len();
        assert!(size <= 1_000, "{size} bytes");
        match request {
            FromWorker::Alive { slots, .. } => Some(slots),
            _ => None,
        }
    });
    said.collect()
}

#[test]
fn a_worker_with_many_slots_says_what_they_do_in_several_small_messages() {
    let mut session = Session::new(9, 7, 1 << 20, 100, ms(0));
    assert_eq!(said(&mut session, 1_999), Vec::<Vec<_>>::new());
    let said = said(&mut session, 2_000);
    assert_eq!(said.len(), 9);
    assert!(said.concat().iter().map(|state| state.slot).eq(0..100));
}

/// Numbers that are long, and of which none follows another.
fn scattered(count: u64) -> Ranges {
    Ranges::of((0..count).map(|num| (1 << 53) - 1 - 2 * (count - num)))
}

/// A session with a slot for each of these, which has them.
fn busy(tasks: &[Ranges]) -> Session {
    let slots = u32::try_from(tasks.len()).unwrap();
    let mut session = Session::new(9, 7, 1 << 20, slots, ms(0));
    for (slot, nums) in (0..).zip(tasks) {
        let seq = ready(&mut session, 0).unwrap().seq;
        let work = Work { slot, nums: nums.clone(), request_limit: 1_024, ..work(seq, 1, false) };
        assert!(matches!(session.hear(ToWorker::Work(work), ms(0)), Heard::Work(_)));
    }
    session
}

#[test]
fn which_tasks_a_worker_has_is_said_as_far_as_it_fits_and_not_again_and_again() {
    let tasks = [scattered(11), scattered(11), scattered(12)];
    let mut session = busy(&tasks);
    said(&mut session, 500);
    session.hear(ToWorker::Alive { seq: 9, unknown: vec![0, 1, 2] }, ms(501));
    let first = said(&mut session, 501).concat();
    let told = |slots: &[SlotState]| -> Vec<bool> {
        slots.iter().map(|state| state.nums.is_some()).collect()
    };
    assert_eq!(told(&first), [true, true, false]);
    assert_eq!((&first[0].nums, &first[1].nums), (&Some(scattered(11)), &Some(scattered(11))));
    // The last one never fits. To ask for it again does not have it said without end.
    session.hear(ToWorker::Alive { seq: 9, unknown: vec![2] }, ms(502));
    assert_eq!(session.next_request(ms(502)), None);
    assert_eq!(told(&said(&mut session, 1_001).concat()), [false, false, false]);
}

#[test]
fn a_dispatcher_that_is_far_away_is_not_silent() {
    let mut session = Session::new(9, 7, 1 << 20, 1, ms(0));
    ready(&mut session, 0).unwrap();
    let Some(FromWorker::Alive { seq, .. }) = session.next_request(ms(2_000)) else { panic!() };
    session.hear(ToWorker::Alive { seq: seq - 1, unknown: Vec::new() }, ms(2_010));
    session.hear(ToWorker::Alive { seq, unknown: Vec::new() }, ms(5_000));
    assert_eq!(session.waits_for(ms(13_000)), Some(WaitsFor::Tasks(ms(0))));
    assert_eq!(session.waits_for(ms(13_001)), Some(WaitsFor::Dispatcher(ms(5_000))));
}
