//! Recordings: saved, played, and those of the experiments.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use e2e::root;
use serde_json::{Value, json};

use crate::kit::{Lab, command, events};

#[test]
fn a_run_that_was_saved_is_played_without_programs() {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "req-rep"}));
    lab.wait_for("a message", |event| event["is"] == "message");
    lab.act(&json!({"do": "stop"}));
    let saved = lab.get("recording");
    assert!(saved.head.contains("content-disposition: attachment"));
    let header: Value = serde_json::from_str(saved.body.lines().next().unwrap()).unwrap();
    assert_eq!((&header["lab"], &header["scene"]), (&json!(1), &json!("req-rep")));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.jsonl");
    fs::write(&file, &saved.body).unwrap();
    let replay = Lab::with(&["--replay", file.to_str().unwrap()]);
    let page = replay.get("");
    assert!(page.head.contains("location: replay.html?recording=recording"), "{}", page.head);
    assert_eq!(replay.get("recording").body, saved.body);
    assert_eq!(replay.get("replay.html").status, 200);
    // There is nothing to do anything to.
    assert_eq!(replay.try_to(&json!({"do": "scene", "scene": "req-rep"})).status, 405);
}

#[test]
fn what_is_no_recording_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.jsonl");
    fs::write(&file, "{\"num\": 1}\n").unwrap();
    let mut replay = command(&["--replay", file.to_str().unwrap()], &folder);
    let output = replay.stderr(Stdio::piped()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let expected =
        format!("error: cannot replay {}: it is no recording of the lab\n", file.display());
    assert_eq!((output.status.code(), error), (Some(1), expected));
}

/// The recordings that the book shows.
#[test]
fn there_is_a_small_recording_of_every_experiment() {
    let experiments = fs::read_to_string(root().join("lab/experiments.json")).unwrap();
    let experiments: Value = serde_json::from_str(&experiments).unwrap();
    for experiment in experiments.as_array().unwrap() {
        let id = experiment["experiment"].as_str().unwrap();
        let file: PathBuf = root().join(format!("lab/recordings/{id}.jsonl"));
        let recording = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(recording.len() < 100_000, "{id}: {} bytes", recording.len());
        let events = events(&recording);
        assert_eq!((&events[0]["lab"], events[0]["experiment"].as_str()), (&json!(1), Some(id)));
        assert_eq!(events[1]["is"], "scene", "{id}");
        assert_eq!(events.iter().filter(|event| event["is"] == "verdict").count(), 1, "{id}");
        assert_eq!(events.last().unwrap()["is"], "end", "{id}");
        let folder = std::env::temp_dir();
        assert!(
            !recording.contains(&format!("{}/", folder.display())),
            "{id}: a path of this host"
        );
    }
}
