//! The programs end with the lab, however it ends.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use e2e::DEADLINE;
use serde_json::json;

use crate::kit::{Lab, runs};

fn ends_with(signal: &str) {
    let mut lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "reliable-pipeline"}));
    lab.wait_for("a message", |event| event["is"] == "message");
    // One that stands still ends, too.
    lab.to_box("pause", "worker1");
    let processes = lab.processes();
    assert_eq!(processes.len(), 4);
    assert!(processes.iter().all(|process| runs(*process)));

    let id = lab.process.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    lab.process.wait().unwrap();
    // The kernel sends the signal before the lab can be waited for, and they need a moment to die.
    let begun = Instant::now();
    while processes.iter().any(|process| runs(*process)) {
        assert!(begun.elapsed() < DEADLINE, "{processes:?} run on");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_lab_that_is_killed_leaves_no_program_behind() {
    ends_with("KILL");
}

#[test]
fn a_lab_that_is_interrupted_leaves_no_program_behind() {
    ends_with("INT");
}

#[test]
fn another_scene_ends_the_programs_of_the_last_one() {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "req-rep"}));
    let processes = lab.processes();
    lab.act(&json!({"do": "scene", "scene": "pub-sub"}));
    assert!(!processes.is_empty() && !processes.into_iter().any(runs));
}
