//! Which tasks were lost, and where they were.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Play;
use crate::event::Score;

/// The results of a pipeline, by the numbers of their tasks.
#[derive(Debug, Default)]
pub struct Results {
    arrived: BTreeSet<u64>,
    /// Results of a task that had one already.
    twice: u64,
}

impl FromIterator<u64> for Results {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut results = Self::default();
        for number in numbers {
            results.twice += u64::from(!results.arrived.insert(number));
        }
        results
    }
}

impl Results {
    /// Those that passed on these wires, up.
    pub fn on(play: &Play, wires: &[&str]) -> Self {
        wires.iter().flat_map(|wire| play.passed(wire).up).collect()
    }

    /// Those in the sink's file.
    ///
    /// # Errors
    ///
    /// What keeps it from being read.
    pub fn in_file(play: &Play) -> Result<Self> {
        let file = play.stage.folder().join("results.jsonl");
        let lines = fs::read_to_string(&file);
        let lines = lines.with_context(|| format!("cannot read {}", file.display()))?;
        let number = |line| serde_json::from_str::<Value>(line).ok()?.get("num")?.as_u64();
        Ok(lines.lines().filter_map(number).collect())
    }

    /// What became of tasks 0 to `expected`.
    pub fn score(&self, expected: u64) -> Score {
        Score { twice: self.twice, ..Score::of(expected, self.arrived.len() as u64) }
    }

    /// The tasks from 0 to `expected` that have no result.
    pub fn lost(&self, expected: u64) -> BTreeSet<u64> {
        (0..expected).filter(|number| !self.arrived.contains(number)).collect()
    }
}

/// These tasks by their numbers, in English and in Chinese.
pub fn named(tasks: &BTreeSet<u64>) -> (String, String) {
    let (Some(first), Some(last)) = (tasks.first(), tasks.last()) else {
        return ("no task".to_owned(), "沒有任何工作".to_owned());
    };
    let count = tasks.len() as u64;
    if count == 1 {
        (format!("task {first}"), format!("工作 {first}"))
    } else if last - first + 1 == count {
        (
            format!("the {count} tasks {first} to {last}"),
            format!("工作 {first} 到 {last}，共 {count} 筆"),
        )
    } else {
        (
            format!("{count} of the tasks {first} to {last}"),
            format!("工作 {first} 到 {last} 之中的 {count} 筆"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_once_and_what_is_missing_is_named() {
        let results: Results = [0, 1, 1, 5, 4, 0].into_iter().collect();
        assert_eq!(results.score(8), Score { expected: 8, arrived: 4, lost: 4, twice: 2 });
        assert_eq!(named(&results.lost(8)).0, "4 of the tasks 2 to 7");
        assert_eq!(named(&results.lost(4)).0, "the 2 tasks 2 to 3");
        assert_eq!(named(&results.lost(3)).0, "task 2");
        assert_eq!(named(&results.lost(2)).0, "no task");
    }
}
