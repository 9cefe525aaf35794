//! Which tasks were lost, and where they were.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Play;
use crate::event::Score;

/// Which of the tasks of a pipeline have a result.
#[derive(Debug)]
pub struct Results {
    arrived: Vec<bool>,
    /// Results of a task that had one already.
    twice: u64,
}

impl Results {
    /// Results of tasks 0 to `expected`, by the numbers of their tasks.
    pub fn new(expected: u64, numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut results = Self { arrived: vec![false; usize(expected)], twice: 0 };
        for number in numbers {
            if let Some(arrived) = results.arrived.get_mut(usize(number)) {
                results.twice += u64::from(*arrived);
                *arrived = true;
            }
        }
        results
    }

    /// Those that passed on these wires, up.
    pub fn on(play: &Play, wires: &[&str], expected: u64) -> Self {
        Self::new(expected, wires.iter().flat_map(|wire| play.passed(wire).up))
    }

    /// Those in the sink's file.
    ///
    /// # Errors
    ///
    /// What keeps it from being read.
    pub fn in_file(play: &Play, expected: u64) -> Result<Self> {
        let file = play.stage.folder().join("results.jsonl");
        let lines = fs::read_to_string(&file);
        let lines = lines.with_context(|| format!("cannot read {}", file.display()))?;
        let number = |line| serde_json::from_str::<Value>(line).ok()?.get("num")?.as_u64();
        Ok(Self::new(expected, lines.lines().filter_map(number)))
    }

    /// What the taps saw is what a program has counted.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn agree_with(&self, collected: u64) -> Result<()> {
        let passed = self.score().arrived + self.twice;
        ensure!(passed == collected, "{passed} results passed, and {collected} were collected");
        Ok(())
    }

    /// What became of the tasks.
    pub fn score(&self) -> Score {
        let lost = self.lost().len() as u64;
        let expected = self.arrived.len() as u64;
        Score { expected, arrived: expected - lost, lost, twice: self.twice }
    }

    /// The tasks that have no result, in order.
    pub fn lost(&self) -> Vec<u64> {
        (0..).zip(&self.arrived).filter(|(_, arrived)| !**arrived).map(|(task, _)| task).collect()
    }
}

fn usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// These tasks, which are in order, by their numbers: in English and in Chinese.
pub fn named(tasks: &[u64]) -> (String, String) {
    let ([first, ..], [.., last]) = (tasks, tasks) else {
        return ("no task".to_owned(), "沒有任何工作".to_owned());
    };
    let count = tasks.len() as u64;
    if count == 1 {
        (format!("task {first}"), format!("工作 {first}"))
    } else if last - first + 1 == count {
        (format!("tasks {first} to {last}"), format!("工作 {first} 到 {last}"))
    } else {
        (
            format!("{count} of the tasks from {first} to {last}"),
            format!("工作 {first} 到 {last} 之中的 {count} 筆"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_once_and_what_is_missing_is_named() {
        let results = |expected| Results::new(expected, [0, 1, 1, 5, 4, 0]);
        assert_eq!(results(8).score(), Score { expected: 8, arrived: 4, lost: 4, twice: 2 });
        let names = |expected| named(&results(expected).lost()).0;
        assert_eq!(names(8), "4 of the tasks from 2 to 7");
        assert_eq!(names(4), "tasks 2 to 3");
        assert_eq!(names(3), "task 2");
        assert_eq!(names(2), "no task");
    }
}
