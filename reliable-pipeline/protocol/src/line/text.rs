//! The text that lines are made of: how they begin, what JSON they may hold, and where they are cut.

use serde_json::value::RawValue;

/// JSON is nested this deep at most, so that every reader can take it.
pub const DEEPEST: usize = 120;

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
