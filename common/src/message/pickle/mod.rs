//! Python's pickles, for plain data: read within limits, printed as Python and as JSON would.

mod limits;
mod objects;

use std::fmt::{self, Write};

use serde_json::json;
use serde_pickle::{DeOptions, HashableValue, Value};

use super::text::Bytes;
use crate::panics;

/// How much of serde-pickle's reason is passed on: some of its errors hold the whole value.
const REASON_CHARS: usize = 120;

/// Reads a pickle of plain data. Nothing that it names is called or imported: a pickle that needs
/// Python code to build its object is refused.
///
/// # Errors
///
/// Why `pickle` is not plain data, is cut off, or is out of the limits on depth and size.
pub fn decode(pickle: &[u8]) -> Result<Value, String> {
    limits::check(pickle).map_err(refused)?;
    // A set of floats with NaN among them has no total order, and the standard library may panic as
    // it sorts the set's members.
    let read = || serde_pickle::value_from_slice(pickle, DeOptions::new());
    match panics::caught(read) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(refused(error)),
        Err(_panic) => Err(refused("a set whose members have no order")),
    }
}

fn refused(reason: impl fmt::Display) -> String {
    let reason = reason.to_string();
    let shown: String = reason.chars().take(REASON_CHARS).collect();
    let rest = if shown.len() < reason.len() { "…" } else { "" };
    format!("not a pickle of plain data: {shown}{rest}")
}

/// A value as Python's `print` shows it, but for its strings, which have Rust's quotes and escapes.
pub(crate) struct Repr<'a>(pub(crate) &'a Value);

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::None => f.write_str("None"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::I64(number) => number.fmt(f),
            Value::Int(number) => number.fmt(f),
            // Debug keeps the ".0" of a whole number.
            Value::F64(number) => write!(f, "{number:?}"),
            Value::Bytes(bytes) => Bytes(bytes).fmt(f),
            Value::String(text) => write!(f, "{text:?}"),
            Value::List(items) => series(f, "[", items.iter().map(Repr), "]"),
            Value::Tuple(items) if items.len() == 1 => write!(f, "({},)", Repr(&items[0])),
            Value::Tuple(items) => series(f, "(", items.iter().map(Repr), ")"),
            Value::Set(items) if items.is_empty() => f.write_str("set()"),
            Value::Set(items) => series(f, "{", items.iter().map(ReprKey), "}"),
            Value::FrozenSet(items) if items.is_empty() => f.write_str("frozenset()"),
            Value::FrozenSet(items) => series(f, "frozenset({", items.iter().map(ReprKey), "})"),
            Value::Dict(items) => series(f, "{", items.iter().map(ReprEntry), "}"),
        }
    }
}

/// A set's member or a dict's key.
struct ReprKey<'a>(&'a HashableValue);

impl fmt::Display for ReprKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Repr(&self.0.clone().into_value()).fmt(f)
    }
}

struct ReprEntry<'a>((&'a HashableValue, &'a Value));

impl fmt::Display for ReprEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = self.0;
        write!(f, "{}: {}", ReprKey(key), Repr(value))
    }
}

fn series<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: impl Iterator<Item = T>,
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        write!(f, "{item}")?;
    }
    f.write_str(close)
}

/// A value as JSON: tuples and sets are arrays, a key that is no string is its text in Python,
/// bytes are a string or `{"hex": …}`, and a number that JSON cannot hold is a string.
pub(crate) fn to_json(value: &Value) -> serde_json::Value {
    let member = |key: &HashableValue| to_json(&key.clone().into_value());
    match value {
        Value::None => json!(null),
        Value::Bool(truth) => json!(truth),
        Value::I64(number) => json!(number),
        Value::F64(number) if number.is_finite() => json!(number),
        Value::Int(_) | Value::F64(_) => json!(Repr(value).to_string()),
        Value::Bytes(bytes) => json!(Bytes(bytes)),
        Value::String(text) => json!(text),
        Value::List(items) | Value::Tuple(items) => items.iter().map(to_json).collect(),
        Value::Set(items) | Value::FrozenSet(items) => items.iter().map(member).collect(),
        Value::Dict(items) => {
            items.iter().map(|(key, value)| (json_key(key), to_json(value))).collect()
        }
    }
}

