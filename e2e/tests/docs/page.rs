//! The pages: every Markdown document of the workspace, section by section.

use std::fs;
use std::path::{Component, Path, PathBuf};

use e2e::root;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Tag, TagEnd};

use crate::markdown::{document, parse};

/// What stands between two headings, or before the first.
#[derive(Default)]
pub struct Section {
    pub level: Option<HeadingLevel>,
    pub title: String,
    pub code: Vec<String>,
    pub links: Vec<Link>,
    /// The code blocks: language and text.
    pub listings: Vec<(String, String)>,
    /// The number of cells in each row of each table, the head first.
    pub tables: Vec<Vec<usize>>,
    /// How many points its lists have.
    pub points: usize,
}

/// A link or a picture.
pub struct Link {
    pub to: String,
    /// The text that follows it, up to the next piece of Markdown.
    pub followed_by: String,
}

pub struct Page {
    /// Its path below the workspace's root.
    pub path: String,
    pub sections: Vec<Section>,
}

/// All Markdown documents, sorted by path, without what is built or fetched, and without the book's
/// chapters, which only name documents.
pub fn paths() -> Vec<String> {
    let (mut folders, mut found) = (vec![root().to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let other = ["book", "node_modules", "target"].contains(&name.as_str());
            if path.is_dir() && !other && !name.starts_with('.') {
                folders.push(path);
            } else if name.strip_suffix(".md").is_some() {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

impl Page {
    pub fn read(path: &str) -> Self {
        let text = document(path);
        let mut reader = Reader { sections: vec![Section::default()], ..Reader::default() };
        parse(&text).for_each(|event| reader.read(event));
        Self { path: path.to_owned(), sections: reader.sections }
    }

    /// The anchors of the headings, as GitHub makes them; the first section has none.
    fn anchors(&self) -> Vec<String> {
        let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
        let slugs = self.sections.iter().map(|section| {
            let title = section.title.to_lowercase();
            title.chars().filter(kept).collect::<String>().replace(' ', "-")
        });
        let slugs: Vec<String> = slugs.collect();
        let anchors = slugs.iter().enumerate().map(|(number, slug)| {
            match slugs[..number].iter().filter(|earlier| *earlier == slug).count() {
                0 => slug.clone(),
                same => format!("{slug}-{same}"),
            }
        });
        anchors.collect()
    }

    /// The file of a link within the workspace, whether it exists or not: the README of a folder, if it
    /// has one.
    pub fn file(&self, link: &str) -> Option<String> {
        let file = link.split('#').next().unwrap();
        if file.is_empty() {
            return Some(self.path.clone());
        }
        let path = normal(&Path::new(&self.path).parent().unwrap().join(file))?;
        let readme = format!("{path}/README.md");
        Some(if root().join(&readme).is_file() { readme } else { path })
    }

    /// Where a link of this page leads: a path below the root, that of a folder's README if it has
    /// one, and the number of the section. `None` if there is nothing; links to other sites lead to
    /// themselves.
    pub fn target(&self, link: &str) -> Option<(String, usize)> {
        if link.contains("://") {
            return Some((link.to_owned(), 0));
        }
        let (_, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = self.file(link)?;
        if anchor.is_empty() {
            return root().join(&path).exists().then_some((path, 0));
        }
        let page = root().join(&path).is_file().then(|| Page::read(&path))?;
        let section = page.anchors().iter().position(|known| known == anchor)?;
        Some((path, section))
    }
}

/// A path without `..`; `None` if it leaves the workspace.
fn normal(path: &Path) -> Option<String> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => normal.pop().then_some(())?,
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    Some(normal.to_str().unwrap().to_owned())
}

/// Builds the sections, event by event.
#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    in_heading: bool,
    in_listing: bool,
    /// The links that have begun and not ended, the innermost last: a picture may be a link.
    open: Vec<String>,
    /// The last event was the end of a link.
    after_link: bool,
}

impl Reader {
    fn read(&mut self, event: Event<'_>) {
        let after_link = std::mem::take(&mut self.after_link);
        if let Event::Start(Tag::Heading { level, .. }) = event {
            self.sections.push(Section { level: Some(level), ..Section::default() });
            self.in_heading = true;
        }
        let section = self.sections.last_mut().unwrap();
        match event {
            Event::End(TagEnd::Heading(_)) => self.in_heading = false,
            Event::Start(Tag::CodeBlock(kind)) => {
                self.in_listing = true;
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                section.listings.push((language, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => self.in_listing = false,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.open.push(dest_url.into_string());
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let to = self.open.pop().unwrap();
                section.links.push(Link { to, followed_by: String::new() });
                self.after_link = true;
            }
            Event::Start(Tag::Item) => section.points += 1,
            Event::Start(Tag::Table(_)) => section.tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                section.tables.last_mut().unwrap().push(0);
            }
            Event::Start(Tag::TableCell) => {
                *section.tables.last_mut().unwrap().last_mut().unwrap() += 1;
            }
            Event::Html(html) | Event::InlineHtml(html) => section.links.extend(links_in(&html)),
            Event::Text(text) => self.text(&text, after_link),
            Event::Code(code) => {
                if self.in_heading {
                    section.title.push_str(&code);
                }
                section.code.push(code.into_string());
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &CowStr<'_>, after_link: bool) {
        let section = self.sections.last_mut().unwrap();
        if self.in_heading {
            section.title.push_str(text);
        }
        if self.in_listing {
            section.listings.last_mut().unwrap().1.push_str(text);
        }
        if after_link {
            section.links.last_mut().unwrap().followed_by = text.to_string();
        }
    }
}

/// The links and pictures of a piece of HTML.
fn links_in(html: &str) -> Vec<Link> {
    let attributes = ["src=\"", "href=\"", "srcset=\""];
    let values = attributes.iter().flat_map(|name| html.split(name).skip(1));
    let values = values.map(|rest| rest.split('"').next().unwrap().to_owned());
    values.map(|to| Link { to, followed_by: String::new() }).collect()
}
