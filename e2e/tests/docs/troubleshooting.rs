//! The page of troubles: each message that it quotes is printed by the command beside it, or stands
//! in the source.

use e2e::{DefaultPorts, root};

use crate::markdown::{Block, blocks, document, tables};
use crate::{sources, terminals};

const PAGE: &str = "TROUBLESHOOTING.md";

/// What other programs print is in `text`: pip, Python and cargo.
#[test]
fn messages_of_the_troubles_are_printed_by_their_commands() {
    let _ports = DefaultPorts::take();
    let blocks = blocks(&document(PAGE));
    let mut run = 0;
    for section in blocks.chunk_by(|one, next| one.section == next.section) {
        // The Python of the workspace is set up by other tests, below the workspace's folder.
        let here = |block: &&Block| !block.text.contains("scripts/python.sh");
        let folder = tempfile::tempdir().unwrap();
        terminals::run(section.iter().filter(here), folder.path());
        run += section.iter().filter(|block| block.language == "console").count();
    }
    assert!(run > 40, "{run}");
}

/// A message in a table's first column is one of the source's, with `…` for what differs.
#[test]
fn messages_in_the_tables_of_troubles_stand_in_the_source() {
    let folders = ["common", "reliable-pipeline", "curve_keygen"];
    let sources: Vec<String> =
        folders.iter().flat_map(|name| sources(&root().join(name))).collect();
    // Long strings go on in the next line.
    let sources = sources.iter().map(|source| {
        let lines = source.split("\\\n").enumerate();
        lines.map(|(at, line)| if at == 0 { line } else { line.trim_start() }).collect::<String>()
    });
    let source = sources.collect::<String>().to_lowercase();
    let tables = tables(&document(PAGE));
    let messages = tables.iter().flatten().filter_map(|row| row[0].first());
    let mut quoted = 0;
    for message in messages {
        for part in message.split('…').map(|part| part.trim_matches([' ', ':', '(', ')'])) {
            assert!(
                source.contains(&part.to_lowercase()),
                "no program says {part:?} of {message:?}"
            );
        }
        quoted += 1;
    }
    assert!(quoted > 20, "{quoted}");
}
