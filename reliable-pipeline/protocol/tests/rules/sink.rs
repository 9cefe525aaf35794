//! Which sink the dispatcher listens to, and what it tells it.

use protocol::line::Attempt;
use protocol::message::{
    Failure, FromSink, FromWorker, Ready, Report, Request, Rest, ToSink, ToWorker,
};
use protocol::ranges::Ranges;
use protocol::schedule::Policy;

use crate::job::{Job, POLICY, ms, nums};

fn report(session: u64, output: &str, job: &str) -> Report {
    let (output, job) = (output.to_owned(), Some(job.to_owned()));
    Report { session, output, job, limit: 1 << 20, ..Report::default() }
}

fn refused(answer: ToSink) -> String {
    match answer {
        ToSink::Refused { why } => why,
        ToSink::Rest(rest) => panic!("{rest:?}"),
    }
}

#[test]
fn nothing_is_handed_out_before_all_is_known_nor_while_the_sink_is_silent() {
    let mut job = Job::new(10, POLICY);
    let mut other = report(2, "a", "job");
    assert!(matches!(job.hear_sink(&other), ToSink::Rest(Rest { resync: Some(0), .. })));
    job.ask(1, None, &[]);
    assert_eq!(job.given(), None);
    other.piece = Some((0, 5));
    assert!(matches!(job.hear_sink(&other), ToSink::Rest(Rest { resync: Some(5), .. })));
    assert!(matches!(job.hear_sink(&other), ToSink::Rest(Rest { resync: Some(5), .. })));
    assert_eq!(job.given(), None);
    for does_not_follow in [(7, 10), (5, 3)] {
        other.piece = Some(does_not_follow);
        assert!(matches!(job.hear_sink(&other), ToSink::Rest(Rest { resync: Some(5), .. })));
    }
    other.piece = Some((5, 10));
    assert!(matches!(job.hear_sink(&other), ToSink::Rest(Rest { resync: None, .. })));
    assert_eq!(job.schedule.silent_sink(ms(job.now + 3_000)), None);
    job.now += 3_001;
    assert_eq!(job.given(), None);
    assert_eq!(job.schedule.silent_sink(ms(job.now)), Some(Some(ms(0))));
    job.hear_sink(&other);
    assert!(job.given().is_some());
}

#[test]
fn another_sink_takes_over_with_the_same_output_or_when_the_first_is_silent() {
    let mut job = Job::new(10, POLICY);
    let why = "another sink is at work, with the output a; this one's is b";
    assert_eq!(refused(job.hear_sink(&report(2, "b", "job"))), why);
    assert!(matches!(job.hear_sink(&report(3, "a", "job")), ToSink::Rest(_)));
    let why = "another sink has taken over, with the output a";
    assert_eq!(refused(job.hear_sink(&report(1, "a", "job"))), why);
    job.silence(3_001);
    assert!(matches!(job.hear_sink(&report(4, "b", "job")), ToSink::Rest(_)));
    let why = "its output is of the job x, not of job";
    assert_eq!(refused(job.hear_sink(&report(4, "b", "x"))), why);
    let small = Report { limit: 1023, ..report(4, "b", "job") };
    assert_eq!(refused(job.hear_sink(&small)), "--max-message-size is below 1024");
}

/// Seed 114617 of the simulator. A sink that is refused ends, with a complete output perhaps: were a
/// report of it that arrives late to count, the job would end, and the sink that was only cut off
/// would wait for a dispatcher for ever.
#[test]
fn a_sink_that_was_refused_does_not_take_over_by_a_late_report() {
    let mut job = Job::new(2, POLICY);
    let complete = Report { piece: Some((0, 2)), nums: Ranges::of(0..2), ..report(2, "b", "job") };
    let why = "another sink is at work, with the output a; this one's is b";
    assert_eq!(refused(job.hear_sink(&complete)), why);
    job.silence(3_001);
    let why = "another sink has taken over, with the output a";
    assert_eq!(refused(job.hear_sink(&complete)), why);
    assert!(!job.schedule.has_ended());
    assert_eq!(job.done(&[0]).remaining, 1, "the first goes on");
    job.silence(3_001);
    let again = report(3, "b", "job");
    assert!(matches!(job.hear_sink(&again), ToSink::Rest(_)), "unless it is started again");
}

#[test]
fn a_dispatcher_that_was_paused_does_not_take_its_sink_for_silent() {
    let mut job = Job::new(10, POLICY);
    job.now += 60_000;
    let other = report(2, "b", "job");
    let why = "another sink is at work, with the output a; this one's is b";
    assert_eq!(refused(job.hear_sink(&other)), why);
    job.schedule.tick(ms(job.now));
    job.silence(2_999);
    assert_eq!(refused(job.hear_sink(&report(3, "b", "job"))), why);
    job.silence(1);
    assert!(matches!(job.hear_sink(&report(4, "b", "job")), ToSink::Rest(_)));
}

