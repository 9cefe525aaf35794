//! The book, read in a browser.

use std::fs;
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
    let [said, failed] = [&looked.stdout, &looked.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(looked.status.success(), "{said}{failed}");
}

/// The files of a book's chapters, in order, as its table of contents nests them.
fn chapters(language: &str) -> Vec<String> {
    let contents = root().join("book").join(language).join("src/SUMMARY.md");
    let contents = fs::read_to_string(contents).unwrap();
    let entry = |line: &str| {
        let (title, rest) = line.split_once("](")?;
        Some(format!("{}{rest}", &title[..title.find('-')?]))
    };
    contents.lines().filter_map(entry).collect()
}

#[test]
fn both_languages_have_the_same_chapters() {
    let (english, chinese) = (chapters("en"), chapters("zh-TW"));
    assert!(english.len() > 10, "{english:?}");
    assert_eq!(english, chinese);
}
