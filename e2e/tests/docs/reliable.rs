//! The tutorial of the reliable pipeline, typed as it stands.

use std::collections::BTreeMap;

use e2e::{DefaultPorts, rust};

use crate::markdown::{blocks, document, tables};
use crate::terminals;

const PAGE: &str = "reliable-pipeline/README.md";

/// Its sections share a folder, as for a reader.
#[test]
fn the_tutorial_of_the_reliable_pipeline_works_as_it_stands() {
    let _ports = DefaultPorts::take();
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(&document(PAGE));
    let mut run = 0;
    for section in blocks.chunk_by(|one, next| one.section == next.section) {
        // Where the reader builds, and goes to the folder.
        let section = section.iter().filter(|block| !block.text.starts_with("cargo build"));
        let shell = |language: &str| ["sh", "console"].contains(&language);
        run += section.clone().filter(|block| shell(&block.language)).count();
        terminals::run(section, folder.path());
    }
    assert!(run > 10, "{run}");
}

#[test]
fn the_tutorials_flags_are_in_the_helps() {
    let tables = tables(&document(PAGE));
    let mut helps = BTreeMap::new();
    for row in &tables[0] {
        let [flag, of, ..] = &row[..] else { panic!("{row:?}") };
        let program = of[0].as_str();
        let help = helps
            .entry(program)
            .or_insert_with(|| rust(program).arg("--help").start().wait().stdout);
        let words = flag[0].split(' ').collect::<Vec<_>>();
        let name = help.lines().find(|line| {
            let line = line.trim_start();
            line.starts_with('-') && line.split([' ', ',']).any(|word| word == words[0])
        });
        assert!(name.is_some(), "{program} has no {}", words[0]);
        if let Some(default) = flag.get(1) {
            assert!(help.contains(&format!("[default: {default}]")), "{program}: {flag:?}");
        }
    }
    assert_eq!(helps.len(), 3);
}
