//! The lines of the output.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::VERSION;
use crate::message::MAX_TASKS;

/// A reason is cut to this many bytes.
pub const REASON_BYTES: usize = 1 << 10;
/// What a failed command has written to its stdout, and to its stderr, is cut to this many bytes each.
pub const OUTPUT_BYTES: usize = 4 << 10;

/// JSON is nested this deep at most, so that every reader can take it.
pub const DEEPEST: usize = 120;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The job's id.
    pub job: String,
    /// How many tasks it has.
    pub total: u64,
    /// The version of the protocol that began the output.
    pub version: u32,
}

impl Header {
    /// Reads a first line. All versions up to this one have the same lines.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let header: Self = object(line)?;
        if !(1..=VERSION).contains(&header.version) {
            return Err(format!("it is of version {}, not {VERSION}", header.version));
        }
        if header.total > MAX_TASKS {
            let total = header.total;
            return Err(format!("its job has {total} tasks; the limit is {MAX_TASKS}"));
        }
        Ok(header)
    }
}

/// Whether a line without its end may be the beginning of a header.
pub fn may_be_header(line: &[u8]) -> bool {
    let is_in_job = |byte: &u8| byte.is_ascii_alphanumeric() || b" -_".contains(byte);
    begins(line, &[b"{\"job\":\"", b"\",\"total\":", b",\"version\":", b"}"], is_in_job)
}

/// Whether a line without its end may be the beginning of a result.
pub fn may_be_result(line: &[u8]) -> bool {
    begins(line, &[b"{\"num\":", b",\"worker_id\":", b","], u8::is_ascii_digit)
}

/// Whether `text` begins with these words, between which there is only what `fills` them; or ends
/// on the way.
fn begins(mut text: &[u8], words: &[&[u8]], fills: impl Fn(&u8) -> bool) -> bool {
    for word in words {
        let same = text.iter().zip(*word).take_while(|(left, right)| left == right).count();
        if same == text.len() {
            return true;
        }
        if same < word.len() {
            return false;
        }
        text = &text[same..];
        text = &text[text.iter().take_while(|byte| fills(byte)).count()..];
    }
    true
}

/// Reads JSON as it is to be found in a line: UTF-8, and not nested too deep.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_json(text: &[u8]) -> Result<&RawValue, String> {
    let text = std::str::from_utf8(text).map_err(|error| format!("not UTF-8: {error}"))?;
    let json = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Err(format!("JSON that is nested more than {DEEPEST} deep"));
        }
    }
    Ok(json)
}

/// How a command ran. Empty where none did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The host it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Which attempt it was, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// When it began, as in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Its exit code; 128 and the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What it wrote to stdout, where that is no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// The end of what it wrote to stderr, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
}

/// A task that was done.
#[derive(Serialize)]
pub struct Done<'a> {
    /// The task.
    pub num: u64,
    /// Who did it.
    pub worker_id: u64,
    /// Its result.
    pub result: &'a RawValue,
    /// How the command ran.
    #[serde(flatten)]
    pub attempt: &'a Attempt,
}

impl Done<'_> {
    /// Writes the line, with its end.
    ///
    /// # Errors
    ///
    /// What JSON cannot hold.
    pub fn write(&self, lines: &mut Vec<u8>) -> serde_json::Result<()> {
        let Self { num, worker_id, result, attempt } = self;
        if **attempt == Attempt::default() {
            // The same, in a fraction of the time.
            let (mut number, mut id) = (itoa::Buffer::new(), itoa::Buffer::new());
            let [number, id] = [number.format(*num), id.format(*worker_id)];
            for part in
                ["{\"num\":", number, ",\"worker_id\":", id, ",\"result\":", result.get(), "}"]
            {
                lines.extend_from_slice(part.as_bytes());
            }
        } else {
            serde_json::to_writer(&mut *lines, self)?;
        }
        lines.push(b'\n');
        Ok(())
    }
}

/// A task that failed, or whose workers died, too often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GivenUp {
    /// The task.
    pub num: u64,
    /// Who tried last.
    pub worker_id: u64,
    /// Why, for people.
    pub failed: String,
    /// How the command ran.
    #[serde(flatten)]
    pub attempt: Attempt,
}

impl GivenUp {
    /// How many bytes its line has.
    pub fn size(&self) -> u64 {
        serde_json::to_vec(self).map_or(u64::MAX, |line| line.len() as u64)
    }

    /// The same in at most `bytes`, if these are enough for a short reason.
    #[must_use]
    pub fn within(&self, bytes: u64) -> Self {
        if self.size() <= bytes {
            return self.clone();
        }
        // In JSON a byte may take six.
        let reason = usize::try_from(bytes / 8).unwrap_or(usize::MAX);
        let attempt = Attempt { attempt: self.attempt.attempt, ..Attempt::default() };
        Self { failed: cut(&self.failed, reason), attempt, ..*self }
    }
}

