//! What one can do to programs and wires.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::{Lab, runs};

fn pipeline() -> Lab {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "pipeline-3"}));
    lab
}

fn count(event: &Value, wire: &str, way: &str) -> Option<u64> {
    (event["is"] == "counted" && event["wire"] == wire).then(|| event[way].as_u64().unwrap())
}

#[test]
fn a_program_is_killed_interrupted_and_started_again() {
    let lab = pipeline();
    let first = lab.wait_for_box("started", "consumer1")["pid"].as_u64().unwrap();
    lab.to_box("kill", "consumer1");
    let ended = lab.wait_for_box("ended", "consumer1");
    assert_eq!((&ended["code"], &ended["signal"]), (&Value::Null, &json!("SIGKILL")));
    assert!(!runs(first));

    lab.to_box("start", "consumer1");
    let second = lab.wait_for_box("started", "consumer1")["pid"].as_u64().unwrap();
    assert!(runs(second));
    lab.wait_for("it is connected", |event| {
        event["is"] == "connected" && event["wire"] == "consumer1-collector"
    });
    lab.to_box("interrupt", "consumer1");
    let summary = lab.wait_for_box("printed", "consumer1");
    assert!(summary["text"].as_str().unwrap().starts_with("results of consumer 1: "), "{summary}");
    assert_eq!(lab.wait_for_box("ended", "consumer1")["code"], 0);
}

#[test]
fn a_program_that_is_paused_does_nothing_until_it_goes_on() {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "req-rep"}));
    lab.wait_for_box("printed", "client1");
    lab.to_box("pause", "server");
    lab.wait_for_box("paused", "server");
    let asked = lab.wait_for("a request", |event| {
        event["is"] == "counted" && event["up"].as_u64() > event["down"].as_u64()
    });
    lab.to_box("continue", "server");
    lab.wait_for_box("continued", "server");
    lab.wait_for("its answer", |event| {
        count(event, "client1-server", "down") >= asked["up"].as_u64()
    });
    // One that stands still is interrupted all the same.
    lab.to_box("pause", "server");
    lab.to_box("interrupt", "server");
    lab.wait_for_box("continued", "server");
    assert_eq!(lab.wait_for_box("ended", "server")["code"], 0);
}

#[test]
fn programs_are_added() {
    let lab = pipeline();
    lab.act(&json!({"do": "add", "role": "consumer"}));
    let added = lab.wait_for_box("box", "consumer4");
    assert_eq!(added["program"], "consumer");
    assert!(added["command"].as_str().unwrap().contains("--id 4"));
    for to in ["producer", "collector"] {
        let link = lab.wait_for("a wire", |event| event["is"] == "link");
        assert_eq!(link["wire"], format!("consumer4-{to}"));
    }
    lab.wait_for("it is connected", |event| {
        event["is"] == "connected" && event["wire"] == "consumer4-collector"
    });
}

#[test]
fn there_are_at_most_64_programs() {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "req-rep"}));
    for _ in 0..62 {
        lab.act(&json!({"do": "add", "role": "client"}));
    }
    let refused = lab.try_to(&json!({"do": "add", "role": "client"}));
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body, r#"{"error":"a scene has room for 64 programs"}"#);
    let started = lab.processes();
    assert_eq!(started.len(), 64);
    assert!(started.into_iter().all(runs));
}

#[test]
fn a_wire_is_cut_and_mended_and_slowed() {
    let lab = Lab::start();
    let wire = "client1-server";
    let set = |state: &str, delay: u64| {
        lab.act(&json!({"do": "wire", "wire": wire, "state": state, "delay_ms": delay}));
        lab.wait_for(state, |event| event["is"] == "wire" && event["state"] == state)
    };
    let passes = |what: &str, more_than: u64| {
        lab.wait_for(what, |event| count(event, wire, "down") > Some(more_than))["down"]
            .as_u64()
            .unwrap()
    };
    lab.act(&json!({"do": "scene", "scene": "req-rep"}));
    let before = passes("an answer", 0);
    set("cut", 0);
    lab.wait_for("it is cut", |event| event["is"] == "disconnected");
    lab.wait_for("the client says so", |event| {
        event["box"] == "client1"
            && event["text"].as_str().is_some_and(|text| text.contains("refused"))
    });
    set("mended", 0);
    lab.wait_for("it connects again", |event| event["is"] == "connected");
    let before = passes("an answer after that", before);
    let slow = set("slow", 50);
    assert_eq!(slow["delay_ms"], 50);
    passes("an answer after a delay", before);
    set("stalled", 0);
    set("mended", 0);
}

