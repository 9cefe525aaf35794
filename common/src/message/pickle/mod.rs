//! Python's pickles, for plain data: read within limits, written, and shown as Python and as JSON
//! would show them.

mod from_json;
mod globals;
mod objects;
mod reader;
mod show;
mod stack;
mod strings;
mod writer;

use num_bigint::BigInt;

/// How much of a reason is passed on: it may name what the pickle names.
const REASON_CHARS: usize = 120;
/// The longest integer, in bytes or digits. Python, too, stops at 4300 digits: printing one takes
/// time that grows with the square of its length.
const MAX_INTEGER: usize = 4300;

/// A Python object of plain data. Its parts are in the order of the pickle, and as often as they
/// are there.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An `int`, which has no largest one.
    Int(BigInt),
    /// A `float`
    Float(f64),
    /// A `str`
    String(String),
    /// A `str` with lone surrogates, which no Unicode text has: its code points.
    Surrogates(Vec<u32>),
    /// `bytes`, and the `str` of Python 2.
    Bytes(Vec<u8>),
    /// A `bytearray`
    ByteArray(Vec<u8>),
    /// A `list`
    List(Vec<Self>),
    /// A `tuple`
    Tuple(Vec<Self>),
    /// A `set`
    Set(Vec<Self>),
    /// A `frozenset`
    FrozenSet(Vec<Self>),
    /// A `dict`
    Dict(Vec<(Self, Self)>),
}

/// Reads a pickle of plain data. Nothing that it names is called or imported: a pickle that needs
/// Python code to build its object is refused.
///
/// # Errors
///
/// Why `pickle` is not plain data, is cut off, or is out of the limits on depth and size.
pub fn decode(pickle: &[u8]) -> Result<Value, String> {
    reader::read(pickle).map_err(|reason| {
        let shown: String = reason.chars().take(REASON_CHARS).collect();
        let rest = if shown.len() < reason.len() { "…" } else { "" };
        format!("not a pickle of plain data: {shown}{rest}")
    })
}

