//! What a sink reads of the lines that come, and of those that are there.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::line::object;
use crate::message::MAX_TASKS;

/// What a sink has to know of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The task.
    pub num: u64,
    /// Whether it failed.
    pub has_failed: bool,
}

impl Known {
    /// Reads a line after the first, without its end.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        str::from_utf8(line).map_err(|error| format!("not a result: {error}")).and_then(Self::of)
    }

    /// Reads a line that is known to be text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn of(line: &str) -> Result<Self, String> {
        match plain(line) {
            Some(num) if num < MAX_TASKS => Ok(Self { num, has_failed: false }),
            _ => Self::parse_any(line),
        }
    }

    fn parse_any(line: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Line {
            num: u64,
            #[serde(rename = "worker_id")]
            _worker_id: u64,
            /// Any JSON value, null among them.
            #[serde(rename = "result", default, deserialize_with = "is_there")]
            has_result: bool,
            #[serde(rename = "failed", default, deserialize_with = "is_there")]
            has_failed: bool,
        }
        // A result is as deep as a task may be, and a level deeper in its line.
        let Line { num, has_result, has_failed, .. } =
            object(line.as_bytes()).map_err(|error| format!("not a result: {error}"))?;
        if has_result == has_failed || num >= MAX_TASKS {
            return Err("not a result".to_owned());
        }
        Ok(Self { num, has_failed })
    }
}

fn is_there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|IgnoredAny| true)
}

/// The task of a line as a worker writes it where no command ran, if this is one: the same as the
/// general way, in a fraction of its time.
fn plain(line: &str) -> Option<u64> {
    let (num, rest) = number(line.strip_prefix("{\"num\":")?)?;
    let (_, rest) = number(rest.strip_prefix(",\"worker_id\":")?)?;
    let result = rest.strip_prefix(",\"result\":")?.strip_suffix('}')?;
    serde_json::from_str(result).ok().map(|IgnoredAny| num)
}

/// The number that `text` begins with, in JSON, and what is after it. One of twenty digits, which
/// may be more than 64 bits hold, is left to the general way.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    let is_json = digits == "0" || !(digits.is_empty() || digits.starts_with('0'));
    let add = |number, digit| number * 10 + u64::from(digit - b'0');
    (is_json && digits.len() < 20).then(|| (digits.bytes().fold(0, add), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_result_or_a_reason() {
        let parse = |line: &str| Known::parse(line.as_bytes());
        let done = parse(r#"{"num":7,"worker_id":1,"result":null,"exit":0}"#);
        assert_eq!(done, Ok(Known { num: 7, has_failed: false }));
        let failed = parse(r#"{"num":7,"worker_id":1,"failed":"no"}"#);
        assert_eq!(failed, Ok(Known { num: 7, has_failed: true }));
        assert_eq!(parse(r#"{"num":7,"worker_id":1}"#).unwrap_err(), "not a result");
        let both = parse(r#"{"num":7,"worker_id":1,"result":1,"failed":"no"}"#);
        assert_eq!(both.unwrap_err(), "not a result");
        let cut_off = parse(r#"{"num":7,"worker_id":1,"res"#).unwrap_err();
        assert!(cut_off.starts_with("not a result: "), "{cut_off}");
        assert_eq!(parse("[7,1,null]").unwrap_err(), "not a result: it is no JSON object");
    }

    #[test]
    fn a_plain_line_is_read_as_any_other() {
        for (line, is_plain) in [
            (r#"{"num":0,"worker_id":1,"result":{"num": 0}}"#, true),
            (r#"{"num":17,"worker_id":0,"result":null}"#, true),
            (r#"{"num":17,"worker_id":1,"result":"訊}"}"#, true),
            (r#"{"num":17,"worker_id":1,"result":1,"exit":0}"#, false),
            (r#"{"num":17,"worker_id":1,"result":1,"failed":"no"}"#, false),
            (r#"{"num":17,"worker_id":1,"result":1} "#, false),
            (r#"{"num":017,"worker_id":1,"result":1}"#, false),
            (r#"{"num":17,"worker_id":01,"result":1}"#, false),
            (r#"{"num":17,"worker_id":-1,"result":1}"#, false),
            (r#"{"num":17,"worker_id":99999999999999999999,"result":1}"#, false),
            (r#"{"num":9999999999999999999,"worker_id":1,"result":1}"#, true),
            (r#"{"num":10000000000000000000,"worker_id":1,"result":1}"#, false),
            (r#"{"num":17,"worker_id":1,"result":}"#, false),
            (r#"{"num":17,"worker_id":1,"result":no}"#, false),
            (r#"{"num":17,"worker_id":1,"result":1}}"#, false),
            (r#"{"num":17,"worker_id":1,"result":1"#, false),
            (r#"{"num":1000000000,"worker_id":1,"result":1}"#, true),
        ] {
            assert_eq!(plain(line).is_some(), is_plain, "{line}");
            assert_eq!(Known::parse(line.as_bytes()), Known::parse_any(line), "{line}");
        }
        let no_text = Known::parse(b"{\"num\":1,\"worker_id\":1,\"result\":\"\xff\"}").unwrap_err();
        assert!(no_text.starts_with("not a result: invalid utf-8"), "{no_text}");
    }
}
