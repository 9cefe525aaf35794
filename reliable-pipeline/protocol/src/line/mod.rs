//! The lines of the output.

mod text;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::VERSION;
use crate::message::MAX_TASKS;
pub use text::{cut, end, may_be_header, may_be_result, parse_json};

/// A reason is cut to this many bytes.
pub const REASON_BYTES: usize = 1 << 10;
/// What a failed command has written to its stdout, and to its stderr, is cut to this many bytes each.
pub const OUTPUT_BYTES: usize = 4 << 10;

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
    /// How long it took, in seconds, from just before it was started.
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
        assert_eq!(line(&attempt), "{\"num\":1,\"worker_id\":2,\"result\":[1, 2]}\n");
        attempt.exit = Some(0);
        assert!(line(&attempt).ends_with(",\"exit\":0}\n"));
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
}
