//! The sink's output: whose it is, and what becomes of it when something goes wrong.

use std::fs;

use e2e::shell;

use crate::pipeline::{Pipeline, succeeded};

#[test]
fn an_output_that_was_cut_off_is_gone_on_with() {
    let pipeline = Pipeline::new();
    let run = || {
        let dispatcher = pipeline.dispatcher(&["--count", "100"]);
        let worker = pipeline.connected_worker(&["--id", "1"]);
        succeeded(pipeline.sink(&[]));
        succeeded(dispatcher);
        succeeded(worker);
    };
    run();
    let whole = fs::read_to_string(pipeline.output()).unwrap();
    let half: usize = whole.lines().take(51).map(|line| line.len() + 1).sum();
    fs::write(pipeline.output(), &whole[..half + 9]).unwrap();
    run();
    let text = fs::read_to_string(pipeline.output()).unwrap();
    assert!(text.starts_with(&whole[..half]));
    pipeline.lines(100);
}

#[test]
fn the_output_of_another_job_is_refused_and_left_alone() {
    let pipeline = Pipeline::new();
    let other = "{\"job\":\"another\",\"total\":3,\"version\":1}\n";
    fs::write(pipeline.output(), other).unwrap();
    let _dispatcher = pipeline.dispatcher(&[]);
    let sink = pipeline.sink(&[]).wait();
    assert_eq!(sink.code, Some(1));
    let why = "error: the dispatcher refused this sink: its output is of the job another, not of ";
    assert!(sink.stderr.starts_with(why), "{}", sink.stderr);
    assert_eq!(fs::read_to_string(pipeline.output()).unwrap(), other);

    fs::write(pipeline.output(), "precious\n").unwrap();
    let sink = pipeline.sink(&[]).wait();
    let why = format!(
        "error: cannot use {} as the output: line 1 is not of a sink",
        pipeline.output().display()
    );
    assert!(sink.stderr.starts_with(&why), "{}", sink.stderr);
    assert_eq!(fs::read_to_string(pipeline.output()).unwrap(), "precious\n");
}

#[test]
fn two_sinks_do_not_write_to_one_output() {
    let pipeline = Pipeline::new();
    let first = pipeline.sink(&["-v"]);
    first.wait_until_listening();
    let second = pipeline.sink(&[]).wait();
    let output = pipeline.output();
    let why = format!(
        "error: cannot use {} as the output: another sink writes to it\n",
        output.display()
    );
    assert_eq!((second.code, second.stderr), (Some(1), why));
}

/// A limit on the size of files stands for a full disk.
#[test]
fn a_full_disk_is_an_error_and_nothing_is_acknowledged_that_is_not_written() {
    let pipeline = Pipeline::new();
    let dispatcher = pipeline.dispatcher(&["--count", "20000"]);
    let worker = pipeline.connected_worker(&["--id", "1"]);
    let (results, acks, output) = (&pipeline.results, &pipeline.acks, pipeline.output());
    let command = format!(
        "trap '' XFSZ; ulimit -f 64; exec sink --bind {results} --acks-connect {acks} --output {}",
        output.display()
    );
    let full = shell(&command, pipeline.folder.path()).start().wait();
    assert_eq!(full.code, Some(1), "{full:?}");
    assert_eq!(full.stderr, "error: cannot write the results: File too large (os error 27)\n");
    // With room again, the job continues where the output ends.
    succeeded(pipeline.sink(&[]));
    succeeded(dispatcher);
    succeeded(worker);
    pipeline.lines(20_000);
}

#[test]
fn a_sink_whose_output_is_complete_ends_without_a_dispatcher() {
    let pipeline = Pipeline::new();
    let complete = "{\"job\":\"done\",\"total\":1,\"version\":1}\n\
                    {\"num\":0,\"worker_id\":1,\"result\":null}\n";
    fs::write(pipeline.output(), complete).unwrap();
    assert_eq!(succeeded(pipeline.sink(&[])).stdout, "results: 1\n");
    assert_eq!(fs::read_to_string(pipeline.output()).unwrap(), complete);
}