#[test]
fn a_task_that_the_output_does_not_have_after_all_waits_again() {
    let mut job = Job::new(3, POLICY);
    assert_eq!(job.done(&[0, 1, 2]).remaining, 0);
    let other = Report { piece: Some((0, 3)), ..report(2, "a", "job") };
    job.hear_sink(&other);
    assert_eq!(job.schedule.remaining(), 3);
    assert!(job.work(1, None, &[]).is_some());
    // A piece says nothing of what is behind it.
    let mut job = Job::new(4, POLICY);
    job.done(&[0, 1, 2, 3]);
    job.hear_sink(&Report { piece: Some((0, 2)), ..report(2, "a", "job") });
    assert_eq!(job.schedule.remaining(), 2);
}

#[test]
fn requests_of_other_versions_are_refused() {
    let parse = |text: &str| Request::<FromSink>::parse(&[text.as_bytes().to_vec()]);
    let report = Request { version: 2, body: FromSink::Report(report(1, "a", "job")) };
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(parse(&text), Ok(report.body));
    for version in ["1", "3"] {
        let text = text.replacen("\"version\":2", &format!("\"version\":{version}"), 1);
        let why = format!("it speaks version {version} of the protocol, not 2");
        assert_eq!(parse(&text).unwrap_err(), why);
    }
    let large = text.replacen("\"session\":1", "\"session\":9007199254740992", 1);
    assert!(parse(&large).unwrap_err().contains("is not below 2^53"));
    assert_eq!(Request::<FromSink>::parse(&[]).unwrap_err(), "a request is one frame");
}

/// A job of which all tasks but the first are given up, with reasons of this many bytes.
fn given_up(tasks: u64, reason: usize, limit: u64) -> (Job, Vec<usize>) {
    let mut job = Job::new(tasks, Policy { attempts: 1, ..POLICY });
    let mut batch = None;
    while let Some(work) = job.work(1, batch, &[]) {
        let failed = nums(&work).into_iter().map(|num| Failure {
            num,
            why: "w".repeat(reason),
            is_final: true,
            attempt: Attempt::default(),
        });
        let failed = failed.collect();
        let ready = Ready {
            run: 1,
            seq: 1_000_000,
            limit: 1 << 24,
            batch: Some(work.batch),
            failed,
            ..Ready::default()
        };
        job.hear(&FromWorker::Ready(ready));
        job.hear(&FromWorker::Bye { run: 1 });
        batch = None;
    }
    let mut pieces = Vec::new();
    let mut report = Report { limit, ..report(1, "a", "job") };
    while let ToSink::Rest(Rest { given_up, .. }) = job.hear_sink(&report)
        && !given_up.is_empty()
    {
        pieces.push(given_up.len());
        assert!(serde_json::to_vec(&given_up).unwrap().len() as u64 <= limit);
        report.nums = Ranges::of(given_up.iter().map(|task| task.num));
    }
    (job, pieces)
}

#[test]
fn given_up_tasks_go_in_pieces_that_the_sink_can_receive() {
    assert_eq!(given_up(4, 20, 1 << 20).1, [4]);
    // A line has 55 bytes or 56, and half of the limit is for them.
    assert_eq!(given_up(20, 20, 1_024).1, [9, 9, 2]);
    assert_eq!(given_up(3, 1_000, 1_024).1, [3], "cut to what fits");
}

#[test]
fn the_failed_tasks_are_those_of_the_output() {
    let mut job = Job::new(9, POLICY);
    assert_eq!(job.schedule.failed(), 0);
    for failed in [2, 3] {
        job.hear_sink(&Report { failed, ..report(1, "a", "job") });
        assert_eq!(job.schedule.failed(), failed);
    }
}

#[test]
fn peers_that_ask_after_the_end_are_answered_and_connected_ones_are_waited_for() {
    let mut job = Job::new(1, POLICY);
    assert!(!job.schedule.has_ended());
    job.schedule.connected(1);
    assert!(!job.done(&[0]).over && job.schedule.has_ended());
    assert_eq!(job.ask(1, None, &[]), Some(ToWorker::End));
    let alive = FromWorker::Alive { run: 2, seq: 1, slots: Vec::new() };
    assert_eq!(job.hear(&alive), Some(ToWorker::End));
    assert!(!job.done(&[]).over, "somebody is connected");
    job.schedule.connected(0);
    assert!(job.done(&[]).over);
    let mut job = Job::new(1, POLICY);
    job.schedule.connected(1);
    job.done(&[0]);
    job.now += 2_000;
    assert!(!job.done(&[]).over);
    job.now += 1;
    assert!(job.done(&[]).over, "but not for long");
    // One that works is told, too.
    let mut job = Job::new(1, POLICY);
    job.work(1, None, &[]).unwrap();
    assert!(job.schedule.dismiss_busy().is_empty());
    job.done(&[0]);
    assert_eq!((job.schedule.dismiss_busy(), job.schedule.dismiss_busy()), (vec![1], vec![]));
}