#[test]
fn what_cannot_be_done_is_explained_and_does_nothing() {
    let lab = Lab::start();
    let error = |what: Value| {
        let answer = lab.try_to(&what);
        assert_eq!(answer.status, 400, "{what}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        body["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(error(json!({"do": "stop"})), "no scene has been started");
    assert_eq!(error(json!({"do": "scene", "scene": "../x"})), "there is no scene ../x");
    assert_eq!(
        error(json!({"do": "experiment", "experiment": "c99"})),
        "there is no experiment c99"
    );
    lab.act(&json!({"do": "scene", "scene": "reliable-pipeline"}));
    for (what, why) in [
        (json!({"do": "kill", "box": "; rm -rf /"}), "there is no ; rm -rf /"),
        (json!({"do": "start", "box": "sink"}), "sink runs already"),
        (json!({"do": "continue", "box": "sink"}), "sink is not paused"),
        (json!({"do": "add", "role": "sh"}), "this scene has no room for another sh"),
        (json!({"do": "language", "box": "sink", "language": "python"}), "sink has no Python twin"),
        (json!({"do": "wire", "wire": "x", "state": "cut"}), "there is no wire x"),
        (
            json!({"do": "wire", "wire": "sink-dispatcher", "state": "slow", "delay_ms": 60_000}),
            "a delay is at most 10000 ms",
        ),
    ] {
        assert_eq!(error(what), why);
    }
    for what in [
        json!({"do": "start", "box": "sink", "command": "sh"}),
        json!({"do": "add", "role": "worker", "flags": ["--", "sh"]}),
        json!({"do": "language", "box": "sink", "language": "sh"}),
        json!({"do": "shell"}),
        json!([]),
    ] {
        assert!(error(what).starts_with("this is no command"));
    }
}

#[test]
fn every_program_of_the_article_speaks_python_from_its_next_start_on() {
    drop(e2e::python("req-rep/python/zmq_server.py"));
    let lab = Lab::start();
    for scene in ["req-rep-3x3", "pub-sub", "pipeline", "pipeline-3"] {
        lab.act(&json!({"do": "scene", "scene": scene}));
        let start = lab.wait_for(scene, |event| event["is"] == "scene" && event["scene"] == scene);
        let ids = |list: &str, key: &str| -> BTreeSet<String> {
            let list = start[list].as_array().unwrap();
            list.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
        };
        let boxes = ids("boxes", "box");
        for id in &boxes {
            lab.act(&json!({"do": "language", "box": id, "language": "python"}));
            let command = lab.wait_for_box("box", id)["command"].as_str().unwrap().to_owned();
            assert!(command.starts_with("python "), "{command}");
            // Some may be done already.
            lab.try_to(&json!({"do": "kill", "box": id}));
        }
        let ended = |lab: &Lab| {
            let is_end = |event: &&Value| event["is"] == "ended";
            lab.recording().iter().filter(is_end).count() == boxes.len()
        };
        while !ended(&lab) {
            lab.wait_for("the ends", |event| event["is"] == "ended");
        }
        for id in &boxes {
            lab.to_box("start", id);
        }
        // Twice as many starts: these are the twins, and they understand each other.
        let (mut starts, mut wires) = (0, ids("wires", "wire"));
        lab.reload();
        lab.wait_for(&format!("messages in {scene}"), |event| {
            starts += u64::from(event["is"] == "started");
            if starts >= 2 * boxes.len() as u64 && event["is"] == "message" {
                wires.remove(event["wire"].as_str().unwrap());
            }
            wires.is_empty()
        });
    }
}
