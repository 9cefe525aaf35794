//! The benchmarks work: all of them run, with every peer, and their output can be read. The figures
//! are not checked.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Signal, group_exists, root, rust};
use serde_json::Value;

/// Builds the peers, beside the programs.
fn build_peers() {
    let programs = std::env::current_exe().unwrap();
    let folder = programs.ancestors().nth(2).unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--locked", "--manifest-path", "bench/peers/Cargo.toml"]);
    cargo.arg("--target-dir").arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.current_dir(root()).status().unwrap().success());
}

/// Sets up the programs that run commands, which may take longer than a measurement.
fn set_up_runners() {
    let output = Command::new(root().join("scripts/runners.sh")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn all_benchmarks_run_with_every_peer() {
    build_peers();
    set_up_runners();
    let folder = tempfile::tempdir().unwrap();
    let (json, plots) = (folder.path().join("results.json"), folder.path().join("plots"));
    let bench = rust("zmq_bench").args(["all", "--quick", "--json"]).arg(&json);
    let ended = bench.arg("--plot").arg(&plots).start().wait_within(Duration::from_secs(180));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");

    let results: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let experiments = results["experiments"].as_array().unwrap();
    for experiment in experiments {
        let (id, title) =
            (experiment["id"].as_str().unwrap(), experiment["title"].as_str().unwrap());
        assert!(ended.stdout.contains(&format!("### {title}\n")), "{id} is not in the tables");
        let plot = fs::read_to_string(plots.join(format!("{id}.svg"))).unwrap();
        assert!(plot.ends_with("</svg>\n"), "{id}.svg is not whole");
        for series in experiment["series"].as_array().unwrap() {
            let values = series["values"].as_array().unwrap();
            let good = values.iter().all(|value| value.as_f64().is_some_and(|value| value > 0.0));
            assert!(good && !values.is_empty(), "{id}: {series}");
        }
    }
    let names = |id: &str| -> Vec<&str> {
        let experiment = experiments.iter().find(|experiment| experiment["id"] == id).unwrap();
        let series = experiment["series"].as_array().unwrap();
        series.iter().map(|series| series["name"].as_str().unwrap()).collect()
    };
    let peers = ["zmq-patterns", "bare zmq loop", "Python twins", "omq-tokio", "rzmq", "zeromq"];
    for id in ["pipeline", "pub-sub-hwm-1000", "pub-sub-hwm-100000"] {
        assert_eq!(names(id), peers, "{id}");
    }
    let with_the_floor: Vec<&str> = peers.into_iter().chain(["TCP stream"]).collect();
    assert_eq!(names("req-rep-2-cpu"), with_the_floor);
    assert_eq!(names("start"), e2e::PROGRAMS);
    let compiled = peers.into_iter().filter(|name| *name != "Python twins");
    assert_eq!(names("many-clients"), compiled.collect::<Vec<_>>());
}

#[test]
fn a_disk_that_cannot_be_made_slow_is_named() {
    let nowhere = tempfile::tempdir().unwrap();
    let bench = rust("zmq_bench").args(["slow-disk", "--msgs", "10", "--rounds", "1"]);
    let ended = bench.env("PATH", nowhere.path()).start().wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("strace is missing, which makes the disk slow"), "{ended:?}");
}

#[test]
fn a_rate_counts_what_a_late_answer_holds_up() {
    let flags = ["req-rep", "--rate", "500", "--msgs", "50", "--rounds", "1"];
    let ended = rust("zmq_bench").args(flags).start().wait();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    assert!(ended.stdout.contains("500 requests/s each"), "{ended:?}");
    assert!(!ended.stdout.contains("zeromq |"), "peers cannot keep a rate: {ended:?}");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    for (flags, reason) in [
        (vec!["pipeline", "--peers", "tcp"], "error: TCP stream has no such benchmark"),
        (vec!["pipeline", "--cpus", "1000000"], "error: there is no processor 1000000"),
        (vec!["report", "/nowhere.json"], "error: cannot read /nowhere.json"),
    ] {
        let ended = rust("zmq_bench").args(&flags).start().wait();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.starts_with(reason), "{ended:?}");
    }
}

#[test]
fn a_benchmark_that_is_ended_leaves_no_process_behind() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let bench = rust("zmq_bench").args(["straggler", "--msgs", "1000000"]).start();
        let id = bench.id();
        let (children, start) = (format!("/proc/{id}/task/{id}/children"), Instant::now());
        while fs::read_to_string(&children).unwrap().is_empty() {
            assert!(start.elapsed() < DEADLINE, "it has started nothing");
        }
        assert_eq!(bench.end_with(signal).code, Some(code));
        assert!(!group_exists(id), "{signal} left processes behind");
    }
}
