//! The parts of the workspace's Markdown documents.

use std::fs;

use e2e::root;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A fenced code block.
pub struct Block {
    /// The number of headings above it.
    pub section: usize,
    pub language: String,
    /// The target of the last link in the paragraph right above.
    pub link: Option<String>,
    pub text: String,
}

/// The text of a document.
pub fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn parse(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

pub fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut section, mut inside, mut link) = (Vec::new(), 0, false, None);
    for event in parse(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => (section, link) = (section + 1, None),
            Event::Start(Tag::Paragraph) => link = None,
            Event::Start(Tag::Link { dest_url, .. }) => link = Some(dest_url.into_string()),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let (language, link) = (language.into_string(), link.take());
                blocks.push(Block { section, language, link, text: String::new() });
                inside = true;
            }
            Event::Text(text) if inside => blocks.last_mut().unwrap().text.push_str(&text),
            Event::End(TagEnd::CodeBlock) => inside = false,
            _ => {}
        }
    }
    blocks
}

/// The code in each cell of each row of a table.
pub type Table = Vec<Vec<Vec<String>>>;

/// The tables of a document, in their order: in the README the programs, the claims, and the map.
pub fn tables(text: &str) -> Vec<Table> {
    let (mut tables, mut inside) = (Vec::<Table>::new(), false);
    for event in parse(text) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableRow) => tables.last_mut().unwrap().push(Vec::new()),
            Event::Start(Tag::TableCell) => {
                // The head of a table is not a row.
                if let Some(row) = tables.last_mut().unwrap().last_mut() {
                    row.push(Vec::new());
                    inside = true;
                }
            }
            Event::End(TagEnd::TableCell) => inside = false,
            Event::Code(code) if inside => {
                let cell = tables.last_mut().unwrap().last_mut().unwrap().last_mut().unwrap();
                cell.push(code.into_string());
            }
            _ => {}
        }
    }
    tables
}