fn json_key(key: &HashableValue) -> String {
    match key {
        HashableValue::String(text) => text.clone(),
        other => {
            let mut text = String::new();
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", ReprKey(other));
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pickle: &[u8]) -> (String, String) {
        let value = decode(pickle).unwrap();
        (Repr(&value).to_string(), to_json(&value).to_string())
    }

    fn reason(pickle: &[u8]) -> String {
        let reason = decode(pickle).unwrap_err();
        reason.strip_prefix("not a pickle of plain data: ").unwrap().to_owned()
    }

    /// Pickles written by Python 3.11, protocols 0, 2 and 4:
    /// `pickle.dumps({'a': (1, 2.0, None, True), 3: [b'\xff', {5}]}, protocol)`.
    #[test]
    fn plain_data_of_every_protocol_prints_as_in_python_and_as_json() {
        let pickles: [&[u8]; 3] = [
            b"(dp0\nVa\np1\n(I1\nF2.0\nNI01\ntp2\nsI3\n(lp3\nc_codecs\nencode\np4\n(V\xff\np5\nVlatin1\np6\ntp7\nRp8\nac__builtin__\nset\np9\n((lp10\nI5\natp11\nRp12\nas.",
            b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01(K\x01G@\x00\x00\x00\x00\x00\x00\x00N\x88tq\x02K\x03]q\x03(c_codecs\nencode\nq\x04X\x02\x00\x00\x00\xc3\xbfq\x05X\x06\x00\x00\x00latin1q\x06\x86q\x07Rq\x08c__builtin__\nset\nq\t]q\nK\x05a\x85q\x0bRq\x0ceu.",
            b"\x80\x04\x95)\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94(K\x01G@\x00\x00\x00\x00\x00\x00\x00N\x88t\x94K\x03]\x94(C\x01\xff\x94\x8f\x94(K\x05\x90eu.",
        ];
        for pickle in pickles {
            let (text, json) = read(pickle);
            assert_eq!(text, r#"{3: [b"\xff", {5}], "a": (1, 2.0, None, True)}"#);
            assert_eq!(json, r#"{"3":[{"hex":"ff"},[5]],"a":[1,2.0,null,true]}"#);
        }
    }

    #[test]
    fn numbers_beyond_json_are_strings_there() {
        assert_eq!(
            read(b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01."),
            ("18446744073709551616".to_owned(), "\"18446744073709551616\"".to_owned())
        );
        assert_eq!(read(b"\x80\x02G\x7f\xf0\0\0\0\0\0\0.").1, "\"inf\"");
    }

    #[test]
    fn a_pickle_that_names_code_is_refused() {
        // pickle.dumps of an object whose __reduce__ returns (os.system, ("true",)).
        let code = b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.";
        assert_eq!(reason(code), "decoding error: unresolved global reference");
    }

    #[test]
    fn a_set_of_nans_does_not_end_the_program() {
        let mut pickle = b"\x80\x04\x8f(".to_vec();
        for number in 0..100_u8 {
            let float = if number % 3 == 0 { f64::NAN } else { f64::from(number) };
            pickle.push(b'G');
            pickle.extend(float.to_be_bytes());
        }
        pickle.extend(b"\x90.");
        // Whether the standard library notices is its own affair.
        let _ = decode(&pickle);
    }

    #[test]
    fn long_reasons_are_cut() {
        let pickle = [b"\x80\x04X\xe8\x03\0\0".as_slice(), &[b'x'; 1000], b"Na."].concat();
        assert!(reason(&pickle).len() < 2 * REASON_CHARS, "{}", reason(&pickle));
    }
}
