//! `deploy/systemd` under a real systemd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{DEADLINE, Process, Signal, root, shell};

use crate::{
    assert_each_task_once, blocks, count_lines, executable, folder, script, set_up, tasks,
    wait_until, when_ready,
};

const README: &str = "deploy/systemd/README.md";
const DISPATCHER: &str = "pipeline-dispatcher@night";
const SINK: &str = "pipeline-sink@night";
const WORKER: &str = "pipeline-worker";
const PAIR: [&str; 2] = [DISPATCHER, SINK];
/// After this long a sink whose output is complete ends without a dispatcher.
const ALONE: Duration = Duration::from_secs(15);

/// A machine that runs the units, with keys, and whose worker runs a command.
struct Machine {
    systemd: Process,
    folder: tempfile::TempDir,
}

impl Machine {
    /// A machine with the job `night`, which has so many tasks.
    fn start(total: u64, command: &str) -> Option<Self> {
        if !set_up(Command::new(script("systemd.sh")).arg("install")) {
            return None;
        }
        let folder = folder();
        install(folder.path());
        executable(&folder.path().join("bin/do-a-task.sh"), &format!("#!/bin/sh\n{command}\n"));
        fs::create_dir_all(folder.path().join("lib/pipeline")).unwrap();
        fs::write(folder.path().join("lib/pipeline/night.jsonl"), tasks(total)).unwrap();
        let start = shell("exec \"$0\" start .", folder.path()).arg(script("systemd.sh"));
        Some(Self { systemd: when_ready(start.start())?, folder })
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("lib/private/pipeline/night.results.jsonl")
    }

    /// Runs a command, which has to succeed, and returns what it prints.
    fn run(&self, command: &str) -> String {
        let run = shell(&format!("exec \"$0\" run . {command}"), self.folder.path());
        let ended = run.arg(script("systemd.sh")).start().wait();
        assert_eq!(ended.code, Some(0), "{command}: {ended:?}");
        ended.stdout + &ended.stderr
    }

    fn property(&self, unit: &str, property: &str) -> String {
        self.run(&format!("systemctl show --value --property={property} {unit}")).trim().to_owned()
    }

    fn state(&self, unit: &str) -> String {
        self.property(unit, "ActiveState")
    }

    fn kill(&self, unit: &str, signal: &str) {
        self.run(&format!("systemctl kill --signal={signal} {unit}"));
    }

    fn kill_and_see_it_restarted(&self, unit: &str) {
        let started = || self.property(unit, "ExecMainStartTimestampMonotonic");
        let killed = started();
        self.kill(unit, "KILL");
        wait_until(&format!("{unit} is restarted"), DEADLINE, || started() != killed);
    }

    fn wait_for_state(&self, unit: &str, state: &str) {
        wait_until(&format!("{unit} is {state}"), 2 * ALONE, || self.state(unit) == state);
    }

    /// Waits until the pair has ended, and checks that both have succeeded.
    fn assert_pair_ends_cleanly(&self) {
        for unit in PAIR {
            self.wait_for_state(unit, "inactive");
            assert_eq!(self.property(unit, "Result"), "success", "{unit}");
        }
    }
}

