//! Which sink the dispatcher listens to, and what a sink says.

use std::time::Duration;

use protocol::line::Attempt;
use protocol::message::{
    Failure, FromSink, FromWorker, Ready, Report, Request, Rest, ToSink, ToWorker,
};
use protocol::output::{Heard, Output, Reporter};
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

fn next(reporter: &mut Reporter, output: &Output, now: u64) -> Option<Report> {
    reporter.next_report(output, ms(now)).map(|FromSink::Report(report)| report)
}

fn rest(seq: u64, resync: Option<u64>) -> ToSink {
    let (job, total) = ("job".to_owned(), 100);
    ToSink::Rest(Rest { seq, job, total, remaining: 100, resync, limit: 1024, ..Rest::default() })
}

#[test]
fn a_report_is_repeated_as_it_was_until_it_is_answered() {
    let (mut output, mut reporter) =
        (Output::default(), Reporter::new(7, "a".into(), 1 << 20, ms(0)));
    assert_eq!(next(&mut reporter, &output, 0).unwrap().seq, 0);
    assert_eq!(next(&mut reporter, &output, 0), None);
    assert_eq!(reporter.hear(&rest(0, Some(0)), &mut output, ms(1)), Heard::Nothing);
    assert!(output.lines().starts_with(b"{\"job\":\"job\",\"total\":100,\"version\":2}\n"));
    assert_eq!(next(&mut reporter, &output, 1), None, "the header is not safe yet");
    reporter.safe(output.committed());
    let piece = next(&mut reporter, &output, 2).unwrap();
    assert_eq!((piece.seq, piece.piece), (1, Some((0, 100))));
    assert_eq!(next(&mut reporter, &output, 202).unwrap().seq, 0, "a sign of life");
    let again = (1_002, 3_002);
    assert_eq!(next(&mut reporter, &output, again.0), Some(piece.clone()));
    assert_ne!(next(&mut reporter, &output, again.1 - 1), Some(piece.clone()));
    assert_eq!(next(&mut reporter, &output, again.1), Some(piece));
    reporter.hear(&rest(1, None), &mut output, ms(3_003));
    reporter.safe([5, 3, 4].into_iter());
    let nums = next(&mut reporter, &output, 3_003).unwrap();
    assert_eq!((nums.seq, nums.nums.count(), nums.nums.len(), nums.piece), (2, 3, 1, None));
}

#[test]
fn the_last_word_of_the_dispatcher_ends_a_sink() {
    let (mut output, mut reporter) =
        (Output::default(), Reporter::new(7, "a".into(), 1 << 20, ms(0)));
    let ToSink::Rest(word) = rest(0, None) else { panic!() };
    let word = ToSink::Rest(Rest { over: true, ..word });
    assert_eq!(reporter.hear(&word, &mut output, ms(0)), Heard::Over);
    let other = ToSink::Rest(Rest { job: "x".into(), ..Rest::default() });
    assert_eq!(reporter.hear(&other, &mut output, ms(0)), Heard::Refused("its job is x".into()));
    assert_eq!(reporter.silent_dispatcher(ms(2_000)), None);
    assert_eq!(reporter.silent_dispatcher(ms(2_001)), Some(Duration::ZERO));
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

fn resumed(text: &str) -> std::io::Result<protocol::output::Resumed> {
    Output::resume(&mut text.as_bytes())
}

#[test]
fn an_output_is_continued_after_its_last_whole_line() {
    let header = "{\"job\":\"job\",\"total\":3,\"version\":2}\n";
    let done = "{\"num\":0,\"worker_id\":1,\"result\":1}\n";
    let failed = "{\"num\":1,\"worker_id\":1,\"failed\":\"no\"}\n";
    let whole = format!("{header}{done}{failed}{failed}");
    for torn in ["", "{\"nu", "{\"num\":2,\"worker_id\":1,\"res", "{\"num\":2\0\0\n\0"] {
        let resumed = resumed(&format!("{whole}{torn}")).unwrap();
        let output = resumed.output;
        assert_eq!((resumed.length, output.done(), output.failed()), (whole.len() as u64, 2, 1));
        assert!(!output.is_complete());
    }
    for foreign in ["precious", "{\"num\":2}\n", "{\"num\":2,\"worker_id\":1,\"res\n"] {
        let error = resumed(&format!("{whole}{foreign}")).err().unwrap();
        assert!(error.to_string().starts_with("line 5 is not of a sink: "), "{error}");
    }
}

#[test]
fn an_output_is_complete_when_every_task_has_a_line_that_is_safe() {
    let mut output = Output::default();
    assert!(!output.is_complete(), "of no job yet");
    output.begin("job".to_owned(), 3);
    let first = br#"{"version":2,"job":"job"}"#;
    let line = |num| format!("{{\"num\":{num},\"worker_id\":1,\"result\":1}}\n");
    assert_eq!(output.add(first, format!("{}{}", line(0), line(0)).as_bytes()), Ok(1));
    assert_eq!(output.add(first, format!("{}{}", line(0), line(1)).as_bytes()), Ok(1));
    let task = protocol::line::GivenUp {
        num: 2,
        worker_id: 1,
        failed: "no".to_owned(),
        attempt: Attempt::default(),
    };
    output.give_up(&task);
    output.give_up(&task);
    assert_eq!((output.done(), output.failed(), output.is_complete()), (3, 1, false));
    assert_eq!(output.committed().collect::<Vec<_>>(), [0, 0, 0, 1, 2, 2]);
    assert!(output.is_complete());
    assert!(output.add(first, b"{}\n").is_err() && output.add(first, b"{}").is_err());
}

/// A range takes up to 32 bytes, and half a KiB is for the rest.
#[test]
fn a_report_has_as_many_ranges_as_the_dispatcher_receives() {
    let (mut output, mut reporter) =
        (Output::default(), Reporter::new(7, "a".into(), 1 << 20, ms(0)));
    reporter.hear(&rest(0, None), &mut output, ms(0));
    reporter.safe((0..100).filter(|num| num % 2 == 0));
    reporter.safe([11].into_iter());
    let first = next(&mut reporter, &output, 1).unwrap();
    assert_eq!((first.nums.len(), first.nums.count()), (16, 18));
    reporter.hear(&rest(first.seq, None), &mut output, ms(2));
    assert_eq!(next(&mut reporter, &output, 3).unwrap().nums.len(), 16);
}

#[test]
fn a_job_that_is_too_large_is_refused() {
    let (mut output, mut reporter) =
        (Output::default(), Reporter::new(7, "a".into(), 1 << 20, ms(0)));
    let job = |total| ToSink::Rest(Rest { job: "job".into(), total, ..Rest::default() });
    let why = "its job has 1000000001 tasks; the limit is 1000000000".to_owned();
    assert_eq!(reporter.hear(&job(1_000_000_001), &mut output, ms(0)), Heard::Refused(why));
}
