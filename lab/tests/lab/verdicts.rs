//! Every experiment ends in the verdict that its claim is known for, and counts what the programs
//! themselves say.

use std::fs;
use std::thread;

use serde_json::Value;

use crate::kit::{command, events};

/// A run of an experiment: its verdict, and all that happened.
struct Run {
    verdict: Value,
    events: Vec<Value>,
}

impl Run {
    fn of(experiment: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recording.jsonl");
        let arguments = ["--record", experiment, "--output", file.to_str().unwrap()];
        let output = command(&arguments, &folder).output().unwrap();
        let recording = fs::read_to_string(&file).unwrap();
        assert!(output.status.success(), "{experiment}: {recording}");
        // On a busy machine it lasts longer than those that the book shows.
        assert!(recording.len() < 1_000_000, "{experiment}: {} bytes", recording.len());
        Self {
            verdict: serde_json::from_slice(&output.stdout).unwrap(),
            events: events(&recording),
        }
    }

    /// `expected`, `arrived`, `lost` and `twice`.
    fn score(&self) -> [u64; 4] {
        score(&self.verdict)
    }

    fn holds(&self) -> bool {
        self.verdict["holds"].as_bool().unwrap()
    }

    fn text(&self) -> &str {
        self.verdict["text"]["en"].as_str().unwrap()
    }

    /// What a program counted itself, in its last summary.
    fn counted(&self, id: &str) -> u64 {
        let counter = |event: &&Value| event["is"] == "counter" && event["box"] == id;
        let last = self.events.iter().rfind(counter);
        last.unwrap_or_else(|| panic!("{id} printed no summary"))["value"].as_u64().unwrap()
    }
}

fn score(of: &Value) -> [u64; 4] {
    ["expected", "arrived", "lost", "twice"].map(|key| of[key].as_u64().unwrap())
}

/// All at once.
#[test]
fn experiments_that_wait_most_of_their_time_end_as_their_claims_are_known_to() {
    thread::scope(|scope| {
        scope.spawn(c11_buffers_up_to_the_high_water_mark);
        for (experiment, expected) in [
            ("c0", Some([2, 2, 0, 0])),
            ("c1", Some([18, 18, 0, 0])),
            ("c2", Some([10, 10, 0, 0])),
            ("c3", None),
            ("c4", Some([50, 50, 0, 0])),
            ("c5", None),
            ("c6", Some([6, 6, 0, 0])),
            ("c7", Some([2, 1, 1, 0])),
            ("c8", Some([832, 432, 400, 0])),
            ("c9", Some([16, 16, 0, 0])),
        ] {
            scope.spawn(move || {
                let run = Run::of(experiment);
                assert!(run.holds(), "{experiment}: {}", run.verdict);
                match expected {
                    Some(expected) => assert_eq!(run.score(), expected, "{experiment}"),
                    None => assert_eq!(run.score()[2..], [0, 0], "{experiment}"),
                }
            });
        }
    });
}

fn c11_buffers_up_to_the_high_water_mark() {
    let run = Run::of("c11");
    assert_eq!(run.score(), [2000, 2000, 0, 0]);
    assert!(run.holds());
    assert_eq!(run.counted("collector"), 2000);
    let buffered = "buffered 0 tasks and waited; the one that connects buffered 1000";
    assert!(run.text().contains(buffered), "{}", run.text());
}

#[test]
fn c10_balances_by_number_only() {
    let run = Run::of("c10");
    assert_eq!(run.score(), [300, 300, 0, 0]);
    assert_eq!(score(&run.verdict["beside"]), [300, 300, 0, 0]);
    assert!(!run.holds());
    assert_eq!((run.counted("collector"), run.counted("sink")), (300, 300));
    let share = "the slow consumer was handed 100 tasks, a fast one 100";
    assert!(run.text().contains(share), "{}", run.text());
}

#[test]
fn c12_counts_what_the_programs_count() {
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let run = Run::of("c12");
                let [expected, arrived, lost, twice] = run.score();
                assert_eq!(expected, run.counted("producer"));
                assert_eq!(arrived, run.counted("collector"));
                assert_eq!((lost, twice), (2000 - arrived, 0));
                assert!((500..1000).contains(&lost), "{lost}");
                assert!(!run.holds());
                assert!(run.text().contains(&format!("{lost} of the tasks")), "{}", run.text());

                assert_eq!(score(&run.verdict["beside"]), [2000, 2000, 0, 0]);
                assert_eq!((run.counted("dispatcher"), run.counted("sink")), (2000, 2000));
            });
        }
    });
}

#[test]
fn c13_goes_on_after_the_reconnect() {
    let run = Run::of("c13");
    let [expected, arrived, lost, twice] = run.score();
    assert_eq!(expected, run.counted("producer"));
    assert_eq!(arrived, run.counted("collector"));
    assert!(lost > 0 && lost + arrived == expected && twice == 0, "{}", run.verdict);
    assert!(run.holds());
}
