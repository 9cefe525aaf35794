//! Scenes start, and messages pass.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::Lab;

const SCENES: [&str; 6] =
    ["req-rep", "req-rep-3x3", "pub-sub", "pipeline", "pipeline-3", "reliable-pipeline"];

#[test]
fn every_scene_starts_and_a_message_passes_on_every_wire() {
    let lab = Lab::start();
    let offered: Value = serde_json::from_str(&lab.get("scenes").body).unwrap();
    let scenes = offered["scenes"].as_array().unwrap();
    assert!(scenes.iter().map(|scene| &scene["scene"]).eq(SCENES));
    assert_eq!(offered["experiments"].as_array().unwrap().len(), 14);
    for scene in SCENES {
        lab.act(&json!({"do": "scene", "scene": scene}));
        let start = lab.wait_for(scene, |event| event["is"] == "scene" && event["scene"] == scene);
        let ids = |list: &str, key: &str| -> BTreeSet<String> {
            let list = start[list].as_array().unwrap();
            list.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
        };
        let (mut boxes, mut wires) = (ids("boxes", "box"), ids("wires", "wire"));
        lab.wait_for(&format!("messages in {scene}"), |event| {
            let of = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            match event["is"].as_str().unwrap() {
                "started" => boxes.remove(&of("box")),
                "message" => wires.remove(&of("wire")),
                _ => false,
            };
            boxes.is_empty() && wires.is_empty()
        });
    }
}

/// What passed, and what the programs themselves say that they did.
#[test]
fn counts_are_those_of_the_programs() {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "req-rep"}));
    lab.wait_for("three answers", |event| event["is"] == "counted" && event["down"] == 3);
    lab.act(&json!({"do": "stop"}));
    let events = lab.recording();
    let answered = |id: &str| {
        let counter = events.iter().find(|event| event["is"] == "counter" && event["box"] == id);
        counter.unwrap_or_else(|| panic!("{id}: {events:#?}"))["value"].as_u64().unwrap()
    };
    let counted = events.iter().rfind(|event| event["is"] == "counted").unwrap();
    assert_eq!(counted["down"], answered("client1"));
    assert_eq!(counted["up"], answered("server"));
    assert_eq!(events.last().unwrap()["is"], "end");
}

#[test]
fn a_page_that_comes_late_sees_the_whole_run() {
    let lab = Lab::start();
    lab.act(&json!({"do": "scene", "scene": "pub-sub"}));
    lab.wait_for("a message", |event| event["is"] == "message");
    lab.reload();
    lab.wait_for("the start", |event| event["is"] == "scene");
    lab.wait_for("a message", |event| event["is"] == "message");
}