impl Drop for Machine {
    /// Has it remove its group of processes.
    fn drop(&mut self) {
        let begun = Instant::now();
        if !self.systemd.has_ended() {
            self.systemd.signal(Signal::SIGTERM);
        }
        while !self.systemd.has_ended() && begun.elapsed() < DEADLINE {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Installs units, programs and keys in a folder, as the README says.
fn install(folder: &Path) {
    let path = |name: &str| folder.join(name);
    fs::create_dir(path("units")).unwrap();
    for unit in fs::read_dir(root().join("deploy/systemd")).unwrap() {
        let unit = unit.unwrap().path();
        if unit.extension().is_some_and(|extension| extension == "service") {
            fs::copy(&unit, path("units").join(unit.file_name().unwrap())).unwrap();
        }
    }
    let programs =
        "mkdir bin; for name in dispatcher worker sink; do ln \"$(command -v $name)\" bin; done";
    let keys = "mkdir -p keys/allowed; cd keys; curve_keygen server; curve_keygen worker; cp *.key allowed";
    for commands in [programs, keys] {
        let ended = shell(commands, folder).start().wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    // As `systemctl edit` would.
    let units = [WORKER, "pipeline-dispatcher@", "pipeline-sink@", WORKER];
    for (number, (unit, text)) in units.iter().zip(blocks(README, "ini")).enumerate() {
        let text = text.replace("/etc/pipeline", path("keys").to_str().unwrap());
        fs::create_dir_all(path(&format!("units/{unit}.service.d"))).unwrap();
        fs::write(path(&format!("units/{unit}.service.d/{number}.conf")), text).unwrap();
    }
}

fn wait_for_lines(path: &Path, count: usize) {
    wait_until(&format!("{count} lines"), 2 * DEADLINE, || count_lines(path) >= count);
}

#[test]
fn systemd_restarts_whatever_is_killed_and_the_job_ends_cleanly() {
    const TOTAL: u64 = 600;
    let Some(machine) = Machine::start(TOTAL, "sleep 0.02; cat") else { return };
    let units = machine.folder.path().join("units/*.service");
    assert_eq!(machine.run(&format!("systemd-analyze verify {}", units.display())), "");
    // The sink brings its dispatcher along.
    machine.run(&format!("systemctl start {SINK} {WORKER}"));
    for (results, unit) in
        [(0, DISPATCHER), (100, SINK), (200, WORKER), (300, DISPATCHER), (400, SINK)]
    {
        wait_for_lines(&machine.output(), results);
        machine.wait_for_state(unit, "active");
        machine.kill_and_see_it_restarted(unit);
    }
    machine.assert_pair_ends_cleanly();
    assert_each_task_once(&machine.output(), TOTAL);
    // It waits for the next job.
    machine.wait_for_state(WORKER, "active");
    // Whichever is started again, perhaps because it was killed when the other one had ended.
    for unit in PAIR {
        machine.run(&format!("systemctl start {unit}"));
        machine.assert_pair_ends_cleanly();
    }
    assert_each_task_once(&machine.output(), TOTAL);
}

/// It is paused while the sink, whose output is complete, waits for it in vain and ends.
#[test]
fn a_dispatcher_that_is_killed_after_its_sink_has_ended_is_restarted_and_ends() {
    let Some(machine) = Machine::start(1, "cat") else { return };
    machine.run(&format!("systemctl start {SINK}"));
    machine.wait_for_state(DISPATCHER, "active");
    wait_for_lines(&machine.output(), 1);
    machine.kill(DISPATCHER, "STOP");
    // Without a worker the output holds its header alone: here is what is missing.
    machine.run(&format!("systemctl stop {SINK}"));
    let text = fs::read_to_string(machine.output()).unwrap();
    fs::write(machine.output(), text + "{\"num\":0,\"worker_id\":1,\"result\":0}\n").unwrap();
    machine.run(&format!("systemctl --job-mode=ignore-dependencies start {SINK}"));
    machine.wait_for_state(SINK, "inactive");
    assert_eq!(machine.state(DISPATCHER), "active");
    machine.kill_and_see_it_restarted(DISPATCHER);
    machine.assert_pair_ends_cleanly();
}

#[test]
fn systemd_stops_and_continues_a_job_and_leaves_failures_alone() {
    let Some(machine) = Machine::start(200, "sleep 0.02; test $TASK_NUM != 7") else {
        return;
    };
    machine.run(&format!("systemctl start {SINK} {WORKER}"));
    wait_for_lines(&machine.output(), 50);
    machine.run("systemctl stop 'pipeline-*'");
    for unit in [DISPATCHER, SINK, WORKER] {
        assert_eq!(machine.state(unit), "inactive", "{unit}");
    }
    machine.run(&format!("systemctl start {SINK} {WORKER}"));
    // A task has failed for good: a restart would not help.
    for unit in PAIR {
        machine.wait_for_state(unit, "failed");
        assert_eq!(machine.property(unit, "ExecMainStatus"), "1", "{unit}");
        assert_eq!(machine.property(unit, "NRestarts"), "0", "{unit}");
    }
    assert_eq!(count_lines(&machine.output()), 201);
}
