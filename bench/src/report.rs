//! The tables of a run, on stdout or in a document.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context, Result};

use crate::markdown::Table;
use crate::results::Results;

/// The lines of a document between which the tables stand.
const MARKS: [&str; 2] =
    ["<!-- the tables of bench/results/results.json -->\n", "<!-- end of the tables -->\n"];

/// Writes the tables to stdout, or into the document `into`, replacing its old ones.
///
/// # Errors
///
/// A document without the marks; one that cannot be read or written.
pub fn write(results: &Results, into: Option<&Path>) -> Result<()> {
    let tables = tables(results)?;
    let Some(path) = into else {
        return io::stdout().write_all(tables.as_bytes()).context("cannot write to stdout");
    };
    let document =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let updated = replace(&document, &tables)
        .with_context(|| format!("{} has no marks for the tables", path.display()))?;
    fs::write(path, updated).with_context(|| format!("cannot write {}", path.display()))
}

/// The document with `tables` between its marks.
fn replace(document: &str, tables: &str) -> Option<String> {
    let [begin, end] = MARKS;
    let (before, rest) = document.split_once(begin)?;
    let (_old, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{tables}{end}{after}"))
}

fn tables(results: &Results) -> Result<String> {
    let Results { date, command, machine, versions, experiments } = results;
    let versions: Vec<String> =
        versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut text = format!("`{command}`, {date}, on {machine}; {}.\n\n", versions.join(", "));
    for experiment in experiments {
        writeln!(text, "{}", Table(experiment))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_shows_the_results() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let json = fs::read_to_string(root.join("bench/results/results.json")).unwrap();
        let results = serde_json::from_str(&json).unwrap();
        let document = fs::read_to_string(root.join("BENCHMARKS.md")).unwrap();
        assert_eq!(replace(&document, &tables(&results).unwrap()).unwrap(), document);
    }
}
