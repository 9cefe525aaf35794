//! The documents are true: what they say a program prints is what it prints, what they quote stands
//! in its file, and both languages say the same.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use e2e::{DefaultPorts, PROGRAMS, Process, Program, Signal, python, root, rust, script};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

const PATTERNS: [&str; 3] = ["req-rep", "pub-sub", "pipeline"];

/// A fenced code block.
struct Block {
    /// How many headings stand above it.
    section: usize,
    language: String,
    text: String,
}

/// What a user typed in a terminal, and saw there.
struct Transcript {
    section: usize,
    command: String,
    seen: String,
    /// Whether Ctrl-C ended the program.
    interrupted: bool,
}

/// All of a document, as it stands in its file.
fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parse(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut section, mut inside) = (Vec::new(), 0, false);
    for event in parse(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => section += 1,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let language = language.into_string();
                blocks.push(Block { section, language, text: String::new() });
                inside = true;
            }
            Event::Text(text) if inside => blocks.last_mut().unwrap().text.push_str(&text),
            Event::End(TagEnd::CodeBlock) => inside = false,
            _ => {}
        }
    }
    blocks
}

fn transcripts(text: &str) -> Vec<Transcript> {
    let consoles = blocks(text).into_iter().filter(|block| block.language == "console");
    consoles.map(|block| Transcript::new(&block)).collect()
}

impl Transcript {
    fn new(block: &Block) -> Self {
        let (prompt, seen) = block.text.split_once('\n').unwrap();
        let command = prompt.strip_prefix("$ ").unwrap_or_else(|| panic!("no prompt: {prompt}"));
        let interrupted = seen.contains("^C\n");
        let seen = seen.replace("^C\n", "");
        Self { section: block.section, command: command.to_owned(), seen, interrupted }
    }

    /// The command, in a form that needs no building and no activated environment.
    fn program(&self) -> Program {
        let words = shlex::split(&self.command).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["cargo", "run", "-q", "-p", name, "--", ref args @ ..]
            | ["cargo", "run", "-q", "-p", name, ref args @ ..] => rust(name).args(args),
            ["python3", path, ref args @ ..] => python(path).args(args),
            [path, ref args @ ..] if path.starts_with("scripts/") => {
                script(&path["scripts/".len()..]).args(args)
            }
            _ => panic!("no test knows how to run {}", self.command),
        }
    }

    /// Compares what a program printed with what the document says: `[..]` stands for anything in a
    /// line, and `...` for any lines.
    fn compare(&self, process: Process) {
        let printed = process.wait().both;
        let compared = snapbox::Assert::new().normalize_paths(false).try_eq(
            Some(&self.command),
            printed.into(),
            self.seen.clone().into(),
        );
        compared.unwrap_or_else(|difference| panic!("{difference}"));
    }
}

/// Runs the terminals of each section side by side, as the reader is told to.
fn replay(pattern: &str) {
    let _ports = DefaultPorts::take();
    let transcripts = transcripts(&document(&format!("{pattern}/README.md")));
    assert!(!transcripts.is_empty());
    for session in transcripts.chunk_by(|one, next| one.section == next.section) {
        let start = |transcript| (transcript, Transcript::program(transcript).start_merged());
        let started: Vec<(&Transcript, Process)> = session.iter().map(start).collect();
        let (endless, finite): (Vec<_>, Vec<_>) =
            started.into_iter().partition(|(transcript, _)| transcript.interrupted);
        for (transcript, process) in finite {
            transcript.compare(process);
        }
        for (transcript, process) in endless {
            process.signal(Signal::SIGINT);
            transcript.compare(process);
        }
    }
}

#[test]
fn transcripts_of_request_reply_are_what_is_printed() {
    replay("req-rep");
}

#[test]
fn transcripts_of_publish_subscribe_are_what_is_printed() {
    replay("pub-sub");
}

#[test]
fn transcripts_of_the_pipeline_are_what_is_printed() {
    replay("pipeline");
}

/// The lines of a text, without what indents them.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// The source files below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: &Path| match path.extension() {
        _ if path.is_dir() => sources(path),
        Some(extension) if extension == "rs" || extension == "py" => {
            vec![fs::read_to_string(path).unwrap()]
        }
        _ => Vec::new(),
    };
    entries.flat_map(|path| of(&path)).collect()
}

