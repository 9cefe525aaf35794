//! Commands that are run.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;

use super::*;

const DEADLINE: Duration = Duration::from_secs(30);

fn commands(line: CommandLine) -> Commands {
    Commands::new(line, 1, OpenFiles::record()).unwrap()
}

fn line(program: &str, args: &[&str]) -> CommandLine {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    CommandLine { program: program.to_owned(), args, timeout: None, max_result: 16 << 20 }
}

fn shell(script: &str) -> CommandLine {
    line("sh", &["-c", script])
}

fn task(task: &str) -> TaskRun<'_> {
    TaskRun { num: 7, attempt: 2, job: "j", task }
}

fn run(line: CommandLine, of: &str) -> Outcome {
    commands(line).run(task(of))
}

fn done(outcome: Outcome) -> String {
    match outcome {
        Outcome::Done(finished) => finished.result.get().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn failed(outcome: Outcome) -> Failed {
    match outcome {
        Outcome::Failed(failed) => failed,
        other => panic!("{other:?}"),
    }
}

/// Waits for a file with a number and a line end in it.
fn number(path: &Path) -> i32 {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.ends_with('\n') {
            return text.trim().parse().unwrap();
        }
        assert!(begun.elapsed() < DEADLINE, "no number in {}", path.display());
        thread::yield_now();
    }
}

/// Waits until no process of a group is left.
fn wait_until_gone(group: i32) {
    let begun = Instant::now();
    while killpg(Pid::from_raw(group), None).is_ok() {
        assert!(begun.elapsed() < DEADLINE, "group {group} lives on");
        thread::yield_now();
    }
}

#[test]
fn a_command_gets_its_task_as_a_line_and_its_stdout_is_the_result() {
    assert_eq!(done(run(shell("cat"), "{\"num\": 7}")), "{\"num\": 7}");
    assert_eq!(done(run(shell("while read -r t; do echo \"got $t\"; done"), "5")), "\"got 5\"");
    assert_eq!(done(run(shell("true"), "\"not read\"")), "\"\"");
    assert_eq!(done(run(shell("printf '\\377'"), "1")), "{\"base64\":\"/w==\"}");
}

#[test]
fn a_command_gets_its_task_in_arguments_and_environment() {
    assert_eq!(done(run(line("echo", &["{#}:", "{}"]), "\"a b\"")), "\"7: a b\"");
    let variables = shell("echo $TASK_NUM $TASK_ATTEMPT $TASK_JOB");
    assert_eq!(done(run(variables, "1")), "\"7 2 j\"");
}

#[test]
fn a_finished_command_tells_how_it_ran() {
    let Outcome::Done(finished) = run(shell("sleep 0.1"), "1") else { panic!("it failed") };
    let Ran { host, started, seconds, exit } = finished.ran;
    assert_eq!(host, rustix::system::uname().nodename().to_str().unwrap());
    assert!(humantime::parse_rfc3339(&started).is_ok(), "{started}");
    assert!((0.1..10.0).contains(&seconds), "{seconds}");
    assert_eq!(exit, Some(Exit::Code(0)));
}

#[test]
fn a_failed_command_says_why() {
    let why = failed(run(shell("echo out; echo one >&2; echo no >&2; exit 3"), ""));
    assert_eq!(why.reason, "sh ended with exit status: 3: no");
    assert_eq!((why.stdout, why.stderr.as_str()), (json!("out"), "one\nno\n"));
    assert_eq!((why.ran.exit, why.is_final), (Some(Exit::Code(3)), false));
    let killed = failed(run(shell("kill -9 $$"), ""));
    assert_eq!(killed.reason, "sh ended with signal: 9 (SIGKILL)");
    assert_eq!(killed.ran.exit, Some(Exit::Signal(9)));
    let nameless = failed(run(shell("kill -40 $$"), ""));
    assert_eq!(nameless.ran.exit, Some(Exit::Signal(40)));
}

#[test]
fn a_command_that_cannot_be_started_is_not_the_tasks_failure() {
    let folder = tempfile::tempdir().unwrap();
    let not_executable = folder.path().join("file");
    fs::write(&not_executable, "").unwrap();
    let not_executable = not_executable.to_str().unwrap();
    for (program, why) in [
        ("./missing", "No such file or directory"),
        (not_executable, "Permission denied"),
        ("/", "Permission denied"),
    ] {
        let Outcome::CannotStart(error) = run(line(program, &[]), "1") else { panic!("it ran") };
        assert_eq!(error, format!("cannot run {program}: {why}"));
    }
}

#[test]
fn a_task_that_cannot_be_an_argument_fails_for_good() {
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    for (of, why) in [
        (long.as_str(), "cannot run echo: Argument list too long"),
        ("\"\\u0000\"", "cannot run echo: nul byte found in provided data"),
    ] {
        let why_not = failed(run(line("echo", &["{}"]), of));
        assert_eq!((why_not.reason.as_str(), why_not.is_final), (why, true));
    }
}

#[test]
fn large_tasks_and_results_do_not_block_each_other() {
    let large = format!("\"{}\"", "x".repeat(4 << 20));
    assert_eq!(done(run(shell("cat"), &large)), large);
    assert_eq!(done(run(shell("echo read none of it"), &large)), "\"read none of it\"");
    let closed = "exec <&- >&-; sleep 0.01";
    assert_eq!(done(run(shell(closed), &large)), "\"\"");
}

#[test]
fn a_command_is_over_when_its_process_is() {
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("group");
    let script = format!("sleep 300 & echo $$ > {}; echo ok", group.display());
    let begun = Instant::now();
    assert_eq!(done(run(shell(&script), "1")), "\"ok\"");
    assert!(begun.elapsed() < DEADLINE);
    wait_until_gone(number(&group));
}

#[test]
fn a_process_that_left_the_group_may_hold_the_pipes() {
    let left = "setsid sh -c 'echo $$ >&2; exec yes' & read -r line; echo ok";
    let begun = Instant::now();
    let ended = failed(run(shell(&format!("{left}; exit 1")), "1"));
    assert!(begun.elapsed() < DEADLINE);
    let left: i32 = ended.stderr.lines().next().map_or(0, |id| id.parse().unwrap());
    if left > 0 {
        let _ = killpg(Pid::from_raw(left), Signal::SIGKILL);
    }
}

#[test]
fn a_result_that_is_too_large_fails_for_good() {
    let limited = |script| CommandLine { max_result: 1000, ..shell(script) };
    assert_eq!(done(run(limited("head -c 998 /dev/zero | tr '\\0' x"), "1")).len(), 1000);
    for (script, size) in [
        ("head -c 1001 /dev/zero | tr '\\0' x", "1001"),
        ("head -c 999 /dev/zero | tr '\\0' x", "1001"),
        ("head -c 200 /dev/zero", "1202"),
    ] {
        let why = failed(run(limited(script), "1"));
        let expected =
            format!("its result is {size} bytes; the limit is 1000 (--max-message-size)");
        assert_eq!((why.reason, why.is_final), (expected, true));
    }
    let endless = failed(run(limited("yes"), "1"));
    assert!(endless.reason.starts_with("its result is at least "), "{}", endless.reason);
    assert!(endless.is_final && endless.stdout.as_str().unwrap().len() <= running::STDOUT_KEPT);
}

#[test]
fn stderr_is_bounded() {
    let script = "head -c 20000000 /dev/zero | tr '\\0' x >&2; exit 1";
    let why = failed(run(shell(script), "1"));
    assert_eq!((why.stderr.len(), why.reason.len()), (4096, 1024));
}

#[test]
fn a_command_that_takes_too_long_is_terminated_and_then_killed() {
    let after = |script| CommandLine { timeout: Some(Duration::from_millis(50)), ..shell(script) };
    let why = failed(run(after("sleep 300"), "1"));
    assert_eq!((why.reason.as_str(), why.is_final), ("timed out after 50ms", false));
    assert_eq!(why.ran.exit, Some(Exit::Signal(15)));
    let why = failed(run(after("trap 'echo bye; exit 0' TERM; while :; do sleep 0.01; done"), "1"));
    assert_eq!((why.reason.as_str(), why.stdout), ("timed out after 50ms", json!("bye")));
    let why = failed(run(after("trap '' TERM; while :; do sleep 0.1; done"), "1"));
    assert_eq!(why.ran.exit, Some(Exit::Signal(9)));
}

/// As a read from the terminal does.
#[test]
fn a_command_that_the_terminal_stops_fails() {
    let why = failed(run(shell("kill -TTIN $$"), "1"));
    assert_eq!(why.reason, "stopped: it reads from the terminal");
    let why = failed(run(shell("kill -TTOU $$"), "1"));
    assert_eq!(why.reason, "stopped: it writes to the terminal");
}

/// A command that is stopped by SIGSTOP may be continued.
#[test]
fn a_command_that_is_paused_goes_on() {
    let script = "(sleep 1; kill -CONT $$) & kill -STOP $$; echo on";
    assert_eq!(done(run(shell(script), "1")), "\"on\"");
}

#[test]
fn a_command_may_end_while_it_is_looked_at() {
    thread::scope(|scope| {
        for after in 480..520 {
            scope.spawn(move || done(run(shell(&format!("sleep 0.{after}")), "1")));
        }
    });
}

#[test]
fn what_is_stopped_with_its_worker_has_not_failed_and_no_more_begins() {
    let folder = tempfile::tempdir().unwrap();
    for (name, trap) in [("dies", ""), ("stays", "trap '' TERM; ")] {
        let group = folder.path().join(name);
        let script = format!("{trap}echo $$ > {}; while :; do sleep 0.1; done", group.display());
        let commands = commands(shell(&script));
        thread::scope(|scope| {
            let ended = scope.spawn(|| commands.run(task("1")));
            let group = number(&group);
            let begun = Instant::now();
            commands.stop();
            assert!(matches!(ended.join().unwrap(), Outcome::Interrupted));
            assert!(begun.elapsed() < Duration::from_secs(2));
            wait_until_gone(group);
        });
        assert!(matches!(commands.run(task("1")), Outcome::Interrupted));
    }
}

/// As by `scancel`, whose signal reaches the command first.
#[test]
fn a_command_that_dies_a_moment_before_its_worker_is_stopped_has_not_failed() {
    for script in ["kill -TERM $$", "kill -KILL $$", "exit 143"] {
        let commands = commands(shell(script));
        let (send, ended) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| send.send(commands.run(task("1"))).unwrap());
            // It has ended, and its thread waits.
            while commands.groups.counts() != (1, 0) {
                thread::yield_now();
            }
            assert!(ended.try_recv().is_err());
            commands.stop();
            assert!(matches!(ended.recv().unwrap(), Outcome::Interrupted), "{script}");
        });
    }
}

#[test]
fn many_commands_run_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let script = format!("while ! [ -e {} ]; do sleep 0.05; done; echo $TASK_NUM", gate.display());
    let commands = commands(shell(&script));
    thread::scope(|scope| {
        let run = |num| done(commands.run(TaskRun { num, ..task("1") }));
        let runs: Vec<_> = (0..50).map(|num| scope.spawn(move || run(num))).collect();
        while commands.groups.counts().1 < 50 {
            thread::yield_now();
        }
        fs::write(&gate, "").unwrap();
        for (num, run) in runs.into_iter().enumerate() {
            assert_eq!(run.join().unwrap(), num.to_string());
        }
    });
}
