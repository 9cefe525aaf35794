//! The documents are true: programs print what they say, quotes match the files, and both languages
//! have the same content.

mod bare;
mod chinese;
mod commands;
mod front_page;
mod languages;
mod links;
mod markdown;
mod own_program;
mod page;
mod reliable;
mod terminals;
mod transcript;
mod troubleshooting;

use std::fs;
use std::path::Path;

use e2e::{DefaultPorts, root, shell};
use markdown::{Block, blocks, document};
use transcript::replay;

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
    for pattern in PATTERNS {
        let readme = format!("{pattern}/README.md");
        let sources = sources(&root().join(pattern));
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