#[test]
fn excerpts_stand_in_their_files() {
    for pattern in PATTERNS {
        let sources = sources(&root().join(pattern));
        let blocks = blocks(&document(&format!("{pattern}/README.md")));
        let excerpts = blocks.iter().filter(|block| block.language != "console");
        for Block { text, .. } in excerpts {
            let excerpt = lines(text);
            let stands =
                |source: &String| lines(source).windows(excerpt.len()).any(|w| w == excerpt);
            assert!(
                sources.iter().any(stands),
                "{pattern}/README.md quotes what is not there:\n{text}"
            );
        }
    }
}

/// The code in each cell of each row of a table.
type Table = Vec<Vec<Vec<String>>>;

/// The tables of the README: the programs, and the claims.
fn tables(text: &str) -> [Table; 2] {
    let (mut tables, mut inside) = (Vec::<Table>::new(), false);
    for event in parse(text) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableRow) => tables.last_mut().unwrap().push(Vec::new()),
            Event::Start(Tag::TableCell) => {
                // The head of the table is no row.
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
    tables.try_into().unwrap_or_else(|tables: Vec<_>| panic!("{} tables", tables.len()))
}

#[test]
fn the_table_of_programs_shows_what_the_transcripts_show() {
    let transcripts: Vec<Transcript> = PATTERNS
        .iter()
        .flat_map(|pattern| transcripts(&document(&format!("{pattern}/README.md"))))
        .collect();
    let readme = document("README.md");
    let mut programs = Vec::new();
    let [table, _claims] = tables(&readme);
    for row in table {
        let [_articles, program, _terminal, typed, seen] = &row[..] else { panic!("{row:?}") };
        let [command] = &typed[..] else { panic!("{row:?} is to name one command") };
        let transcript = transcripts.iter().find(|transcript| transcript.command == *command);
        let transcript = transcript.unwrap_or_else(|| panic!("no transcript of {command}"));
        for line in seen {
            assert!(transcript.seen.lines().any(|shown| shown == line), "{command}: {line}");
        }
        assert!(!seen.is_empty(), "{command} shows nothing");
        programs.extend(program.clone());
    }
    assert_eq!(programs, PROGRAMS);
}

/// The names of the tests that prove a claim: `c0_…` to `c12_…`.
fn claims() -> Vec<String> {
    let is_claim = |name: &str| {
        let number = name.strip_prefix('c').and_then(|rest| rest.split('_').next());
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let sources = sources(&root().join("tests/tests"));
    let names = sources.iter().flat_map(|source| source.split("#[test]\nfn ").skip(1));
    let names = names.filter_map(|test| test.split('(').next());
    names.filter(|name| is_claim(name)).map(str::to_owned).collect()
}

#[test]
fn the_table_of_claims_and_the_tests_agree() {
    let mut claims = claims();
    for readme in ["README.md", "README.zh-TW.md"] {
        let mut proved = Vec::new();
        let [_programs, table] = tables(&document(readme));
        for row in table {
            let [_id, _claim, _verdict, test, script] = &row[..] else { panic!("{row:?}") };
            assert!(script.iter().all(|script| root().join(script).is_file()), "{script:?}");
            proved.extend(test.clone());
        }
        let number = |name: &String| name[1..].split('_').next().unwrap().parse::<u32>().unwrap();
        claims.sort_by_key(number);
        assert_eq!(proved, claims, "{readme}");
        assert_eq!(proved.len(), 13);
    }
}

/// All code, but for comments, and all links of a document, in no order: languages order words
/// their own way.
fn code_and_links(text: &str) -> Vec<String> {
    let blocks = blocks(text);
    let lines = blocks.iter().flat_map(|block| block.text.lines());
    let mut found: Vec<String> =
        lines.map(|line| line.split('#').next().unwrap().trim().to_owned()).collect();
    found.extend(parse(text).filter_map(|event| match event {
        Event::Code(code) => Some(code.into_string()),
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    }));
    found.sort();
    found
}

#[test]
fn both_readmes_have_the_same_commands_and_links() {
    let links_to_each_other = |found: &String| !found.starts_with("README");
    let [english, chinese] = ["README.md", "README.zh-TW.md"].map(|path| {
        let found = code_and_links(&document(path)).into_iter();
        found.filter(links_to_each_other).collect::<Vec<String>>()
    });
    assert_eq!(english, chinese);
}

#[test]
fn links_lead_somewhere() {
    let readmes = PATTERNS.map(|pattern| format!("{pattern}/README.md"));
    for path in readmes.iter().map(String::as_str).chain(["README.md", "README.zh-TW.md"]) {
        let folder = root().join(path).parent().unwrap().to_owned();
        for event in parse(&document(path)) {
            let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
            let file = dest_url.split('#').next().unwrap();
            let exists = file.starts_with("https://") || folder.join(file).exists();
            assert!(exists, "{path} links to {dest_url}");
        }
    }
}
