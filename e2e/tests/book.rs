//! The book, read in a browser.

use std::process::Command;

use e2e::{browser, root};

/// All pages of both languages, at the widths of a repository's page and of a telephone: no link is
/// dead, nothing is cut off, and the console stays empty. Words are found, and answers open.
#[test]
fn the_book_can_be_read_in_both_languages() {
    let Some(modules) = browser() else { return };
    let built = Command::new(root().join("scripts/book.sh")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut look = Command::new("node");
    look.arg(root().join("book/browser.js")).arg(root().join("target/book")).arg(modules);
    let looked = look.output().unwrap();
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stdout));
}
