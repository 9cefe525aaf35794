//! What a sink knows of its output, and what it says of it.

use std::time::Duration;

use protocol::line::Attempt;
use protocol::message::{FromSink, Report, Rest, ToSink};
use protocol::output::{Heard, Output, Reporter};

use crate::job::ms;

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
    assert_eq!(next(&mut reporter, &output, 201), None);
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
    assert_eq!(reporter.hear(&job(1_000_000_000), &mut output, ms(0)), Heard::Nothing);
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
        assert!(!output.is_complete() && output.lines().is_empty());
    }
    let unended = resumed(whole.trim_end()).unwrap();
    assert_eq!((unended.length, unended.output.done()), (whole.len() as u64 - 1, 2));
    assert_eq!(unended.output.lines(), b"\n", "which ends the last line");
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
    assert_eq!(output.add(first, line(0).as_bytes()), Ok(1));
    assert!(output.waiting() > 0, "a task to report, without a line");
    assert_eq!(output.committed().collect::<Vec<_>>(), [0]);
    assert!(output.add(first, b"{}\n").is_err() && output.add(first, b"{}").is_err());
}

#[test]
fn results_of_another_job_or_version_are_refused_and_failed_ones_counted() {
    let mut output = Output::default();
    let (first, line) = (br#"{"version":2,"job":"job"}"#, failed_line(0));
    assert_eq!(output.add(first, line.as_bytes()).unwrap_err(), "of another job, job");
    output.begin("job".to_owned(), 3);
    let other = output.add(br#"{"version":3,"job":"job"}"#, line.as_bytes());
    assert_eq!(other.unwrap_err(), "of version 3 of the protocol, not 2");
    assert!(output.add(b"{}", line.as_bytes()).unwrap_err().starts_with("not results: "));
    let lines = format!("{line}{line}{}", failed_line(1));
    assert_eq!(output.add(first, lines.as_bytes()), Ok(1));
    assert_eq!((output.done(), output.failed()), (2, 2));
}

#[test]
fn results_before_a_bad_one_are_kept() {
    for (bad, why) in [
        (&b"{\"num\":2,\"worker_id\":1,\"result\":\"\xff\"}\n"[..], "not UTF-8"),
        (b"{\"num\":2,\"worker_id\":1,\"result\":1}", "not a line"),
        (b"{\"num\":2,\"worker_id\":1}\n", "not a result"),
    ] {
        let mut output = Output::default();
        output.begin("job".to_owned(), 3);
        let lines = [failed_line(0).as_bytes(), failed_line(1).as_bytes(), bad].concat();
        assert_eq!(output.add(br#"{"version":2,"job":"job"}"#, &lines).unwrap_err(), why);
        assert_eq!(output.done(), 2);
    }
}

fn failed_line(num: u64) -> String {
    format!("{{\"num\":{num},\"worker_id\":1,\"failed\":\"no\"}}\n")
}

/// A reporter of an output of two tasks, whose lines are safe, and of whom the dispatcher knows.
fn reporter_of_two(done: u64) -> (Output, Reporter) {
    let (mut output, mut reporter) =
        (Output::default(), Reporter::new(7, "a".into(), 1 << 20, ms(0)));
    let job = ToSink::Rest(Rest { job: "job".into(), total: 2, limit: 1024, ..Rest::default() });
    reporter.hear(&job, &mut output, ms(0));
    let lines: String = (0..done).map(failed_line).collect();
    output.add(br#"{"version":2,"job":"job"}"#, lines.as_bytes()).unwrap();
    drop(output.committed());
    (output, reporter)
}

#[test]
fn a_sink_with_a_complete_output_asks_often_for_the_last_word_and_ends_without_it() {
    let says = |done| {
        let (output, mut reporter) = reporter_of_two(done);
        (0..400).filter(|now| next(&mut reporter, &output, *now).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(says(1), [0, 200]);
    assert_eq!(says(2)[..4], [0, 2, 4, 6]);
    let (output, reporter) = reporter_of_two(2);
    assert!(!reporter.is_alone(&output, ms(15_000)) && reporter.is_alone(&output, ms(15_001)));
    let (output, reporter) = reporter_of_two(1);
    assert!(!reporter.is_alone(&output, ms(600_000)), "it waits for the next dispatcher");
}

/// Rather than in a list without end, the dispatcher then hears it in pieces.
#[test]
fn a_sink_that_cannot_report_for_long_reports_all_anew() {
    let (output, mut reporter) = reporter_of_two(0);
    reporter.safe(0..1 << 20);
    assert_eq!(next(&mut reporter, &output, 0).unwrap().session, 7);
    let (output, mut reporter) = reporter_of_two(0);
    reporter.safe(0..=1 << 20);
    let anew = next(&mut reporter, &output, 0).unwrap();
    assert_eq!((anew.session, anew.seq, anew.nums.is_empty()), (8, 0, true));
}
