//! The documents are true: programs print what they say, quotes match the files, and both languages
//! have the same content.

mod bare;
mod markdown;
mod own_program;
mod reliable;
mod terminals;
mod transcript;
mod troubleshooting;

use std::fs;
use std::path::Path;

use e2e::{DefaultPorts, PROGRAMS, root, shell};
use markdown::{Block, blocks, code_and_links, document, parse, tables};
use pulldown_cmark::{Event, Tag};
use transcript::{Transcript, replay, transcripts};

const PATTERNS: [&str; 3] = ["req-rep", "pub-sub", "pipeline"];

#[test]
fn transcripts_of_request_reply_are_what_is_printed() {
    replay("req-rep");
}

#[test]
fn transcripts_of_publish_subscribe_are_what_is_printed() {
    replay("pub-sub");
}

#[test]
fn transcripts_of_the_pipeline_are_what_is_printed() {
    replay("pipeline");
}

/// In their order, each in a shell of its own: what one block makes the next ones use, and what one
/// starts it ends.
#[test]
fn commands_that_lock_each_pattern_work_as_they_stand() {
    let _ports = DefaultPorts::take();
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(&document("SECURITY.md"));
    let blocks: Vec<&Block> = blocks.iter().filter(|block| block.language == "sh").collect();
    let [build, keys, patterns @ .., remove] = &blocks[..] else { panic!("no commands") };
    assert!(build.text.starts_with("cargo build"));
    // It waits until nobody holds the output any more.
    let run = |block: &Block| {
        let ended = shell(&block.text, folder.path()).start().wait();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        ended.stdout
    };
    run(keys);
    for (block, last_line) in patterns.iter().zip([
        "b\"new message\"",
        "[b\"client1\", b\"message for client1\"]",
        "results collected: 2000",
        "results: 2000",
    ]) {
        let printed = run(block);
        assert!(printed.lines().any(|line| line == last_line), "{printed}");
    }
    assert_eq!(patterns.len(), 4);
    run(remove);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

/// The lines of a text, without indentation.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// The source files below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: &Path| match path.extension() {
        _ if path.is_dir() => sources(path),
        Some(extension) if extension == "rs" || extension == "py" => {
            vec![fs::read_to_string(path).unwrap()]
        }
        _ => Vec::new(),
    };
    entries.flat_map(|path| of(&path)).collect()
}

#[test]
fn excerpts_stand_in_their_files() {
    let readmes = PATTERNS.map(|pattern| (format!("{pattern}/README.md"), pattern));
    for (readme, folder) in readmes.into_iter().chain([("README.md".to_owned(), "req-rep")]) {
        let sources = sources(&root().join(folder));
        let blocks = blocks(&document(&readme));
        let quoted = |block: &&Block| ["rust", "python"].contains(&block.language.as_str());
        for Block { text, .. } in blocks.iter().filter(quoted) {
            let excerpt = lines(text);
            let stands =
                |source: &String| lines(source).windows(excerpt.len()).any(|w| w == excerpt);
            assert!(sources.iter().any(stands), "{readme} quotes what is not there:\n{text}");
        }
    }
}

#[test]
fn the_table_of_programs_shows_what_the_transcripts_show() {
    let transcripts: Vec<Transcript> = PATTERNS
        .iter()
        .flat_map(|pattern| transcripts(&document(&format!("{pattern}/README.md"))))
        .collect();
    let readme = document("README.md");
    let mut programs = Vec::new();
    let tables = tables(&readme);
    for row in &tables[0] {
        let [_articles, program, _terminal, typed, seen] = &row[..] else { panic!("{row:?}") };
        let [command] = &typed[..] else { panic!("{row:?} is to name one command") };
        let transcript = transcripts.iter().find(|transcript| transcript.command == *command);
        let transcript = transcript.unwrap_or_else(|| panic!("no transcript of {command}"));
        for line in seen {
            assert!(transcript.seen.lines().any(|shown| shown == line), "{command}: {line}");
        }
        assert!(!seen.is_empty(), "{command} shows nothing");
        programs.extend(program.clone());
    }
    assert_eq!(programs, PROGRAMS);
}

/// The number of the claim that a test of this name proves: 7 for `c7_…`.
fn claim(name: &str) -> Option<u32> {
    name.strip_prefix('c')?.split('_').next()?.parse().ok()
}

/// The names of the tests that prove a claim, in the order of the claims.
fn claims() -> Vec<String> {
    let sources = sources(&root().join("e2e/tests"));
    let names = sources.iter().flat_map(|source| source.split("#[test]\nfn ").skip(1));
    let names = names.filter_map(|test| test.split('(').next());
    let mut claims: Vec<_> =
        names.filter(|name| claim(name).is_some()).map(str::to_owned).collect();
    claims.sort_by_key(|name| claim(name));
    claims
}

#[test]
fn the_table_of_claims_and_the_tests_agree() {
    let claims = claims();
    for readme in ["README.md", "README.zh-TW.md"] {
        let mut proved = Vec::new();
        let tables = tables(&document(readme));
        for row in &tables[1] {
            let [_id, _claim, _verdict, _figure, test, script] = &row[..] else {
                panic!("{row:?}")
            };
            assert!(script.iter().all(|script| root().join(script).is_file()), "{script:?}");
            proved.extend(test.clone());
        }
        assert_eq!(proved, claims, "{readme}");
        assert_eq!(proved.len(), 13);
    }
}

#[test]
fn both_readmes_have_the_same_commands_and_links() {
    let links_to_each_other = |found: &String| !found.starts_with("README");
    let [english, chinese] = ["README.md", "README.zh-TW.md"].map(|path| {
        let found = code_and_links(&document(path)).into_iter();
        found.filter(links_to_each_other).collect::<Vec<String>>()
    });
    assert_eq!(english, chinese);
}

/// A line break in the source shows as a space: between two Chinese characters that is a gap.
#[test]
fn no_line_breaks_between_two_chinese_characters() {
    let chinese = |line: &str, at: fn(std::str::Chars<'_>) -> Option<char>| {
        at(line.trim().chars())
            .is_some_and(|c| ('\u{3000}'..='\u{9fff}').contains(&c) || c > '\u{ff00}')
    };
    let readme = document("README.zh-TW.md");
    for (line, next) in readme.lines().zip(readme.lines().skip(1)) {
        let gap =
            chinese(line, |mut line| line.next_back()) && chinese(next, |mut line| line.next());
        assert!(!gap, "{line}\n{next}");
    }
}

#[test]
fn links_lead_somewhere() {
    let readmes = PATTERNS.map(|pattern| format!("{pattern}/README.md"));
    for path in readmes.iter().map(String::as_str).chain([
        "README.md",
        "README.zh-TW.md",
        "BENCHMARKS.md",
        "SECURITY.md",
        "zmq-sys/README.md",
        "reliable-pipeline/PROTOCOL.md",
    ]) {
        let folder = root().join(path).parent().unwrap().to_owned();
        for event in parse(&document(path)) {
            let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
            let file = dest_url.split('#').next().unwrap();
            let exists = file.starts_with("https://") || folder.join(file).exists();
            assert!(exists, "{path} links to {dest_url}");
        }
    }
}
