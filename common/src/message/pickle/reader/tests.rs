//! Pickles at the limits of depth and size, and some that are none.

use super::super::objects::{MAX_DEPTH, TOO_LARGE};
use super::super::stack::UNDERFLOW;
use super::*;

fn check(pickle: &[u8]) -> Result<(), Reason> {
    read(pickle).map(drop)
}

fn refused(reason: &'static str) -> Result<(), Reason> {
    Err(reason.into())
}

#[test]
fn nesting_is_limited() {
    let lists = |depth: usize| [vec![b']'; depth], vec![b'a'; depth - 1], vec![b'.']].concat();
    let around_none =
        |depth| [vec![b']'; depth], vec![b'N'], vec![b'a'; depth], vec![b'.']].concat();
    assert_eq!(check(&around_none(MAX_DEPTH)), Ok(()));
    assert_eq!(check(&around_none(MAX_DEPTH + 1)), refused("nested too deep"));
    assert_eq!(check(&lists(1_000_000)), refused("nested too deep"));
    // Built, and thrown away: nothing that goes deep is ever taken down.
    let thrown_away = [vec![b']'; 1_000_000], vec![b'a'; 999_999], b"0N.".to_vec()].concat();
    assert_eq!(check(&thrown_away), Ok(()));
    assert_eq!(check(&vec![b'('; 1000]), refused("nested too deep"));
}

#[test]
fn what_is_only_there_to_build_others_is_limited() {
    let too_many = [b"(".as_slice(), &vec![b'N'; 3 << 20], b"t."].concat();
    assert_eq!(check(&too_many), refused(TOO_LARGE));
    let remembered = [b"N".as_slice(), &vec![0x94; 3 << 20], b"."].concat();
    assert_eq!(check(&remembered), refused(TOO_LARGE));
}

#[test]
fn what_is_named_is_as_deep_as_what_it_holds() {
    // A list of lists, each with the one before it.
    let nested = |depth: usize| {
        let mut pickle = b"(]\x94".to_vec();
        for id in 0..u8::try_from(depth - 1).unwrap() {
            pickle.extend([b']', b'h', id, b'a', 0x94]);
        }
        [pickle, b"l.".to_vec()].concat()
    };
    assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
    assert_eq!(check(&nested(MAX_DEPTH + 1)), refused("nested too deep"));
}

#[test]
fn what_was_put_aside_and_marked_leaves_no_trace() {
    // POP_MARK, and a memo of more than 256: LONG_BINPUT, LONG_BINGET.
    assert_eq!(read(b"K\x07(K\x08K\x091.").unwrap(), Value::from(7_u64));
    let far = b"K\x07r\x01\x02\0\0K\x08q\x010(j\x01\x02\0\0h\x01l.";
    assert_eq!(read(far).unwrap().to_string(), "[7, 8]");
}

#[test]
fn a_value_that_holds_itself_is_refused() {
    assert_eq!(check(b"]q\x00h\x00a."), refused("nested too deep"));
}

#[test]
fn a_value_that_names_its_parts_again_and_again_is_measured_written_out() {
    // Each of the tuples holds the one before it twice.
    let doubled = |times: u8| {
        let mut pickle = b")q\x00".to_vec();
        for id in 0..times {
            pickle.extend([b'h', id, b'h', id, 0x86, b'q', id + 1]);
        }
        [pickle, b".".to_vec()].concat()
    };
    assert_eq!(check(&doubled(10)), Ok(()));
    assert_eq!(check(&doubled(40)), refused(TOO_LARGE));
    assert_eq!(check(b"]2."), refused("an opcode that plain data does not need"));
}

#[test]
fn a_value_weighs_what_its_parts_hold_as_often_as_they_are_named() {
    const MEGABYTE: usize = 1 << 20;
    let counted = |opcode: &[u8], bytes: &[u8]| {
        [opcode, &u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
    };
    let eight = |opcode: u8, bytes: &[u8]| {
        [&[opcode], &(bytes.len() as u64).to_le_bytes()[..], bytes].concat()
    };
    for (part, fit) in [
        (counted(b"X", &vec![b'a'; MEGABYTE]), 63),
        (counted(b"B", &vec![0; MEGABYTE]), 63),
        (eight(0x96, &vec![0; MEGABYTE]), 63),
        // Lone surrogates: a code point of four bytes each.
        (counted(b"X", &b"\xed\xa0\x80".repeat(MEGABYTE / 4)), 63),
        (counted(b"\x8b", &[1; 4032]), 16_000),
    ] {
        let named =
            |times: usize| [b"(", &part[..], b"q\0", &b"h\0".repeat(times - 1), b"l."].concat();
        assert_eq!(check(&named(fit)), Ok(()), "{:?}", &part[..8]);
        assert_eq!(check(&named(fit + fit / 10)), refused(TOO_LARGE), "{:?}", &part[..8]);
    }
}

#[test]
fn a_large_part_copied_again_and_again_is_refused() {
    let part =
        [b"cbuiltins\nbytes\nq\x01B\x01\x00\x01\x00".as_slice(), &vec![0; (1 << 16) + 1], b"q\x00"]
            .concat();
    let copies = b"h\x01h\x00\x85R0".repeat(2000);
    let pickle = [part, copies, b".".to_vec()].concat();
    assert_eq!(check(&pickle), refused(TOO_LARGE));
    let part = [b"cbuiltins\nset\nq\x01(".as_slice(), &[b'N'; 10_000], b"lq\x00"].concat();
    let copies = b"h\x01h\x00\x85R0".repeat(1000);
    let pickle = [part, copies, b".".to_vec()].concat();
    assert_eq!(check(&pickle), refused(TOO_LARGE));
}

#[test]
fn integers_are_limited_and_what_is_cut_off_is_refused() {
    assert_eq!(
        check(&[b"L".as_slice(), &[b'9'; 5000], b"L\n."].concat()),
        refused("too long a number")
    );
    assert_eq!(check(&[b"L", &[b'9'; MAX_INTEGER][..], b"\n."].concat()), Ok(()));
    assert_eq!(check(b"\x8b\xff\xff\xff\x7f"), refused("too long an integer"));
    assert_eq!(check(&[b"\x8b\xcc\x10\0\0", &[1; MAX_INTEGER][..], b"."].concat()), Ok(()));
    for cut_off in [
        b"".as_slice(),
        b"\x80",
        b"K",
        b"X\xff\xff\xff\xff",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"I1",
    ] {
        assert_eq!(check(cut_off), refused(CUT_OFF), "{cut_off:?}");
    }
    for underflow in [b"a".as_slice(), b"(a", b"]N(a", b"N(0", b"t", b"\x94", b"0"] {
        assert_eq!(check(underflow), refused(UNDERFLOW), "{underflow:?}");
    }
}
