//! Every command that a page shows is run by a test, or listed with the reason why none runs it.

mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use e2e::root;
use known::{COMMANDS, TYPED, Where};

use crate::languages::without_comment;
use crate::page::{Page, paths};

/// What a command begins with, when more follows: on its own it is a name.
const TOOLS: [&str; 31] = [
    "apt-get",
    "brew",
    "cargo",
    "cat",
    "chmod",
    "consumer",
    "cp",
    "curl",
    "curve_keygen",
    "dispatcher",
    "docker",
    "git",
    "kubectl",
    "mkdir",
    "pip",
    "producer",
    "publisher",
    "python3",
    "resultcollector",
    "rustup",
    "sbatch",
    "scancel",
    "sh",
    "sink",
    "ssh",
    "subscriber",
    "sudo",
    "systemctl",
    "worker",
    "zmq_client",
    "zmq_server",
];

/// Whether code in the text is a command that a reader may type.
fn is_command(code: &str) -> bool {
    let script =
        |path: &str| path.strip_suffix(".sh").is_some() && !path.starts_with("scripts/lib/");
    match code.split_once(' ') {
        // A table that a program prints.
        _ if code.contains("  ") => false,
        Some((first, _)) => TOOLS.contains(&first) || first.contains('/'),
        None => code.starts_with("scripts/") && script(code),
    }
}

/// The commands of a listing: its lines, those after a prompt in a transcript.
fn commands_of(language: &str, text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let mut commands = Vec::new();
    while let Some(line) = lines.next() {
        let line = match language {
            "console" => line.strip_prefix("$ ").unwrap_or(""),
            _ => without_comment(language, line).trim(),
        };
        let mut command = line.to_owned();
        while let Some(begun) = command.strip_suffix('\\') {
            command = format!("{} {}", begun.trim_end(), lines.next().unwrap_or("").trim());
        }
        if let Some((_, word)) = command.split_once("<<") {
            let end = word.split_whitespace().next().unwrap().trim_matches(['\'', '"']).to_owned();
            lines.by_ref().find(|line| *line == end);
        }
        let command = command.trim_end_matches('&').trim();
        if !command.is_empty() {
            commands.push(command.to_owned());
        }
    }
    commands
}

/// The test that types all listings of a page, if there is one.
fn typed(path: &str) -> Option<&'static Where> {
    let english = path.replace(".zh-TW.md", ".md");
    TYPED.iter().find(|(page, _)| *page == english).map(|(_, test)| test)
}

/// All commands that no such test types, each with a page that shows it.
fn shown() -> BTreeMap<String, String> {
    let (mut shown, mut run) = (BTreeMap::new(), BTreeSet::new());
    for page in paths().iter().map(|path| Page::read(path)) {
        let show = |command| (command, page.path.clone());
        for section in &page.sections {
            let inline = section.code.iter().filter(|code| is_command(code));
            shown.extend(inline.cloned().map(show));
            let listings = section
                .listings
                .iter()
                .filter(|(language, _)| language == "sh" || language == "console");
            let listed = listings.flat_map(|(language, text)| commands_of(language, text));
            match typed(&page.path) {
                Some(_) => run.extend(listed),
                None => shown.extend(listed.map(show)),
            }
        }
    }
    shown.retain(|command, _| !run.contains(command));
    shown
}

/// What is wrong with what the table says of a command.
fn complaint(command: &str, place: &Where) -> Option<String> {
    let (path, test) = match place {
        Where::Test(path, test) => (path, test),
        Where::Not(reason) => return reason.is_empty().then(|| "has no reason".to_owned()),
    };
    let Ok(source) = fs::read_to_string(root().join(path)) else {
        return Some(format!("is said to be run in {path}, which is not there"));
    };
    let Some((_, body)) = source.split_once(&format!("fn {test}(")) else {
        return Some(format!("is said to be run by {test}, which is not in {path}"));
    };
    let script =
        command.split([' ', '/', '"', ')']).find(|word| word.strip_suffix(".sh").is_some())?;
    let body = body.split("\n}\n").next().unwrap();
    (!body.contains(script)).then(|| format!("is said to be run by {test}, which has no {script}"))
}

#[test]
fn every_command_is_run_by_a_test_or_listed_with_a_reason() {
    let shown = shown();
    let mut complaints = Vec::new();
    for (command, page) in &shown {
        if command.starts_with("cargo test") {
            continue;
        }
        match COMMANDS.iter().find(|(known, _)| known == command) {
            None => {
                complaints.push(format!("{page} shows a command that is not listed: {command}"));
            }
            Some((_, place)) => {
                complaints
                    .extend(complaint(command, place).map(|wrong| format!("`{command}` {wrong}")));
            }
        }
    }
    for (command, _) in COMMANDS {
        if !shown.contains_key(*command) {
            complaints.push(format!("no page shows this any more: {command}"));
        }
    }
    for (page, test) in TYPED {
        complaints.extend(complaint("", test).map(|wrong| format!("what {page} shows {wrong}")));
    }
    assert!(
        complaints.is_empty(),
        "\n\n{}\n\nThe list is e2e/tests/docs/commands/known.rs: each command with the test that runs it, or \
         with the reason why none does.\n",
        complaints.join("\n")
    );
}

/// The folder of a package: at the root, or in a folder there.
fn package(name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut folders = entries.chain([root().to_owned()]).map(|folder| folder.join(name));
    folders.find(|folder| folder.join("Cargo.toml").is_file())
}

/// The names of the tests of a target such as `--test docs`, with those of their modules.
fn tests(package: &Path, target: &str) -> Option<Vec<String>> {
    let folder = package.join("tests");
    let file = folder.join(format!("{target}.rs"));
    let files = match fs::read_dir(folder.join(target)) {
        _ if file.is_file() => vec![file],
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).filter(|p| p.is_file()).collect(),
        Err(_) => return None,
    };
    let of = |file: PathBuf| {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = fs::read_to_string(file).unwrap();
        let names = source.split("#[test]\nfn ").skip(1);
        let names = names.map(|test| format!("{module}::{}", test.split('(').next().unwrap()));
        names.collect::<Vec<_>>()
    };
    Some(files.into_iter().flat_map(of).collect())
}

/// They are not run within a test, but there is what they are to run.
#[test]
fn commands_that_run_tests_select_tests_that_exist() {
    let mut complaints = Vec::new();
    for (command, page) in shown() {
        let Some(words) = command.strip_prefix("cargo test ") else { continue };
        let words: Vec<&str> = words.split(' ').filter(|word| *word != "--locked").collect();
        let wrong = match words[..] {
            ["--workspace"] => None,
            ["-p", name] => package(name).is_none().then_some("there is no such package"),
            ["-p", name, "--test", target, ref filters @ ..] => {
                match package(name).and_then(|package| tests(&package, target)) {
                    None => Some("there is no such package or test"),
                    Some(tests) => {
                        let selects =
                            |filter: &&str| tests.iter().any(|test| test.contains(filter));
                        (!filters.iter().all(selects)).then_some("no test has this name")
                    }
                }
            }
            _ => Some(
                "with `--test FILE` after `-p PACKAGE` it prints no page of \"running 0 tests\"",
            ),
        };
        complaints.extend(wrong.map(|wrong| format!("{page}: {command}: {wrong}")));
    }
    assert!(complaints.is_empty(), "\n\n{}\n", complaints.join("\n"));
}
