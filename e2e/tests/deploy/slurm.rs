//! `deploy/slurm` on a real Slurm of two nodes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::{Process, root, shell};

use crate::{
    assert_each_task_once, blocks, count_lines, executable, folder, script, set_up, tasks,
    wait_until, when_ready,
};

const README: &str = "deploy/slurm/README.md";
/// How long a job may take that is disturbed.
const JOB: Duration = Duration::from_secs(90);

/// A cluster, and a folder with the files that the README's commands expect.
struct Cluster {
    _cluster: Process,
    folder: tempfile::TempDir,
}

impl Cluster {
    fn start(total: u64) -> Option<Self> {
        if !set_up(Command::new(script("slurm.sh")).arg("install")) {
            return None;
        }
        let folder = folder();
        let start = shell("exec \"$0\" start logs", folder.path()).arg(script("slurm.sh"));
        let cluster = when_ready(start.start())?;
        symlink(root().join("deploy"), folder.path().join("deploy")).unwrap();
        fs::write(folder.path().join("tasks.jsonl"), tasks(total)).unwrap();
        // A line for each time that a task is run.
        let command = "#!/bin/sh\necho \"$TASK_NUM\" >>executions\nsleep 0.1\ncat\n";
        executable(&folder.path().join("do-a-task.sh"), command);
        Some(Self { _cluster: cluster, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs commands on the login host, which have to succeed, and returns what they print.
    fn run(&self, commands: &str) -> String {
        let run = shell("exec \"$0\" run logs sh -euc \"$1\"", self.folder.path());
        let ended = run.arg(script("slurm.sh")).arg(commands).start().wait();
        assert_eq!(ended.code, Some(0), "{commands}: {ended:?}");
        ended.stdout
    }

    /// Types the README's commands, with keys. Returns the id of the pipeline's job.
    fn submit(&self, workers: &str) -> String {
        let [_build, keys, submit, _others] = &blocks(README, "sh")[..] else {
            panic!("four blocks")
        };
        let submit = submit.replace("--array=1-6", &format!("--array={workers}"));
        let printed = self.run(&format!("{keys}\n{submit}\necho \"$job\""));
        printed.lines().last().unwrap().to_owned()
    }

    /// Has the power of a node fail.
    fn kill(&self, node: &str) {
        let mut command = Command::new(script("slurm.sh"));
        command.args(["kill", "logs", node]).current_dir(self.folder.path());
        assert!(command.status().unwrap().success());
    }

    fn wait_for_results(&self, count: usize) {
        let output = self.path("results.jsonl");
        wait_until(&format!("{count} results"), JOB, || count_lines(&output) > count);
    }

    /// Waits until no job is left in the queue.
    fn wait_for_the_end(&self) {
        wait_until("the end of all jobs", JOB, || self.run("squeue --noheader").is_empty());
    }
}

#[test]
fn slurm_cancels_a_worker_and_loses_a_node_and_each_task_is_done_once() {
    const TOTAL: u64 = 600;
    let Some(cluster) = Cluster::start(TOTAL) else { return };
    let begun = Instant::now();
    let pipeline = cluster.submit("1-6");
    cluster.wait_for_results(100);
    let host = cluster.run(&format!("squeue --noheader --jobs={pipeline} --format=%B"));
    assert_eq!(host.trim(), "node1");
    let on = |node: &str| {
        let workers =
            "squeue --noheader --array --name=workers --states=RUNNING --format='%B %F_%K'";
        let workers = cluster.run(workers);
        let workers = workers.lines().filter_map(|line| line.split_once(' '));
        workers.filter(|(host, _)| *host == node).map(|(_, id)| id.to_owned()).collect::<Vec<_>>()
    };
    let (first, second) = (on("node1"), on("node2"));
    assert_eq!((first.len(), second.len()), (3, 3), "{first:?}, {second:?}");
    cluster.run(&format!("scancel {}", first[0]));
    cluster.wait_for_results(200);
    cluster.kill("node2");
    cluster.wait_for_results(usize::try_from(TOTAL).unwrap());
    let seconds = begun.elapsed().as_secs_f64();
    assert_each_task_once(&cluster.path("results.jsonl"), TOTAL);
    let executions = count_lines(&cluster.path("executions"));
    println!("{TOTAL} tasks, {executions} executions, {seconds:.1} s");
    // The tasks of four workers that were lost, and perhaps their backups.
    assert!(executions < 700, "{executions}");
}

/// Two minutes before its time limit Slurm sends the pipeline's job this signal.
#[test]
fn slurm_requeues_the_pipeline_at_its_time_limit_and_it_continues() {
    const TOTAL: u64 = 300;
    let Some(cluster) = Cluster::start(TOTAL) else { return };
    let pipeline = cluster.submit("1-3");
    cluster.wait_for_results(100);
    cluster.run(&format!("scancel --batch --signal=USR1 {pipeline}"));
    cluster.wait_for_the_end();
    assert_each_task_once(&cluster.path("results.jsonl"), TOTAL);
    let job = cluster.run(&format!("scontrol show job {pipeline}"));
    assert!(job.contains("JobState=COMPLETED") && job.contains(" Restarts=1 "), "{job}");
}
