//! Links lead somewhere.

use crate::page::{Page, paths};

/// Files, folders, and headings within pages. Whether other sites answer is not tested.
#[test]
fn links_lead_somewhere() {
    let mut complaints = Vec::new();
    for page in paths().iter().map(|path| Page::read(path)) {
        for link in page.sections.iter().flat_map(|section| &section.links) {
            if page.target(&link.to).is_none() {
                complaints.push(format!("{} links to {}, which is not there", page.path, link.to));
            }
        }
    }
    assert!(complaints.is_empty(), "\n\n{}\n", complaints.join("\n"));
}
