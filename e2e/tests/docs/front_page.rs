//! The front page: what its commands print, its table of programs, and its list of claims.

use std::fs;

use e2e::{DefaultPorts, PROGRAMS, root, script, shell};
use pulldown_cmark::{Event, Tag, TagEnd};

use crate::markdown::{Block, blocks, document, parse, tables};
use crate::transcript::{Transcript, transcripts};
use crate::{PATTERNS, sources};

/// The first block in a language that has this text.
fn block(language: &str, text: &str) -> Block {
    let blocks = blocks(&document("README.md")).into_iter();
    let mut wanted = blocks.filter(|block| block.language == language && block.text.contains(text));
    wanted.next().unwrap_or_else(|| panic!("README.md has no {language} block with {text}"))
}

/// A line with each number as 0: the next run has others.
fn without_numbers(line: &str) -> String {
    let mut kept = String::new();
    for character in line.chars() {
        match character {
            '0'..='9' if kept.ends_with('0') => {}
            '0'..='9' => kept.push('0'),
            other => kept.push(other),
        }
    }
    kept
}

/// In any order, since the programs run side by side; a line that ends in … goes on.
#[test]
fn the_first_command_prints_what_the_page_shows() {
    let _ports = DefaultPorts::take();
    let block = block("console", "$ scripts/pipeline.sh\n");
    let ended = script("pipeline.sh").start().wait();
    // Where the machine is slow, the programs say what they wait for.
    let printed = ended.stdout.lines().filter(|line| !line.contains(" | note: "));
    let printed: Vec<String> = printed.map(without_numbers).collect();
    let shown: Vec<String> = block.text.lines().skip(1).map(without_numbers).collect();
    assert_eq!(shown.len(), printed.len(), "{printed:#?}");
    for line in shown {
        let found = match line.strip_suffix('…') {
            Some(begin) => printed.iter().any(|printed| printed.starts_with(begin)),
            None => printed.contains(&line),
        };
        assert!(found, "the page shows {line:?}: {printed:#?}");
    }
}

/// In another folder, which gets the output: the workspace's may have one already.
#[test]
fn the_reliable_pipeline_works_as_it_is_typed() {
    let _ports = DefaultPorts::take();
    // For its builds.
    drop(script("reliable-pipeline.sh"));
    let folder = tempfile::tempdir().unwrap();
    let tasks = "reliable-pipeline";
    std::os::unix::fs::symlink(root().join(tasks), folder.path().join(tasks)).unwrap();
    let commands = block("sh", "scripts/reliable-pipeline.sh").text;
    let scripts = format!("'{}'/", root().join("scripts").display());
    let commands = commands.replace("scripts/", &scripts);
    let ended = shell(&commands, folder.path()).start().wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let results = fs::read_to_string(folder.path().join("results.jsonl")).unwrap();
    assert_eq!(results.lines().count(), 101, "{results}");
    assert!(ended.stdout.ends_with(&results[results.len() - 200..]), "{ended:?}");
    assert!(results.contains("\"result\":\"1000000000000037: 1000000000000037\""), "{results}");
}

#[test]
fn the_table_of_programs_shows_what_the_transcripts_show() {
    let transcripts: Vec<Transcript> = PATTERNS
        .iter()
        .flat_map(|pattern| transcripts(&document(&format!("{pattern}/README.md"))))
        .collect();
    let mut programs = Vec::new();
    let tables = tables(&document("README.md"));
    for row in tables.iter().find(|table| table[0].len() == 3 && !table[0][0].is_empty()).unwrap() {
        let [_article, typed, seen] = &row[..] else { panic!("{row:?}") };
        let [command] = &typed[..] else { panic!("{row:?} is to name one command") };
        let transcript = transcripts.iter().find(|transcript| transcript.command == *command);
        let transcript = transcript.unwrap_or_else(|| panic!("no transcript of {command}"));
        for line in seen {
            assert!(transcript.seen.lines().any(|shown| shown == line), "{command}: {line}");
        }
        assert!(!seen.is_empty(), "{command} shows nothing");
        programs.push(command.split(' ').nth(4).unwrap().to_owned());
    }
    programs.dedup();
    assert_eq!(programs, PROGRAMS);
}

/// The number of the claim that a test of this name proves: 7 for `c7_…`.
fn claim(name: &str) -> Option<usize> {
    name.strip_prefix('c')?.split('_').next()?.parse().ok()
}

/// The numbers of the claims that have a test.
fn proved() -> Vec<usize> {
    let sources = sources(&root().join("e2e/tests"));
    let names = sources.iter().flat_map(|source| source.split("#[test]\nfn ").skip(1));
    let mut claims: Vec<_> =
        names.filter_map(|test| claim(test.split('(').next().unwrap())).collect();
    claims.sort_unstable();
    claims
}

/// The claims that a page lists: the number, and the links of the item.
fn listed(path: &str) -> Vec<(usize, Vec<String>)> {
    let (mut listed, mut begins) = (Vec::<(usize, Vec<String>)>::new(), false);
    for event in parse(&document(path)) {
        match event {
            Event::Start(Tag::Strong) => begins = true,
            Event::Text(text) if begins => {
                let number = text.strip_prefix('C').and_then(|rest| rest.split([':', '：']).next());
                if let Some(number) = number.and_then(|number| number.parse().ok()) {
                    listed.push((number, Vec::new()));
                }
                begins = false;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                if let Some((_, links)) = listed.last_mut() {
                    links.push(dest_url.into_string());
                }
            }
            Event::End(TagEnd::List(_)) if !listed.is_empty() => break,
            _ => {}
        }
    }
    listed
}

#[test]
fn each_claim_is_listed_with_its_test_and_its_script() {
    let proved = proved();
    assert!(proved.iter().copied().eq(0..proved.len()), "{proved:?}");
    for page in ["README.md", "README.zh-TW.md"] {
        let listed = listed(page);
        let numbers: Vec<usize> = listed.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, proved, "{page}");
        for (number, links) in listed {
            let [test, script, ..] = &links[..] else { panic!("{page}, C{number}: {links:?}") };
            let read = |path| fs::read_to_string(root().join(path)).unwrap();
            let proof = format!("#[test]\nfn c{number}_");
            assert!(read(test).contains(&proof), "{page}, C{number}: {test} has no {proof}");
            let script = read(script);
            let about = script.lines().nth(1).unwrap();
            let names_it = about.split([':', ' ']).any(|word| word == format!("C{number}"));
            assert!(names_it, "{page}, C{number}: its script is about something else: {about}");
        }
    }
}

#[test]
fn every_experiment_stands_on_the_front_page() {
    let page = document("README.md");
    for entry in fs::read_dir(root().join("scripts/experiments")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(page.contains(&format!("scripts/experiments/{name}")), "{name}");
    }
}