/// Reads an object. To the JSON library a list of its fields' values would be the same.
pub(crate) fn object<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    if text.starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        Err("it is no JSON object".to_owned())
    }
}

/// The first `limit` bytes of `text`, or fewer: whole characters, with a sign that it is cut.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit.saturating_sub('…'.len_utf8())).rfind(|end| text.is_char_boundary(*end));
    format!("{}…", &text[..end.unwrap_or(0)])
}

/// The last `limit` bytes of `text`, or fewer.
pub fn end(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let from = text.len() - limit.saturating_sub('…'.len_utf8());
    let start = (from..=text.len()).find(|start| text.is_char_boundary(*start));
    format!("…{}", &text[start.unwrap_or(text.len())..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_this_version_and_before_are_read() {
        let header = |version: u32, total: u64| {
            Header::parse(
                format!("{{\"job\":\"a\",\"total\":{total},\"version\":{version}}}").as_bytes(),
            )
        };
        assert_eq!(header(1, 3).unwrap().total, 3);
        assert_eq!(header(2, MAX_TASKS).unwrap().version, 2);
        assert_eq!(header(0, 3).unwrap_err(), "it is of version 0, not 2");
        assert_eq!(header(3, 3).unwrap_err(), "it is of version 3, not 2");
        let error = header(1, 1_000_000_001).unwrap_err();
        assert_eq!(error, "its job has 1000000001 tasks; the limit is 1000000000");
        assert_eq!(Header::parse(b"[\"a\",3,2]").unwrap_err(), "it is no JSON object");
        let header = Header { job: "a".to_owned(), total: 1, version: VERSION };
        let line = serde_json::to_vec(&header).unwrap();
        assert!((0..=line.len()).all(|length| may_be_header(&line[..length])));
        for other in
            ["[", "{}", "{\"job\":1", "{\"job\":\"a\",\"b\"", "{\"job\":\"a\",\"total\":[1"]
        {
            assert!(!may_be_header(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_line_of_a_result_is_as_it_ever_was() {
        let result = parse_json(b"[1, 2]").unwrap();
        let mut attempt = Attempt::default();
        let line = |attempt: &Attempt| {
            let done = Done { num: 1, worker_id: 2, result, attempt };
            let mut lines = Vec::new();
            done.write(&mut lines).unwrap();
            String::from_utf8(lines).unwrap()
        };
        assert_eq!(
            line(&attempt),
            "{\"num\":1,\"worker_id\":2,\"result\":[1, 2]}
"
        );
        attempt.exit = Some(0);
        assert!(line(&attempt).ends_with(
            ",\"exit\":0}
"
        ));
    }

    #[test]
    fn a_task_that_is_given_up_fits_in_a_small_message() {
        let (stderr, attempt) = (Some("e".repeat(4_000)), Some(3));
        let attempt = Attempt { attempt, stderr, ..Attempt::default() };
        let task = GivenUp { num: 7, worker_id: 1, failed: "\u{1}".repeat(1_000), attempt };
        assert_eq!(task.size(), serde_json::to_vec(&task).unwrap().len() as u64);
        assert_eq!(task.within(task.size()), task);
        for bytes in [512, 1_024, task.size() - 1] {
            let cut = task.within(bytes);
            assert!(cut.size() <= bytes && cut.size() > bytes / 2, "{} of {bytes}", cut.size());
            assert_eq!((cut.num, cut.attempt.attempt, cut.attempt.stderr), (7, Some(3), None));
        }
    }

    #[test]
    fn the_beginning_of_a_line_is_recognised() {
        let line = br#"{"num":17,"worker_id":2,"result":[1, 2]}"#;
        assert!((0..=line.len()).all(|length| may_be_result(&line[..length])));
        for other in ["[", "precious", "{\"num\":x", "{\"num\":1,\"result\""] {
            assert!(!may_be_result(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn json_that_not_everybody_can_read_is_none() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_json(deep(DEEPEST).as_bytes()).is_ok());
        let error = parse_json(deep(DEEPEST + 1).as_bytes()).unwrap_err();
        assert_eq!(error, "JSON that is nested more than 120 deep");
        assert!(parse_json(format!("\"\\\"{}\"", "[".repeat(200)).as_bytes()).is_ok());
        assert!(parse_json(b"\"]]}\"").is_ok());
        assert!(parse_json(format!("[{}1]", "[[]],".repeat(200)).as_bytes()).is_ok());
        assert!(parse_json(b"\"\xff\"").unwrap_err().starts_with("not UTF-8: "));
        assert!(parse_json(b"1 2").unwrap_err().starts_with("not JSON: "));
        assert_eq!(parse_json(b" 1e400 ").unwrap().get(), "1e400");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcdef", 5), "ab…");
        assert_eq!(cut("訊息訊息", 8), "訊…");
        assert_eq!(cut("訊息", 1), "…");
        assert_eq!(end("abc", 3), "abc");
        assert_eq!(end("abcdef", 5), "…ef");
        assert_eq!(end("訊息訊息", 8), "…息");
    }
}
