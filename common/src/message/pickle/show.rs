//! Values as text and as JSON.

use std::collections::HashSet;
use std::fmt::{self, Write};

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

use super::Value;
use crate::message::text::Bytes;

/// Text: as Python's `print` shows it, but for its strings and bytes, which have Rust's quotes and
/// escapes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => write_float(f, *number),
            Self::String(text) => write!(f, "{text:?}"),
            Self::Surrogates(points) => write_points(f, points),
            Self::Bytes(bytes) => Bytes(bytes).fmt(f),
            Self::ByteArray(bytes) => write!(f, "bytearray({})", Bytes(bytes)),
            Self::List(items) => write_series(f, ["[", "]"], items),
            Self::Tuple(items) if items.len() == 1 => write!(f, "({},)", items[0]),
            Self::Tuple(items) => write_series(f, ["(", ")"], items),
            Self::Set(items) if items.is_empty() => f.write_str("set()"),
            Self::Set(items) => write_series(f, ["{", "}"], items),
            Self::FrozenSet(items) if items.is_empty() => f.write_str("frozenset()"),
            Self::FrozenSet(items) => write_series(f, ["frozenset({", "})"], items),
            Self::Dict(items) => write_series(f, ["{", "}"], items.iter().map(Entry)),
        }
    }
}

/// JSON, with nothing lost: numbers have all their digits; tuples and sets are arrays; bytes are a
/// string, or `{"hex": …}` where they are not text; a float that JSON has not is
/// `{"float": "nan"}`, `"inf"` or `"-inf"`. A dict is an object if its keys are strings, each of
/// them once, and else an array of its pairs: `[[1, "int"], ["1", "str"]]`.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = String::new();
        self.write_json(&mut json).map_err(S::Error::custom)?;
        RawValue::from_string(json).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl Value {
    fn write_json(&self, json: &mut String) -> fmt::Result {
        match self {
            Self::None => json.write_str("null"),
            Self::Bool(truth) => write!(json, "{truth}"),
            Self::Float(number) if !number.is_finite() => write!(json, "{{\"float\":\"{self}\"}}"),
            Self::Int(_) | Self::Float(_) => write!(json, "{self}"),
            Self::String(text) => serialize(text, json),
            Self::Surrogates(points) => write_json_points(points, json),
            Self::Bytes(bytes) | Self::ByteArray(bytes) => serialize(&Bytes(bytes), json),
            Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::FrozenSet(items) => {
                json.push('[');
                for (index, item) in items.iter().enumerate() {
                    json.push_str(if index == 0 { "" } else { "," });
                    item.write_json(json)?;
                }
                json.write_char(']')
            }
            Self::Dict(items) => write_json_dict(items, json),
        }
    }
}

fn write_json_dict(items: &[(Value, Value)], json: &mut String) -> fmt::Result {
    let mut keys = HashSet::new();
    let is_object =
        items.iter().all(|(key, _)| matches!(key, Value::String(key) if keys.insert(key)));
    let [open, between, close] = if is_object { ["", ":", ""] } else { ["[", ",", "]"] };
    json.push(if is_object { '{' } else { '[' });
    for (index, (key, value)) in items.iter().enumerate() {
        json.push_str(if index == 0 { "" } else { "," });
        json.push_str(open);
        key.write_json(json)?;
        json.push_str(between);
        value.write_json(json)?;
        json.push_str(close);
    }
    json.write_char(if is_object { '}' } else { ']' })
}

fn serialize<T: Serialize + ?Sized>(value: &T, json: &mut String) -> fmt::Result {
    json.write_str(&serde_json::to_string(value).map_err(|_| fmt::Error)?)
}

/// A dict's key with its value.
struct Entry<'a>(&'a (Value, Value));

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = self.0;
        write!(f, "{key}: {value}")
    }
}

fn write_series<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [&str; 2],
    items: impl IntoIterator<Item = T>,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.into_iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        write!(f, "{item}")?;
    }
    f.write_str(close)
}

