//! The Chinese pages: where they lead, how they show, and their words.

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::languages::{chinese, fail_with, is_chinese};
use crate::markdown::{document, parse};
use crate::page::{Link, Page, paths};

/// Words of other regions or of the article, and those of a technical writer in Taiwan.
const WORDS: [(&str, &str); 10] = [
    ("演示", "示範"),
    ("殺掉", "強制終止"),
    ("默認", "預設"),
    ("運行", "執行"),
    ("服務器", "伺服器"),
    ("網絡", "網路"),
    ("軟件", "軟體"),
    ("硬盤", "硬碟"),
    ("緩存", "快取或暫存"),
    ("異步", "非同步"),
];

/// A reader of Chinese is led to Chinese, and told where there is none.
#[test]
fn chinese_pages_link_to_chinese_or_say_that_it_is_english() {
    let paths = paths();
    let mut complaints = Vec::new();
    for page in paths.iter().filter(|path| is_chinese(path)).map(|path| Page::read(path)) {
        let own = page.path.replace(".zh-TW.", ".");
        for Link { to, followed_by } in page.sections.iter().flat_map(|section| &section.links) {
            let Some((path, _)) = page.target(to) else { continue };
            if path.strip_suffix(".md").is_none()
                || is_chinese(&path)
                || path.contains("://")
                || path == own
            {
                continue;
            }
            if paths.contains(&chinese(&path)) {
                complaints.push(format!("{} links to {to}: use {}", page.path, chinese(&path)));
            } else if !followed_by.starts_with("（英文") {
                complaints.push(format!(
                    "{} links to {to}, which is English only: put （英文） right after the link",
                    page.path
                ));
            }
        }
    }
    fail_with(&complaints);
}

/// A line break in the source shows as a space: between two Chinese characters that is a gap. And
/// `**` beside Chinese punctuation may show as two stars.
#[test]
fn chinese_pages_show_no_gaps_and_no_stars() {
    let is_chinese_character =
        |c: char| ('\u{3000}'..='\u{9fff}').contains(&c) || ('\u{ff00}'..'\u{fff0}').contains(&c);
    let mut complaints = Vec::new();
    for path in paths().iter().filter(|path| is_chinese(path)) {
        let (text, mut before, mut broken, mut skipped) = (document(path), ' ', false, false);
        for event in parse(&text) {
            match event {
                Event::Start(Tag::CodeBlock(_) | Tag::Image { .. }) => skipped = true,
                Event::End(TagEnd::CodeBlock | TagEnd::Image) => (before, skipped) = (' ', false),
                Event::SoftBreak => broken = true,
                Event::Text(text) | Event::Code(text) if !skipped => {
                    let first = text.chars().next().unwrap_or(' ');
                    if broken && is_chinese_character(before) && is_chinese_character(first) {
                        complaints.push(format!("{path} breaks a line before: {text}"));
                    }
                    if text.contains("**") || before == '*' && first == '*' {
                        complaints.push(format!("{path} shows two stars before: {text}"));
                    }
                    (before, broken) = (text.chars().last().unwrap_or(' '), false);
                }
                Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => before = ' ',
                _ => {}
            }
        }
    }
    fail_with(&complaints);
}

#[test]
fn chinese_pages_use_the_words_of_taiwan() {
    let mut complaints = Vec::new();
    for path in paths().iter().filter(|path| is_chinese(path)) {
        for (line, number) in document(path).lines().zip(1..) {
            for (word, better) in WORDS.iter().filter(|(word, _)| line.contains(word)) {
                complaints.push(format!("{path}:{number} says {word}: write {better}"));
            }
        }
    }
    fail_with(&complaints);
}
