//! What a pickle would become, found out before serde-pickle builds it.
//!
//! A few bytes of pickle can stand for a value nested a million deep, whose recursion overflows the
//! stack, or for one with billions of elements, by naming the same part again and again. So the
//! opcodes (those of Python's `pickletools`) are followed first, as far as the size of each object
//! goes.

use std::collections::HashMap;

use super::objects::{self, Object};

/// The longest integer, in bytes or digits. Python, too, stops at 4300 digits: printing one takes
/// time that grows with the square of its length.
const MAX_INTEGER: usize = 4300;

/// Whether serde-pickle can read `pickle` within the limits. What is wrong in other ways, it says
/// itself.
///
/// # Errors
///
/// The limit that `pickle` exceeds, or what in it cannot be measured.
pub(super) fn check(pickle: &[u8]) -> Result<(), &'static str> {
    let mut walk = Walk { rest: pickle, ..Walk::default() };
    while walk.step()? {}
    objects::check(&walk.objects)
}

const CUT_OFF: &str = "cut off";
const UNDERFLOW: &str = "an opcode without its arguments";

#[derive(Default)]
struct Walk<'a> {
    rest: &'a [u8],
    objects: Vec<Object>,
    /// Indices of objects, and the stack's heights at the marks.
    stack: Vec<usize>,
    marks: Vec<usize>,
    memo: HashMap<usize, usize>,
}

