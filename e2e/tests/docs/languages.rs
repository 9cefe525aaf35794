//! Both languages have the same content.

use crate::page::{Link, Page, Section, paths};

/// The pages that have no translation, or none that is compared, and why.
const NOT_COMPARED: [(&str, &str); 4] = [
    ("BENCHMARKS.md", "a program writes its tables; in Chinese there is a guide to reading them"),
    ("CHANGELOG.md", "for those who know an earlier version"),
    (
        "reliable-pipeline/PROTOCOL.md",
        "a specification, for those who write another implementation",
    ),
    ("zmq-sys/README.md", "for those who maintain this build of libzmq"),
];

pub fn chinese(path: &str) -> String {
    format!("{}.zh-TW.md", path.strip_suffix(".md").unwrap())
}

pub fn is_chinese(path: &str) -> bool {
    path.strip_suffix(".zh-TW.md").is_some()
}

/// The English pages that have a Chinese one beside them.
fn pairs() -> Vec<(Page, Page)> {
    let paths = paths();
    let compared = |path: &&String| {
        paths.contains(&chinese(path)) && !NOT_COMPARED.iter().any(|(not, _)| not == path)
    };
    let pairs = paths.iter().filter(|path| !is_chinese(path)).filter(compared);
    pairs.map(|path| (Page::read(path), Page::read(&chinese(path)))).collect()
}

pub fn fail_with(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n\n{}\n", complaints.join("\n\n"));
}

/// Compares something of each section of all pairs.
fn compare(what: &str, of: impl Fn(&Page, &Section) -> Vec<String>) {
    let mut complaints = Vec::new();
    for (english, chinese) in pairs() {
        for (one, other) in english.sections.iter().zip(&chinese.sections) {
            let (of_one, of_other) = (of(&english, one), of(&chinese, other));
            if of_one == of_other {
                continue;
            }
            let mut complaint =
                vec![format!("{}, section {:?}: {what}", chinese.path, other.title)];
            for (only, others, page) in
                [(&of_one, &of_other, &english), (&of_other, &of_one, &chinese)]
            {
                let missing = only.iter().filter(|item| !others.contains(item));
                complaint.extend(missing.map(|item| format!("  only in {}: {item}", page.path)));
            }
            if complaint.len() == 1 {
                complaint.push(format!("  another order: {of_one:?}\n  {of_other:?}"));
            }
            complaints.push(complaint.join("\n"));
        }
    }
    fail_with(&complaints);
}

#[test]
fn every_page_has_a_translation_or_a_reason_for_having_none() {
    let paths = paths();
    let mut complaints = Vec::new();
    for path in &paths {
        if is_chinese(path) {
            let english = path.replace(".zh-TW.md", ".md");
            if !paths.contains(&english) {
                complaints.push(format!("{path} is a translation of {english}, which is missing"));
            }
            continue;
        }
        let translation = chinese(path);
        if !paths.contains(&translation) && !NOT_COMPARED.iter().any(|(known, _)| known == path) {
            complaints.push(format!(
                "{path} has no {translation} beside it: write it, or give the reason in NOT_COMPARED"
            ));
        }
    }
    for path in NOT_COMPARED.map(|(path, _)| path) {
        if !paths.iter().any(|known| known == path) {
            complaints.push(format!("there is no {path}: delete it from NOT_COMPARED"));
        }
    }
    fail_with(&complaints);
}

#[test]
fn both_languages_have_the_same_headings() {
    let mut complaints = Vec::new();
    for (english, chinese) in pairs() {
        let levels =
            |page: &Page| page.sections.iter().map(|section| section.level).collect::<Vec<_>>();
        let titles = |page: &Page| {
            let titles = page.sections.iter().map(|section| section.title.as_str());
            titles.collect::<Vec<_>>().join(" | ")
        };
        if levels(&english) != levels(&chinese) {
            complaints.push(format!(
                "the headings of {} and {} differ:\n  {}\n  {}",
                english.path,
                chinese.path,
                titles(&english),
                titles(&chinese)
            ));
        }
    }
    fail_with(&complaints);
}

/// A line of a listing without its comment, which each language writes in its own words.
pub fn without_comment<'a>(language: &str, line: &'a str) -> &'a str {
    let sign = match language {
        "sh" | "toml" | "python" | "yaml" | "ini" => "#",
        "rust" | "c" => "//",
        _ => return line,
    };
    if line.trim_start().starts_with(sign) {
        return "";
    }
    line.split(&format!(" {sign}")).next().unwrap().trim_end()
}

#[test]
fn both_languages_have_the_same_listings() {
    compare("the listings differ", |_, section| {
        let listing = |(language, text): &(String, String)| {
            let lines = text.lines().map(|line| without_comment(language, line));
            let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
            format!("```{language}\n{}\n```", lines.join("\n"))
        };
        section.listings.iter().map(listing).collect()
    });
}

/// Each once, in any order: the languages differ in word order and pronouns.
#[test]
fn both_languages_name_the_same_commands_and_code() {
    compare("the code in the text differs", |_, section| sorted(section.code.clone()));
}

#[test]
fn both_languages_have_tables_and_lists_of_the_same_shape() {
    compare("tables (cells per row) or lists (points) differ", |_, section| {
        let tables = section.tables.iter().map(|table| format!("table: {table:?}"));
        tables.chain([format!("points: {}", section.points)]).collect()
    });
}

#[test]
fn both_languages_link_to_the_same_places() {
    compare("the links differ", |page, section| {
        // Where a link leads nowhere, another test fails.
        let target = |link: &Link| {
            page.target(&link.to).or_else(|| page.file(&link.to).map(|file| (file, 0)))
        };
        let links = section.links.iter().filter_map(target);
        let links = links.map(|(path, section)| (path.replace(".zh-TW.", "."), section));
        sorted(links.map(|(path, section)| format!("{path}, section {section}")).collect())
    });
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all.dedup();
    all
}

#[test]
fn each_page_begins_with_a_link_to_its_translation() {
    let mut complaints = Vec::new();
    for (english, chinese) in pairs() {
        for (page, other) in [(&english, &chinese), (&chinese, &english)] {
            // What stands before the first heading, and under it.
            let links = page.sections.iter().take(2).flat_map(|section| &section.links);
            if !links
                .into_iter()
                .any(|Link { to, .. }| page.target(to).is_some_and(|(path, _)| path == other.path))
            {
                complaints.push(format!("{} has no link to {} at its top", page.path, other.path));
            }
        }
    }
    fail_with(&complaints);
}