/// Python's `repr` of a float: the fewest digits that give it back, `1e-05` and `1e+16` where it is
/// smaller or larger than that, and `nan` whatever its sign.
fn write_float(f: &mut fmt::Formatter<'_>, number: f64) -> fmt::Result {
    if number.is_nan() {
        return f.write_str("nan");
    }
    let fewest = format!("{number:e}");
    let decimals = fewest.split_once('e').map_or(0, |(digits, _)| {
        digits.bytes().filter(u8::is_ascii_digit).count().saturating_sub(1)
    });
    // Of two texts that are equally near, as 0.2 and 0.3 are to 0.25, Python takes the even one.
    let even = format!("{number:.decimals$e}");
    let shown = if even.parse() == Ok(number) { even } else { fewest };
    let Some((digits, power)) = shown.split_once('e') else { return f.write_str(&shown) };
    let power: isize = power.parse().unwrap_or_default();
    if !(-4..16).contains(&power) {
        return write!(f, "{digits}e{power:+03}");
    }
    // At least one, as in 1.0.
    write!(f, "{number:.*}", decimals.saturating_add_signed(-power).max(1))
}

fn write_points(f: &mut fmt::Formatter<'_>, points: &[u32]) -> fmt::Result {
    f.write_char('"')?;
    for point in points {
        match char::from_u32(*point) {
            Some('\'') => f.write_char('\'')?,
            Some(char) => write!(f, "{}", char.escape_debug())?,
            None => write!(f, "\\u{{{point:x}}}")?,
        }
    }
    f.write_char('"')
}

fn write_json_points(points: &[u32], json: &mut String) -> fmt::Result {
    json.push('"');
    for point in points {
        match char::from_u32(*point) {
            Some(char) => {
                let quoted = serde_json::to_string(&char).map_err(|_| fmt::Error)?;
                json.push_str(&quoted[1..quoted.len() - 1]);
            }
            None => write!(json, "\\u{point:04x}")?,
        }
    }
    json.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_python() {
        for (number, printed) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.248_489_732_606_233_86, "0.24848973260623386"),
            (2_023_347_301_156_851.2, "2023347301156851.2"),
            (2_023_347_301_156_851.8, "2023347301156851.8"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e22, "1e+22"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_12, "0.00012"),
            (0.000_01, "1e-05"),
            (5e-324, "5e-324"),
            // As near to …813e-05.
            (201.0 / 2_097_152.0, "9.584426879882812e-05"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
        ] {
            assert_eq!(Value::Float(number).to_string(), printed);
        }
    }

    fn json(value: impl Into<Value>) -> String {
        serde_json::to_string(&value.into()).unwrap()
    }

    #[test]
    fn a_dict_is_an_object_only_where_nothing_is_lost() {
        let entry = |key: Value, value: &str| (key, Value::from(value));
        let strings = vec![entry("b".into(), "x"), entry("a".into(), "y")];
        assert_eq!(json(Value::Dict(strings)), r#"{"b":"x","a":"y"}"#);
        let mixed = vec![entry(1_i64.into(), "int"), entry("1".into(), "str")];
        assert_eq!(json(Value::Dict(mixed)), r#"[[1,"int"],["1","str"]]"#);
        let twice = vec![entry("a".into(), "x"), entry("a".into(), "y")];
        assert_eq!(json(Value::Dict(twice)), r#"[["a","x"],["a","y"]]"#);
        assert_eq!(json(Value::Dict(Vec::new())), "{}");
    }

    #[test]
    fn numbers_have_all_their_digits_in_json_and_those_it_has_not_are_marked() {
        assert_eq!(json(u64::MAX), "18446744073709551615");
        assert_eq!(json(1e16), "1e+16");
        assert_eq!(json(f64::NAN), r#"{"float":"nan"}"#);
        assert_eq!(json(f64::NEG_INFINITY), r#"{"float":"-inf"}"#);
    }
}