impl Walk<'_> {
    /// Follows one opcode. False after STOP.
    fn step(&mut self) -> Result<bool, &'static str> {
        let opcode = self.byte()?;
        match opcode {
            b'.' => return Ok(false),
            0x80 => drop(self.take(1)?), // PROTO
            0x95 => drop(self.take(8)?), // FRAME
            // NONE, NEWTRUE, NEWFALSE, EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT, EMPTY_SET
            b'N' | 0x88 | 0x89 | b')' | b']' | b'}' | 0x8f => self.leaf(0),
            b'K' => self.leaf_of(1)?,                   // BININT1
            b'M' => self.leaf_of(2)?,                   // BININT2
            b'J' => self.leaf_of(4)?,                   // BININT
            b'G' => self.leaf_of(8)?,                   // BINFLOAT
            0x8a => self.counted_leaf(1, MAX_INTEGER)?, // LONG1
            0x8b => self.counted_leaf(4, MAX_INTEGER)?, // LONG4
            // SHORT_BINSTRING, SHORT_BINBYTES, SHORT_BINUNICODE
            b'U' | b'C' | 0x8c => self.counted_leaf(1, usize::MAX)?,
            // BINSTRING, BINBYTES, BINUNICODE
            b'T' | b'B' | b'X' => self.counted_leaf(4, usize::MAX)?,
            // BINUNICODE8, BINBYTES8, BYTEARRAY8
            0x8d | 0x8e | 0x96 => self.counted_leaf(8, usize::MAX)?,
            b'I' | b'L' | b'F' => self.line_leaf(MAX_INTEGER)?, // INT, LONG, FLOAT
            b'S' | b'V' => self.line_leaf(usize::MAX)?,         // STRING, UNICODE
            b'c' => {
                self.line()?; // GLOBAL: the module, then the name
                self.line_leaf(usize::MAX)?;
            }
            0x93 | b'R' => self.build(2, true)?, // STACK_GLOBAL, REDUCE
            0x85 => self.build(1, false)?,       // TUPLE1
            0x86 => self.build(2, false)?,       // TUPLE2
            0x87 => self.build(3, false)?,       // TUPLE3
            b't' | b'l' | b'd' | 0x91 => {
                let parts = self.pop_mark()?; // TUPLE, LIST, DICT, FROZENSET
                self.push(Object { parts, ..Object::default() });
            }
            b'a' => self.extend_by(1)?, // APPEND
            b's' => self.extend_by(2)?, // SETITEM
            b'e' | b'u' | 0x90 => {
                let parts = self.pop_mark()?; // APPENDS, SETITEMS, ADDITEMS
                self.extend(parts)?;
            }
            b'(' => self.marks.push(self.stack.len()), // MARK
            b'0' => drop(self.pop()?),                 // POP
            b'1' => drop(self.pop_mark()?),            // POP_MARK
            b'p' | b'q' | b'r' => {
                let id = self.memo_id(opcode)?; // PUT, BINPUT, LONG_BINPUT
                self.memoize(id)?;
            }
            0x94 => self.memoize(self.memo.len())?, // MEMOIZE
            b'g' | b'h' | b'j' => {
                let id = self.memo_id(opcode)?; // GET, BINGET, LONG_BINGET
                self.recall(id)?;
            }
            // DUP, which no pickler writes, and those of classes, extensions, out-of-band buffers.
            _ => return Err("an opcode that plain data does not need"),
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Result<&[u8], &'static str> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian number of `size` bytes.
    fn number(&mut self, size: usize) -> Result<usize, &'static str> {
        let number =
            self.take(size)?.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(number).map_err(|_| CUT_OFF)
    }

    fn line(&mut self) -> Result<&[u8], &'static str> {
        let length = self.rest.iter().position(|byte| *byte == b'\n').ok_or(CUT_OFF)?;
        Ok(&self.take(length + 1)?[..length])
    }

    /// The memo entry that an opcode names: in a line, or in one byte, or in four.
    fn memo_id(&mut self, opcode: u8) -> Result<usize, &'static str> {
        match opcode {
            b'q' | b'h' => self.number(1),
            b'r' | b'j' => self.number(4),
            _ => {
                let line = str::from_utf8(self.line()?).unwrap_or_default();
                line.trim_end().parse().map_err(|_| "a memo entry without a number")
            }
        }
    }

    fn push(&mut self, object: Object) {
        self.stack.push(self.objects.len());
        self.objects.push(object);
    }

    fn leaf(&mut self, bytes: usize) {
        self.push(Object { bytes, ..Object::default() });
    }

    fn leaf_of(&mut self, bytes: usize) -> Result<(), &'static str> {
        self.take(bytes)?;
        self.leaf(bytes);
        Ok(())
    }

    /// A leaf of as many bytes as the number of `size` bytes before it says.
    fn counted_leaf(&mut self, size: usize, max: usize) -> Result<(), &'static str> {
        let bytes = self.number(size)?;
        if bytes > max { Err("too long an integer") } else { self.leaf_of(bytes) }
    }

    fn line_leaf(&mut self, max: usize) -> Result<(), &'static str> {
        let bytes = self.line()?.len();
        self.leaf(bytes);
        if bytes > max { Err("too long a number") } else { Ok(()) }
    }

    fn pop(&mut self) -> Result<usize, &'static str> {
        let bottom = self.marks.last().copied().unwrap_or_default();
        if self.stack.len() == bottom { Err(UNDERFLOW) } else { self.stack.pop().ok_or(UNDERFLOW) }
    }

    fn pop_mark(&mut self) -> Result<Vec<usize>, &'static str> {
        let bottom = self.marks.pop().ok_or(UNDERFLOW)?;
        Ok(self.stack.split_off(bottom))
    }

    /// Replaces the topmost `count` objects by one made from them.
    fn build(&mut self, count: usize, copies: bool) -> Result<(), &'static str> {
        let parts = (0..count).map(|_| self.pop()).collect::<Result<_, _>>()?;
        self.push(Object { parts, copies, ..Object::default() });
        Ok(())
    }

    /// Moves the topmost `count` objects into the one below them.
    fn extend_by(&mut self, count: usize) -> Result<(), &'static str> {
        let parts = (0..count).map(|_| self.pop()).collect::<Result<_, _>>()?;
        self.extend(parts)
    }

    fn extend(&mut self, parts: Vec<usize>) -> Result<(), &'static str> {
        let top = *self.stack.last().ok_or(UNDERFLOW)?;
        self.objects[top].parts.extend(parts);
        Ok(())
    }

    fn memoize(&mut self, id: usize) -> Result<(), &'static str> {
        let top = *self.stack.last().ok_or(UNDERFLOW)?;
        // serde-pickle copies an object that is in the memo already.
        if std::mem::replace(&mut self.objects[top].remembered, true) {
            return Err("an object remembered twice");
        }
        self.memo.insert(id, top);
        Ok(())
    }

    fn recall(&mut self, id: usize) -> Result<(), &'static str> {
        let known = self.memo.get(&id).ok_or("a memo entry that is not there")?;
        self.stack.push(*known);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects::MAX_DEPTH;
    use super::*;

    #[test]
    fn nesting_is_limited() {
        let lists = |depth: usize| [vec![b']'; depth], vec![b'a'; depth - 1], vec![b'.']].concat();
        assert_eq!(check(&lists(MAX_DEPTH)), Ok(()));
        assert_eq!(check(&lists(1_000_000)), Err("nested too deep"));
        // Built, and thrown away: it has to be taken down all the same.
        let thrown_away = [vec![b']'; 1_000_000], vec![b'a'; 999_999], b"0N.".to_vec()].concat();
        assert_eq!(check(&thrown_away), Err("nested too deep"));
    }

    #[test]
    fn a_value_that_holds_itself_is_refused() {
        assert_eq!(check(b"]q\x00h\x00a."), Err("nested too deep"));
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
        assert_eq!(check(&doubled(40)), Err("too large with its shared parts written out"));
        assert_eq!(check(b"]2."), Err("an opcode that plain data does not need"));
    }

    #[test]
    fn a_large_part_copied_again_and_again_is_refused() {
        let part =
            [b"cbuiltins\nlist\nq\x01B\x00\x00\x01\x00".as_slice(), &vec![0; 1 << 16], b"q\x00"]
                .concat();
        let copies = b"h\x01h\x00\x85R0".repeat(2000);
        let pickle = [part, copies, b".".to_vec()].concat();
        assert_eq!(check(&pickle), Err("too large with its shared parts written out"));
    }

    #[test]
    fn integers_are_limited_and_what_is_cut_off_is_refused() {
        assert_eq!(
            check(&[b"L".as_slice(), &[b'9'; 5000], b"L\n."].concat()),
            Err("too long a number")
        );
        assert_eq!(check(b"\x8b\xff\xff\xff\x7f"), Err("too long an integer"));
        for cut_off in [
            b"".as_slice(),
            b"\x80",
            b"K",
            b"X\xff\xff\xff\xff",
            b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
            b"I1",
        ] {
            assert_eq!(check(cut_off), Err(CUT_OFF), "{cut_off:?}");
        }
        for underflow in [b"a".as_slice(), b"(a", b"t", b"\x94", b"0"] {
            assert_eq!(check(underflow), Err(UNDERFLOW), "{underflow:?}");
        }
    }
}
