//! The bare programs: the READMEs show them complete, and they stay short.

use std::fs;

use e2e::{PROGRAMS, root};

use crate::markdown::{Block, blocks, document};
use crate::{PATTERNS, lines};

/// The widest line of code that a page shows without a scroll bar.
const WIDTH: usize = 90;

/// The bare programs of a pattern in the order of the lesson, Python before Rust, as paths in the
/// pattern's folder.
fn bare_programs(pattern: &str) -> Vec<String> {
    let programs = PROGRAMS.iter().filter(|name| root().join(pattern).join(name).is_dir());
    let files = |name| [format!("python/bare/{name}.py"), format!("{name}/examples/{name}.rs")];
    programs.flat_map(files).collect()
}

/// A program without its documentation.
fn program(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let program = if let Some(documented) = text.strip_prefix("\"\"\"") {
        documented.split_once("\"\"\"\n").unwrap().1
    } else {
        let documentation = text.split_inclusive('\n').take_while(|line| line.starts_with("//!"));
        &text[documentation.map(str::len).sum()..]
    };
    assert!(program.len() < text.len(), "{path} has no documentation");
    program.trim_start().to_owned()
}

#[test]
fn bare_programs_stand_whole_in_the_readmes() {
    for pattern in PATTERNS {
        let (programs, mut shown) = (bare_programs(pattern), Vec::new());
        for Block { link, text, .. } in blocks(&document(&format!("{pattern}/README.md"))) {
            let Some(path) = link.filter(|path| programs.contains(path)) else { continue };
            assert_eq!(text, program(&format!("{pattern}/{path}")), "{pattern}/{path}");
            assert!(text.lines().all(|line| line.len() <= WIDTH), "{pattern}/{path} is too wide");
            shown.push(path);
        }
        assert_eq!(shown, programs, "{pattern}/README.md");
    }
}

#[test]
fn bare_programs_have_9_to_15_lines_of_code() {
    let mut counted = 0;
    for pattern in PATTERNS {
        for path in bare_programs(pattern).iter().filter(|path| path.contains("/examples/")) {
            let program = program(&format!("{pattern}/{path}"));
            let code = |line: &&str| {
                !line.is_empty() && !line.starts_with("use ") && !line.starts_with("//")
            };
            let lines = lines(&program).into_iter().filter(code).count();
            assert!((9..=15).contains(&lines), "{path} has {lines} lines of code");
            counted += 1;
        }
    }
    assert_eq!(counted, PROGRAMS.len());
}