/// The pickle of `value`, in protocol 3, which every Python 3 reads.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut pickle = vec![0x80, 3];
    writer::write(value, &mut pickle);
    pickle.push(b'.');
    pickle
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from!(bool => Bool, i64 => Int, u64 => Int, f64 => Float, &str => String, String => String);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pickle: &[u8]) -> (String, String) {
        let value = decode(pickle).unwrap();
        (value.to_string(), serde_json::to_string(&value).unwrap())
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
            assert_eq!(text, r#"{"a": (1, 2.0, None, True), 3: [b"\xff", {5}]}"#);
            assert_eq!(json, r#"[["a",[1,2.0,null,true]],[3,[{"hex":"ff"},[5]]]]"#);
        }
    }

    /// Each by Python 3.11, where Python has a notation of its own for it.
    #[test]
    fn every_type_of_plain_data_is_read() {
        let cases: [(&[u8], &str, &str); 18] = [
            (
                b"\x80\x04](K\xffM\xff\xffJ\0\0\x01\0J\xff\xff\xff\xffe.",
                "[255, 65535, 65536, -1]",
                "[255,65535,65536,-1]",
            ),
            (b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01.", "18446744073709551616", "18446744073709551616"),
            (b"L-123456789012345678901234567890L\n.", "-123456789012345678901234567890", "-123456789012345678901234567890"),
            (b"\x80\x04\x8a\x00.", "0", "0"),
            // bytearray(b'a\xff'), protocols 5, 4 and 2.
            (b"\x80\x05\x96\x02\0\0\0\0\0\0\0a\xff\x94.", r#"bytearray(b"a\xff")"#, r#"{"hex":"61ff"}"#),
            (b"\x80\x04\x8c\x08builtins\x94\x8c\tbytearray\x94\x93\x94C\x02a\xff\x94\x85\x94R\x94.", r#"bytearray(b"a\xff")"#, r#"{"hex":"61ff"}"#),
            (b"\x80\x02c__builtin__\nbytearray\nq\0X\x03\0\0\0a\xc3\xbfq\x01X\x07\0\0\0latin-1q\x02\x86q\x03Rq\x04.", r#"bytearray(b"a\xff")"#, r#"{"hex":"61ff"}"#),
            // b'', protocol 2.
            (b"\x80\x02c__builtin__\nbytes\nq\0)Rq\x01.", "b\"\"", "\"\""),
            // frozenset(), set(), protocols 4 and 2.
            (b"\x80\x04(\x91\x94.", "frozenset()", "[]"),
            (b"\x80\x02c__builtin__\nset\nq\0]q\x01\x85q\x02Rq\x03.", "set()", "[]"),
            (b"\x80\x04(K\x02K\x01\x91\x94.", "frozenset({2, 1})", "[2,1]"),
            // set(), [1] and 7, by their types.
            (b"c__builtin__\nset\n)R.", "set()", "[]"),
            (b"c__builtin__\nlist\n((lI1\natR.", "[1]", "[1]"),
            (b"c__builtin__\nint\n(I7\ntR.", "7", "7"),
            // (1,), protocol 4.
            (b"\x80\x04K\x01\x85\x94.", "(1,)", "[1]"),
            // "\ud800a\\\n訊", protocols 0 and 4.
            (b"V\\ud800a\\u005c\\u000a\\u8a0a\np0\n.", r#""\u{d800}a\\\n訊""#, r#""\ud800a\\\n訊""#),
            (b"\x80\x04\x8c\x09\xed\xa0\x80a\\\n\xe8\xa8\x8a\x94.", r#""\u{d800}a\\\n訊""#, r#""\ud800a\\\n訊""#),
            // Python 2: 'a\'\n\xff', protocol 0.
            (b"S\"a'\\n\\xff\"\np0\n.", r#"b"a\'\n\xff""#, r#"{"hex":"61270aff"}"#),
        ];
        for (pickle, text, json) in cases {
            assert_eq!(read(pickle), (text.to_owned(), json.to_owned()));
            let value = decode(pickle).unwrap();
            assert_eq!(decode(&encode(&value)).unwrap(), value);
        }
    }

    #[test]
    fn a_list_that_grows_after_it_was_named_is_whole_wherever_it_is_named() {
        // Python: a = []; [a, a], with 1 appended to the second.
        assert_eq!(read(b"\x80\x04](]\x94h\x00K\x01ae.").0, "[[1], [1]]");
    }

    #[test]
    fn a_pickle_that_names_code_is_refused() {
        // pickle.dumps of an object whose __reduce__ returns (os.system, ("true",)).
        let code = b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.";
        assert_eq!(reason(code), "unresolved global posix.system");
        assert_eq!(reason(b"\x80\x04\x8c\x02a\nX\x01\0\0\0b\x93."), "unresolved global a\\n.b");
        assert_eq!(reason(b"c__builtin__\nset\n."), "a type where a value is expected");
    }

    #[test]
    fn what_is_no_pickle_is_refused() {
        for (pickle, expected) in [
            (b"N.N".as_slice(), "bytes after its end"),
            (b"}K\x01\x85u.", "an opcode without its arguments"),
            (b"}(K\x01u.", "a key without its value"),
            (b"}K\x01a.", "an item for what takes none"),
            (b"X\x01\0\0\0\xff.", "a str that is not UTF-8"),
            (b"Fx\n.", "a number that is none"),
            (b"Ix\n.", "a number that is none"),
            (b"c_codecs\nencode\n(V\\u8a0a\nVlatin1\ntR.", "arguments that a type does not take"),
            (b"c__builtin__\nset\n(}tR.", "arguments that a type does not take"),
        ] {
            assert_eq!(reason(pickle), expected);
        }
    }

    #[test]
    fn long_reasons_are_cut() {
        let pickle = [b"c".as_slice(), &[b'x'; 1000], b"\nx\n."].concat();
        let reason = reason(&pickle);
        assert!(reason.len() < 2 * REASON_CHARS && reason.ends_with("xxx…"), "{reason}");
    }

    #[test]
    fn values_are_made_of_rusts_own() {
        let list = Value::List(vec![true.into(), (-1_i64).into(), 2.0.into(), "a".into()]);
        let dict = Value::Dict(vec![("b".to_owned().into(), list), (u64::MAX.into(), Value::None)]);
        let text = r#"{"b": [True, -1, 2.0, "a"], 18446744073709551615: None}"#;
        assert_eq!(dict.to_string(), text);
        assert_eq!(decode(&encode(&dict)).unwrap(), dict);
    }
}
