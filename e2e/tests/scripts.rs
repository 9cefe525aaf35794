//! The scripts, run from another folder.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};

use e2e::{DefaultPorts, Ended, Signal, Stream, root, rust, script, shell};

/// The lines of a program in a script's output.
fn lines<'a>(ended: &'a Ended, program: &str) -> Vec<&'a str> {
    let prefix = format!("{program:15} | ");
    ended.stdout.lines().filter_map(|line| line.strip_prefix(prefix.as_str())).collect()
}

/// The lines of a program without its warnings, whose place varies.
fn messages<'a>(ended: &'a Ended, program: &str) -> Vec<&'a str> {
    let mut lines = lines(ended, program);
    lines.retain(|line| !line.starts_with("warning: "));
    lines
}

#[test]
fn every_script_explains_itself_and_refuses_what_it_does_not_know() {
    let folders = ["scripts", "scripts/experiments", "scripts/lib"];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() || path.metadata().unwrap().permissions().mode() & 0o111 == 0 {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let script =
            || script(path.strip_prefix(root().join("scripts")).unwrap().to_str().unwrap());
        let help = script().arg("-h").start().wait();
        assert!(help.stdout.starts_with(&format!("usage: {name}")), "{name}: {help:?}");
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        let refused = script().arg("--bogus").start().wait();
        assert!(refused.stderr.contains(name), "{name}: {refused:?}");
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    }
}

