//! Python's strings: code points that may be lone surrogates, and the escapes of protocol 0.

use super::Value;

/// The `str` of these code points.
pub(super) fn str_of(points: Vec<u32>) -> Value {
    let text: Option<String> = points.iter().map(|point| char::from_u32(*point)).collect();
    text.map_or(Value::Surrogates(points), Value::String)
}

/// UTF-8 in which surrogates may stand, as Python pickles a `str` ("surrogatepass").
pub(super) fn from_utf8(mut bytes: &[u8]) -> Option<Value> {
    let mut points = Vec::new();
    loop {
        let error = match str::from_utf8(bytes) {
            Ok(text) if points.is_empty() => return Some(Value::String(text.to_owned())),
            Ok(text) => {
                points.extend(text.chars().map(u32::from));
                return Some(str_of(points));
            }
            Err(error) => error,
        };
        let (text, rest) = bytes.split_at(error.valid_up_to());
        points.extend(str::from_utf8(text).ok()?.chars().map(u32::from));
        let [0xed, high @ 0xa0..=0xbf, low @ 0x80..=0xbf, rest @ ..] = rest else { return None };
        points.push(0xd000 | u32::from(high & 0x3f) << 6 | u32::from(low & 0x3f));
        bytes = rest;
    }
}

/// The same way back.
pub(super) fn to_utf8(points: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len());
    for point in points {
        if let Some(char) = char::from_u32(*point) {
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            let [_, _, high, low] = point.to_be_bytes();
            bytes.extend([0xed, 0x80 | high << 2 & 0x3f | low >> 6, 0x80 | low & 0x3f]);
        }
    }
    bytes
}

/// Latin-1, where every code point of `text` is one byte.
pub(super) fn to_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(char).ok()).collect()
}

/// Python's `raw-unicode-escape`: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn unescape_unicode(mut line: &[u8]) -> Option<Value> {
    let mut points = Vec::with_capacity(line.len());
    while let [byte, rest @ ..] = line {
        let digits = match (byte, rest.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            // A backslash before another one, or anything else, is itself.
            (b'\\', Some(b'\\')) => {
                points.extend([u32::from(b'\\'); 2]);
                line = &rest[1..];
                continue;
            }
            _ => {
                points.push(u32::from(*byte));
                line = rest;
                continue;
            }
        };
        let point = number(rest.get(1..=digits)?, 16)?;
        points.push((point <= u32::from(char::MAX)).then_some(point)?);
        line = &rest[1 + digits..];
    }
    Some(str_of(points))
}

/// The quoted literal of a Python 2 `str`.
pub(super) fn unescape_bytes(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.trim_ascii();
    let (quote, rest) = line.split_first()?;
    let mut literal = rest.strip_suffix(&[*quote]).filter(|_| matches!(quote, b'\'' | b'"'))?;
    let mut bytes = Vec::with_capacity(literal.len());
    while let [byte, rest @ ..] = literal {
        literal = rest;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (escape, rest) = literal.split_first()?;
        literal = rest;
        bytes.push(match escape {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            b'\\' | b'\'' | b'"' => *escape,
            b'x' => {
                let digits = rest.get(..2)?;
                literal = &rest[2..];
                u8::try_from(number(digits, 16)?).ok()?
            }
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7'));
                let (digits, after) = rest.split_at(more.count());
                literal = after;
                // Python, too, keeps the lower eight bits of \777.
                number(&[&[*escape], digits].concat(), 8)?.to_le_bytes()[0]
            }
            // An escape that Python does not know stays as it is.
            _ => {
                literal = rest;
                bytes.extend([b'\\', *escape]);
                continue;
            }
        });
    }
    Some(bytes)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    // from_str_radix would take a sign, too.
    let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_survive_python_utf_8() {
        let bytes = b"a\xed\xa0\x80\xf0\x9f\x98\x80\xed\xbf\xbf\xed\x9f\xbf";
        let points = vec![0x61, 0xd800, 0x1f600, 0xdfff, 0xd7ff];
        assert_eq!(from_utf8(bytes), Some(Value::Surrogates(points.clone())));
        assert_eq!(to_utf8(&points), bytes);
        for wrong in [b"\xff".as_slice(), b"a\xed\xa0", b"\xc0\x80", b"\xed\xa0a"] {
            assert_eq!(from_utf8(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_escapes_of_protocol_0_are_read_as_python_reads_them() {
        let text = |line: &[u8]| unescape_unicode(line).map(|value| value.to_string());
        assert_eq!(text(b"\xff\\u8a0a\\U0001f600 \\n").unwrap(), "\"ÿ訊😀 \\\\n\"");
        assert_eq!(text(b"\\\\u0041").unwrap(), "\"\\\\\\\\u0041\"");
        for wrong in [b"\\u12".as_slice(), b"\\u+123", b"\\U00110000", b"\\uxxxx"] {
            assert_eq!(text(wrong), None, "{wrong:?}");
        }
        assert_eq!(unescape_bytes(b"'\\x41\\101\\0\\78\\'\\q'").unwrap(), b"AA\0\x078'\\q");
        assert_eq!(
            unescape_bytes(b"'\\a\\b\\t\\n\\v\\f\\r\\\\'").unwrap(),
            b"\x07\x08\t\n\x0b\x0c\r\\"
        );
        for wrong in [b"".as_slice(), b"'", b"'a\"", b"a", b"'\\x4'", b"'\\'"] {
            assert_eq!(unescape_bytes(wrong), None, "{wrong:?}");
        }
    }
}
