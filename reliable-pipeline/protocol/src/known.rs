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
        match plain(line) {
            Some(num) if num < MAX_TASKS => Ok(Self { num, has_failed: false }),
            _ => Self::parse_any(line),
        }
    }

    fn parse_any(line: &[u8]) -> Result<Self, String> {
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
            object(line).map_err(|error| format!("not a result: {error}"))?;
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
fn plain(line: &[u8]) -> Option<u64> {
    let (num, rest) = number(line.strip_prefix(b"{\"num\":")?)?;
    let (_, rest) = number(rest.strip_prefix(b",\"worker_id\":")?)?;
    let result = rest.strip_prefix(b",\"result\":")?.strip_suffix(b"}")?;
    let result = std::str::from_utf8(result).ok()?;
    serde_json::from_str(result).ok().map(|IgnoredAny| num)
}

/// The number that `text` begins with, in JSON, and what is after it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    let is_json = digits == b"0" || !(digits.is_empty() || digits.starts_with(b"0"));
    let add =
        |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    Some((digits.iter().try_fold(0, add).filter(|_| is_json)?, rest))
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
            (r#"{"num":17,"worker_id":1,"result":}"#, false),
            (r#"{"num":17,"worker_id":1,"result":no}"#, false),
            (r#"{"num":17,"worker_id":1,"result":1}}"#, false),
            (r#"{"num":17,"worker_id":1,"result":1"#, false),
            (r#"{"num":1000000000,"worker_id":1,"result":1}"#, true),
        ] {
            assert_eq!(plain(line.as_bytes()).is_some(), is_plain, "{line}");
            assert_eq!(Known::parse(line.as_bytes()), Known::parse_any(line.as_bytes()), "{line}");
        }
        assert_eq!(plain(b"{\"num\":1,\"worker_id\":1,\"result\":\"\xff\"}"), None);
    }
}