#[test]
fn req_rep_runs_the_server_and_the_client() {
    let _ports = DefaultPorts::take();
    let ended = script("req-rep.sh").start().wait();
    assert_eq!(messages(&ended, "zmq_client"), ["b\"new message\""]);
    let server = ["received bytes: b\"a message\"", "requests answered: 1"];
    assert_eq!(messages(&ended, "zmq_server"), server);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn curve_lets_in_whose_key_is_allowed() {
    let _ports = DefaultPorts::take();
    let ended = script("experiments/curve.sh").start().wait();
    assert_eq!(messages(&ended, "alice"), ["b\"new message\""]);
    let refused = "error: no answer within 1s, asked 1 time";
    assert_eq!(messages(&ended, "mallory"), [refused, "b\"new message\""]);
    assert_eq!(messages(&ended, "nobody"), [refused]);
    assert_eq!(lines(&ended, "server").last(), Some(&"requests answered: 2"));
    let verdict = "== alice is in, mallory is out, the client without keys is out; once allowed, mallory is in.";
    assert!(ended.stdout.lines().any(|line| line == verdict), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn the_reliable_pipeline_ends_when_a_part_of_it_cannot_work() {
    let _ports = DefaultPorts::take();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl").display().to_string();
    fs::write(folder.path().join("other.jsonl"), "{\"not\":\"ours\"}\n").unwrap();
    let other = folder.path().join("other.jsonl").display().to_string();
    for (flags, error) in [
        (vec!["--input", "missing.jsonl", "--output", &output], "cannot read the tasks in missing"),
        (vec!["--count", "9", "--output", &other], "cannot use "),
        (vec!["--count", "9", "--output", &output, "--", "./missing"], "cannot run ./missing"),
    ] {
        let ended = script("reliable-pipeline.sh").args(&flags).start().wait();
        assert_eq!(ended.code, Some(1), "{flags:?}: {ended:?}");
        let all = ended.stdout.clone() + &ended.stderr;
        assert!(all.contains(error), "{flags:?}: {ended:?}");
    }
}

#[test]
fn the_reliable_pipeline_goes_on_where_its_output_ends() {
    let _ports = DefaultPorts::take();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl");
    let run = || {
        let flags = ["--workers", "3", "--count", "500", "--output", output.to_str().unwrap()];
        let ended = script("reliable-pipeline.sh").args(flags).start().wait();
        assert_eq!(messages(&ended, "sink"), ["results: 500"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        fs::read_to_string(&output).unwrap()
    };
    let whole = run();
    assert_eq!(whole.lines().count(), 501);
    let half: usize = whole.lines().take(200).map(|line| line.len() + 1).sum();
    fs::write(&output, &whole[..half]).unwrap();
    let again = run();
    assert!(again.starts_with(&whole[..half]));
    assert_eq!(again.lines().count(), 501);
}

#[test]
fn a_storm_of_kills_ends_with_every_task_in_the_output() {
    let _ports = DefaultPorts::take();
    let flags = ["--kills", "30", "--pauses", "1", "--tasks", "2000", "--seed", "7"];
    let ended = script("experiments/kill-storm.sh").args(flags).start().wait();
    let verdict = "Of 2000 tasks, 2000 are in the output, in 2000 lines. 0 were given up.";
    assert!(ended.stdout.contains("30 processes were killed ("), "{}", ended.stdout);
    assert!(ended.stdout.contains("), and 1 paused."), "{}", ended.stdout);
    assert!(ended.stdout.contains(verdict), "{}", ended.stdout);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn pub_sub_runs_the_publisher_and_two_subscribers() {
    let _ports = DefaultPorts::take();
    let ended = script("pub-sub.sh").start().wait();
    let messages_of = |topic: &str| format!("[b\"{topic}\", b\"message for {topic}\"]");
    assert_eq!(messages(&ended, "subscriber 1"), [messages_of("client1")]);
    assert_eq!(messages(&ended, "subscriber 2"), [messages_of("client2")]);
    assert_eq!(
        messages(&ended, "publisher")[..2],
        [messages_of("client1"), messages_of("client2")]
    );
    assert!(messages(&ended, "publisher").last().unwrap().starts_with("rounds published: "));
    assert_eq!(ended.code, Some(0));
}

#[test]
fn pipeline_ends_with_a_thousand_results_counted() {
    let _ports = DefaultPorts::take();
    let ended = script("pipeline.sh").start().wait();
    let collector = messages(&ended, "resultcollector");
    assert!(collector[0].starts_with("consumer ") && collector[0].contains(" 1000 ██"));
    assert_eq!(collector[1..], ["results collected: 1000"]);
    assert_eq!(messages(&ended, "producer"), ["tasks sent: 2000"]);
    assert!(messages(&ended, "consumer")[0].starts_with("results of consumer "));
    assert_eq!(ended.code, Some(0));
}

#[test]
fn pipeline_with_three_consumers_shows_three() {
    let _ports = DefaultPorts::take();
    let ended = script("pipeline.sh").args(["--consumers", "3"]).start().wait();
    let collector = messages(&ended, "resultcollector");
    // 667, 667 and 666.
    assert_eq!(collector.iter().filter(|line| line.contains(" 66")).count(), 3, "{ended:?}");
    assert_eq!(collector.last(), Some(&"results collected: 2000"));
    for number in 1..=3 {
        let consumer = messages(&ended, &format!("consumer {number}"));
        assert!(consumer[0].contains(": 66"), "{consumer:?}");
    }
    assert_eq!(ended.code, Some(0));
}

#[test]
fn ctrl_c_and_sigterm_end_a_script_with_all_that_it_started() {
    let _ports = DefaultPorts::take();
    for (signal, code) in [(None, 130), (Some(Signal::SIGTERM), 143)] {
        let running =
            script("pipeline.sh").args(["--consumers", "2", "--count", "1000000000"]).start();
        running.wait_for(Stream::Stdout, "resultcollector | warning");
        let group = running.id();
        match signal {
            None => running.press_ctrl_c(),
            Some(signal) => running.signal(signal),
        }
        let ended = running.wait();
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(!e2e::group_exists(group), "programs run on: {ended:?}");
        // They had time to print what they did.
        let collector = messages(&ended, "resultcollector");
        assert!(
            collector.iter().any(|line| line.starts_with("error: interrupted by")),
            "{ended:?}"
        );
    }
}

#[test]
fn a_program_that_fails_ends_the_script() {
    let _ports = DefaultPorts::take();
    let _taken = TcpListener::bind("0.0.0.0:5577").unwrap();
    let ended = script("pipeline.sh").start().wait();
    let producer = lines(&ended, "producer");
    assert_eq!(producer[0], "error: cannot bind tcp://*:5577: Address already in use");
    assert_eq!(ended.code, Some(1));
}

/// An experiment would measure what somebody else does.
#[test]
fn a_port_that_is_taken_is_named_and_nothing_is_concluded_from_it() {
    let _ports = DefaultPorts::take();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl");
    let output = ["--output", output.to_str().unwrap()];
    let conclusions =
        ["C7 ", "C10 ", "C12 ", "The remedy", "The slow joiner", "alice is", " killed."];
    for (name, flags, ports) in [
        ("req-rep.sh", &[][..], &[5555][..]),
        ("pub-sub.sh", &[], &[5555]),
        ("pipeline.sh", &["--consumers", "2"], &[5577, 5578]),
        ("reliable-pipeline.sh", &output, &[5577, 5578]),
        ("experiments/curve.sh", &[], &[5555]),
        ("experiments/server-dies.sh", &[], &[5555]),
        ("experiments/late-subscriber.sh", &[], &[5555]),
        ("experiments/consumer-dies.sh", &[], &[5577, 5578]),
        ("experiments/slow-consumer.sh", &[], &[5577, 5578]),
        ("experiments/kill-storm.sh", &[], &[5577, 5578]),
    ] {
        for &port in ports {
            let _taken = TcpListener::bind(("0.0.0.0", port)).unwrap();
            let ended = script(name).args(flags).start().wait();
            let lines = || ended.stdout.lines().chain(ended.stderr.lines());
            let error = format!(":{port}: Address already in use");
            assert!(lines().any(|line| line.ends_with(&error)), "{name}: {ended:?}");
            assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
            let concluded = lines().find(|line| {
                line.starts_with("== ") && conclusions.iter().any(|known| line.contains(known))
            });
            assert_eq!(concluded, None, "{name}");
        }
    }
}

#[test]
fn a_closed_stdout_ends_the_script() {
    let _ports = DefaultPorts::take();
    let ended = script("pub-sub.sh").start_with_stdout(std::io::pipe().unwrap().1).wait();
    assert!(!ended.stderr.contains("error"), "{ended:?}");
}

/// Each exits 0 only if its measurement confirms the verdict that it states.
#[test]
fn experiments_end_with_their_verdicts() {
    let _ports = DefaultPorts::take();
    for (name, verdicts) in [
        ("experiments/server-dies.sh", ["== C7 holds: ", "== The remedy works: "]),
        (
            "experiments/consumer-dies.sh",
            ["== C12 is false as stated: ", " of 2000 tasks were lost with "],
        ),
        ("experiments/slow-consumer.sh", ["== C10 holds by count alone: ", " times the ideal."]),
        (
            "experiments/late-subscriber.sh",
            ["== The slow joiner: ", "== The remedy: with --wait-for 1, 0 "],
        ),
    ] {
        let ended = script(name).start().wait();
        assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
        for verdict in verdicts {
            assert!(ended.stdout.contains(verdict), "{name}: {verdict}: {}", ended.stdout);
        }
    }
}

/// The same files, by a path that needs quotes.
#[test]
fn scripts_run_in_a_path_with_spaces_and_chinese_characters() {
    let _ports = DefaultPorts::take();
    // For its builds.
    drop(script("req-rep.sh"));
    let folder = tempfile::tempdir().unwrap();
    symlink(root(), folder.path().join("路 徑 it's")).unwrap();
    fs::create_dir(folder.path().join("暫 存")).unwrap();
    let run = |commands: &str| {
        let commands = format!("cd \"路 徑 it's\"; {commands}");
        let temporary = folder.path().join("暫 存");
        let program = shell(&commands, folder.path()).env("TMPDIR", &temporary);
        program.env("OUTPUT", temporary.join("results.jsonl")).start().wait()
    };
    for commands in [
        "scripts/req-rep.sh",
        "scripts/pub-sub.sh",
        "scripts/pipeline.sh",
        "cd scripts; ./reliable-pipeline.sh --count 20 --output \"$OUTPUT\" -- cat",
        "scripts/experiments/curve.sh",
        "\"$(scripts/python.sh)\" -c 'import zmq'",
    ] {
        let ended = run(commands);
        assert_eq!(ended.code, Some(0), "{commands}: {ended:?}");
    }
    // What tmux gives to the shell of a pane.
    let (tmux, prints) =
        (folder.path().join("tmux"), "for last; do :; done; printf '%s\\n' \"$last\"");
    fs::write(&tmux, format!("#!/bin/sh\n{prints}\n")).unwrap();
    fs::set_permissions(&tmux, fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("PATH='{}':\"$PATH\"", folder.path().display());
    let opened = run(&format!("{search} scripts/tmux.sh req-rep"));
    let pane = opened.stdout.lines().find(|line| line.contains("/zmq_client;")).unwrap();
    let _server = rust("zmq_server").start();
    let ended = shell(pane, folder.path()).start().wait();
    assert_eq!(ended.stdout, "b\"new message\"\n", "{pane}: {ended:?}");
}

/// With a fake tmux that logs its arguments: the real one needs a terminal.
#[test]
fn tmux_opens_each_program_in_a_pane_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (tmux, log) = (folder.path().join("tmux"), folder.path().join("log"));
    fs::write(&tmux, "#!/bin/sh\necho \"$*\" >>\"$LOG\"\necho @1\n").unwrap();
    fs::set_permissions(&tmux, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    for (pattern, programs) in [
        ("req-rep", &["zmq_server", "zmq_client"][..]),
        ("pub-sub", &["publisher", "subscriber client1", "subscriber client2"]),
        ("pipeline", &["producer", "consumer", "resultcollector"]),
    ] {
        for (inside, first, last) in
            [("", "new-session -d ", "attach-session "), ("1", "new-window ", "")]
        {
            fs::write(&log, "").unwrap();
            let tmux = script("tmux.sh").arg(pattern).env("PATH", &path).env("LOG", &log);
            let ended = tmux.env("TMUX", inside).start().wait();
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let log = fs::read_to_string(&log).unwrap();
            let opened = log.lines().filter(|line| line.contains("trap"));
            let opened: Vec<_> = opened.collect();
            assert_eq!(opened.len(), programs.len(), "{log}");
            for (line, program) in opened.iter().zip(programs) {
                assert!(line.contains(&format!("/debug'/{program}; ")), "{line}");
            }
            assert!(opened[0].starts_with(first), "{log}");
            assert!(opened[1..].iter().all(|line| line.starts_with("split-window ")), "{log}");
            assert_eq!(
                log.lines().last().unwrap().starts_with("attach-session "),
                !last.is_empty()
            );
        }
    }
}
