//! JSON as it comes, and what is none.

use super::*;

fn reason_of(text: impl AsRef<[u8]>) -> String {
    Json::parse(text.as_ref()).unwrap_err().to_string()
}

#[test]
fn json_stays_as_it_was_written() {
    for text in [
        "0.24848973260623386",
        "0.10000000000000000555111512312578270211815834045410156250",
        "123456789012345678901234567890",
        "-0",
        "-0.0",
        "0.0",
        "1",
        "1.0",
        "1.00",
        "1e5",
        "1E+05",
        "1e999",
        "-1e-999",
        r#"{"b":1,"a":2}"#,
        r#"{"a":1,"a":1.0,"a":[]}"#,
        r#""\ud800""#,
        r#""\uDFFF\ud800x""#,
        r#""é\/\"\\\\u8a0a\u0041\n""#,
        r#"" a : b , \" c ""#,
        "[[],{},null,true,false]",
    ] {
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.to_string(), text);
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
    }
}

#[test]
fn what_python_escapes_is_shown_readable_and_kept() {
    let text = r#"{"\u8a0a\u606F":"\ud83d\ude00\ud83d\\\u009b\u00e9\u000a"}"#;
    let json = Json::parse(text.as_bytes()).unwrap();
    assert_eq!(json.to_string(), r#"{"訊息":"😀\ud83d\\\u009bé\u000a"}"#);
    assert_eq!(json.as_str(), text);
    assert_eq!(serde_json::to_string(&json).unwrap(), text);
}

#[test]
fn only_spaces_between_tokens_go() {
    let json = Json::parse(b" {\r\n\t\"a b\" : [ 1 , \" \\\" \" ] } \n").unwrap();
    assert_eq!(json.as_str(), r#"{"a b":[1," \" "]}"#);
    let [one, spaced, other] =
        ["[1]", "[ 1 ]", "[1.0]"].map(|text| Json::parse(text.as_bytes()).unwrap());
    assert!(one == spaced && one != other);
}

#[test]
fn what_would_garble_a_terminal_is_shown_escaped_and_kept() {
    let json = Json::parse("\"\u{9b}2J\u{7f}\u{202e}訊\"".as_bytes()).unwrap();
    assert_eq!(json.to_string(), r#""\u009b2J\u007f\u202e訊""#);
    assert_eq!(json.as_str(), "\"\u{9b}2J\u{7f}\u{202e}訊\"");
}

#[test]
fn what_python_writes_and_is_not_json_is_named() {
    for (text, constant) in [
        ("NaN", "NaN"),
        ("[1, Infinity]", "Infinity"),
        ("{\"NaN\": -Infinity, \"b\": NaN}", "-Infinity"),
        ("{\"what is measured\": NaN}", "NaN"),
        ("{\"what is measured\": 1,\n \"and what is not\": NaN}", "NaN"),
    ] {
        let said = "is not JSON; Python's json.dumps writes it unless allow_nan=False";
        assert_eq!(reason_of(text), format!("{constant} {said}"));
        assert_eq!(
            decode::<serde_json::Value>(text.as_bytes()).unwrap_err(),
            format!("{constant} {said}")
        );
    }
    let surrogate = decode::<String>(br#""\ud800""#).unwrap_err();
    assert!(surrogate.contains("a lone surrogate is not Unicode text"), "{surrogate}");
}

#[test]
fn what_is_not_json_is_refused() {
    for text in ["", "a message", "{\"NaN\"", "[NaN", "01", "1.", ".5", "+1", "'a'", "1 2", "[1,]"]
    {
        assert!(reason_of(text).starts_with("not JSON: "), "{text}: {}", reason_of(text));
    }
    for bytes in [b"\"\xff\"".as_slice(), b"\xef\xbb\xbf1", b"\"\n\"", b"\"\xed\xa0\x80\""] {
        assert!(reason_of(bytes).starts_with("not JSON: "), "{}", reason_of(bytes));
    }
    assert!(decode::<u8>(b"\"a\"").unwrap_err().starts_with("not the expected JSON: "));
}

#[test]
fn nesting_is_limited_and_brackets_in_strings_do_not_count() {
    let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert_eq!(Json::parse(nested(MAX_DEPTH).as_bytes()).unwrap().as_str(), nested(MAX_DEPTH));
    for deep in [nested(MAX_DEPTH + 1), nested(200_000), "{\"a\":".repeat(200_000)] {
        assert_eq!(Json::parse(deep.as_bytes()), Err(JsonError::TooDeep));
    }
    let string = format!("\"{}\"", "[\\\"".repeat(1000));
    let wide = format!("[{}[]]", "[],".repeat(1000));
    for flat in [string, wide] {
        assert_eq!(Json::parse(flat.as_bytes()).unwrap().as_str(), flat);
    }
}
