//! What always holds.

use std::collections::BTreeSet;

use protocol::known::Known;
use protocol::line::GivenUp;
use protocol::message::Report;

use crate::world::{Process, Program, World};

impl World {
    pub fn check_size(&self, report: &Report) {
        let size = serde_json::to_vec(report).unwrap().len() + 16;
        assert!(size as u64 <= self.plan.policy.limit, "a report of {size} bytes");
    }

    /// A task may be given up for its own failures alone.
    pub fn check_that_it_may_fail(&self, line: &str) {
        let Ok(task) = serde_json::from_str::<GivenUp>(line) else { return };
        let num = task.num;
        let holds = |process: &&Process| match &process.program {
            Program::Worker(worker) => worker.running.values().any(|run| run.nums.contains(&num)),
            _ => false,
        };
        let holders = self.processes.values().filter(holds).count();
        let failures = self.failures.get(&num).copied().unwrap_or(0);
        let deaths = self.deaths.get(&num).copied().unwrap_or(0) as usize + holders;
        let policy = &self.plan.policy;
        assert!(
            failures >= policy.attempts
                || deaths >= policy.crash_limit as usize
                || self.plan.huge == Some(num),
            "given up wrongly after {failures} failures and {deaths} deaths: {line}"
        );
    }

    pub fn check_the_end(&self) {
        let file = self.files.iter().find(|file| file.safe.len() as u64 == self.plan.total);
        let file = file.unwrap_or_else(|| panic!("tasks are missing: {}", self.describe()));
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(self.plan.total == 0 || text.ends_with('\n'));
        let nums: Vec<u64> =
            text.lines().skip(1).map(|line| Known::parse(line.as_bytes()).unwrap().num).collect();
        let distinct: BTreeSet<_> = nums.iter().copied().collect();
        assert_eq!(nums.len(), distinct.len(), "doubled");
        assert!(distinct.into_iter().eq(0..self.plan.total), "lost");
    }

    pub fn describe(&self) -> String {
        let processes = self.processes.values().map(|process| {
            let more = match &process.program {
                Program::Dispatcher(dispatcher) => {
                    format!("{} remain", dispatcher.schedule.remaining())
                }
                Program::Worker(worker) => format!("{} batches", worker.running.len()),
                Program::Sink(sink) => format!("{} done", sink.output.done()),
            };
            format!("{:?} ({more})", process.role)
        });
        let processes: Vec<_> = processes.collect();
        format!("at {:?}, with {}", self.now, processes.join(", "))
    }
}
