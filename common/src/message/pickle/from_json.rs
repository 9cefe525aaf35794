//! JSON as the Python object that `json.loads` makes of it.

use std::str::FromStr as _;

use num_bigint::BigInt;

use super::{MAX_INTEGER, Value, strings};
use crate::message::json::Json;

/// As Python's `json.loads` does, but for what it would change: a number beyond the range of a
/// float is an error, not infinity. A key that comes twice is there twice.
impl TryFrom<&Json> for Value {
    type Error = anyhow::Error;

    fn try_from(json: &Json) -> anyhow::Result<Self> {
        Reader(json.as_str()).value()
    }
}

/// What has still to be read of a text that is known to be JSON without spaces, and not too deep.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn value(&mut self) -> anyhow::Result<Value> {
        match self.0.as_bytes().first() {
            Some(b'{') => {
                let mut items = Vec::new();
                self.series(b'}', |reader| {
                    let key = strings::str_of(reader.string());
                    reader.skip(1);
                    items.push((key, reader.value()?));
                    Ok(())
                })?;
                Ok(Value::Dict(items))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.series(b']', |reader| {
                    items.push(reader.value()?);
                    Ok(())
                })?;
                Ok(Value::List(items))
            }
            Some(b'"') => Ok(strings::str_of(self.string())),
            _ => match self.word() {
                "null" => Ok(Value::None),
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                number => read_number(number),
            },
        }
    }

    /// Reads what stands between brackets, with commas between.
    fn series(
        &mut self,
        close: u8,
        mut read: impl FnMut(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.skip(1);
        while self.0.as_bytes().first().is_some_and(|byte| *byte != close) {
            read(self)?;
            if self.0.starts_with(',') {
                self.skip(1);
            }
        }
        self.skip(1);
        Ok(())
    }

    /// Reads a word or a number.
    fn word(&mut self) -> &'a str {
        let end = self.0.find([',', ']', '}']).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    /// Reads a string: its code points.
    fn string(&mut self) -> Vec<u32> {
        self.skip(1);
        let mut points = Vec::new();
        while let Some(char) = self.char().filter(|char| *char != '"') {
            let point = if char == '\\' { self.escaped() } else { u32::from(char) };
            // The second of a pair that stands for one character, each escaped.
            match points.last_mut() {
                Some(high @ 0xd800..=0xdbff)
                    if char == '\\' && (0xdc00..=0xdfff).contains(&point) =>
                {
                    *high = 0x1_0000 + ((*high - 0xd800) << 10) + (point - 0xdc00);
                }
                _ => points.push(point),
            }
        }
        points
    }

    fn escaped(&mut self) -> u32 {
        match self.char() {
            Some('u') => {
                let digits = self.0.get(..4).unwrap_or_default();
                self.skip(digits.len());
                u32::from_str_radix(digits, 16).unwrap_or_default()
            }
            Some('b') => 8,
            Some('f') => 12,
            Some('n') => u32::from('\n'),
            Some('r') => u32::from('\r'),
            Some('t') => u32::from('\t'),
            other => other.map_or(0, u32::from),
        }
    }

    fn char(&mut self) -> Option<char> {
        let mut chars = self.0.chars();
        let char = chars.next();
        self.0 = chars.as_str();
        char
    }

    fn skip(&mut self, bytes: usize) {
        self.0 = self.0.get(bytes..).unwrap_or_default();
    }
}

fn read_number(number: &str) -> anyhow::Result<Value> {
    if number.contains(['.', 'e', 'E']) {
        let float: f64 = number.parse()?;
        anyhow::ensure!(float.is_finite(), "{number} is beyond the range of a Python float");
        return Ok(float.into());
    }
    let digits = number.trim_start_matches('-').len();
    anyhow::ensure!(
        digits <= MAX_INTEGER,
        "an integer of {digits} digits is too long: Python reads at most {MAX_INTEGER}"
    );
    Ok(Value::Int(BigInt::from_str(number)?))
}

#[cfg(test)]
mod tests {
    use super::super::{decode, encode};
    use super::*;

    fn value(json: &str) -> anyhow::Result<Value> {
        Value::try_from(&Json::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn json_becomes_what_python_makes_of_it() {
        for (json, printed) in [
            ("0.24848973260623386", "0.24848973260623386"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("-123456789012345678901234567890", "-123456789012345678901234567890"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("1", "1"),
            ("1.00", "1.0"),
            ("1e2", "100.0"),
            ("1E-999", "0.0"),
            (r#"{"b":1,"a":{},"b":[]}"#, r#"{"b": 1, "a": {}, "b": []}"#),
            (r#"[[],[null,true,false],"]"]"#, r#"[[], [None, True, False], "]"]"#),
            (r#""\"\\\/\b\f\n\r\t\u8a0a訊""#, r#""\"\\/\u{8}\u{c}\n\r\t訊訊""#),
            (r#""\ud83d\ude00\ude00\ud83d""#, r#""😀\u{de00}\u{d83d}""#),
            (r#"{"\ud800":"\ud800\u0041"}"#, r#"{"\u{d800}": "\u{d800}A"}"#),
            ("\"😀\\ude00\"", "\"😀\\u{de00}\""),
        ] {
            let value = value(json).unwrap();
            assert_eq!(value.to_string(), printed);
            assert_eq!(decode(&encode(&value)).unwrap(), value);
        }
    }

    #[test]
    fn what_a_pickle_cannot_hold_is_an_error() {
        let reason = |json: &str| value(json).unwrap_err().to_string();
        assert_eq!(reason("[1e999]"), "1e999 is beyond the range of a Python float");
        assert_eq!(
            reason(&"9".repeat(4301)),
            "an integer of 4301 digits is too long: Python reads at most 4300"
        );
        assert!(value("-9").is_ok() && value(&"9".repeat(4300)).is_ok());
    }

    #[test]
    fn the_deepest_json_that_is_read_can_be_pickled() {
        let deepest = ["[".repeat(128), "]".repeat(128)].concat();
        let value = value(&deepest).unwrap();
        assert_eq!(decode(&encode(&value)).unwrap(), value);
    }
}
