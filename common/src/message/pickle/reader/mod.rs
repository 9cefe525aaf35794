//! Pickles as objects: what their opcodes (those of Python's `pickletools`) build, without calling or
//! importing anything.
//!
//! A few bytes of pickle can stand for a value nested a million deep, or for one with billions of
//! elements, by naming the same part again and again. So what is built first are objects that name
//! each other, and the value is made of them when its depth and size are known.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::objects::Whole;
use super::stack::Stack;
use super::{MAX_INTEGER, Value, strings};

/// Why a pickle is refused.
pub(super) type Reason = Cow<'static, str>;

/// Reads a pickle of plain data.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn read(pickle: &[u8]) -> Result<Value, Reason> {
    let mut reader = Reader { rest: pickle, ..Reader::default() };
    while reader.step()? {}
    if reader.rest.is_empty() { reader.stack.value() } else { Err("bytes after its end".into()) }
}

const CUT_OFF: &str = "cut off";
const NO_NUMBER: &str = "a number that is none";

#[derive(Default)]
struct Reader<'a> {
    rest: &'a [u8],
    stack: Stack,
}

impl<'a> Reader<'a> {
    /// Follows one opcode. False after STOP.
    fn step(&mut self) -> Result<bool, Reason> {
        let opcode = self.byte()?;
        match opcode {
            b'.' => return Ok(false),
            0x80 => drop(self.take(1)?), // PROTO
            0x95 => drop(self.take(8)?), // FRAME
            // NONE, NEWTRUE, NEWFALSE
            b'N' => self.stack.leaf(Value::None)?,
            0x88 | 0x89 => self.stack.leaf(Value::Bool(opcode == 0x88))?,
            // EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT, EMPTY_SET
            b')' => self.stack.whole(Whole::Tuple, Vec::new())?,
            b']' => self.stack.whole(Whole::List, Vec::new())?,
            b'}' => self.stack.whole(Whole::Dict, Vec::new())?,
            0x8f => self.stack.whole(Whole::Set, Vec::new())?,
            b'K' | b'M' => {
                let number = self.number(if opcode == b'K' { 1 } else { 2 })?; // BININT1, BININT2
                self.stack.leaf((number as u64).into())?;
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?); // BININT
                self.stack.leaf(i64::from(number).into())?;
            }
            b'G' => {
                let number = f64::from_be_bytes(self.array()?); // BINFLOAT
                self.stack.leaf(number.into())?;
            }
            0x8a | 0x8b => self.long(opcode)?, // LONG1, LONG4
            b'I' | b'L' | b'F' => self.line_of(opcode)?, // INT, LONG, FLOAT
            b'S' | b'V' => self.text_line(opcode)?, // STRING, UNICODE
            // SHORT_BINBYTES, SHORT_BINSTRING, SHORT_BINUNICODE; the same in four bytes, and in eight
            b'C' | b'U' | 0x8c => self.counted(opcode, 1)?,
            b'B' | b'T' | b'X' => self.counted(opcode, 4)?,
            0x8d | 0x8e | 0x96 => self.counted(opcode, 8)?,
            b'c' => {
                let [module, name] = [self.line()?, self.line()?]; // GLOBAL
                self.stack
                    .global(&String::from_utf8_lossy(module), &String::from_utf8_lossy(name))?;
            }
            0x93 => self.stack.stack_global()?, // STACK_GLOBAL
            b'R' => self.stack.reduce()?,       // REDUCE
            0x85..=0x87 => {
                let parts = self.stack.pop_all(usize::from(opcode - 0x84))?; // TUPLE1, TUPLE2, TUPLE3
                self.stack.whole(Whole::Tuple, parts)?;
            }
            // TUPLE, LIST, DICT, FROZENSET
            b't' => self.stack.whole_from_mark(Whole::Tuple)?,
            b'l' => self.stack.whole_from_mark(Whole::List)?,
            b'd' => self.stack.whole_from_mark(Whole::Dict)?,
            0x91 => self.stack.whole_from_mark(Whole::FrozenSet)?,
            b'a' | b's' => {
                let parts = self.stack.pop_all(if opcode == b'a' { 1 } else { 2 })?; // APPEND, SETITEM
                self.stack.extend(if opcode == b'a' { Whole::List } else { Whole::Dict }, parts)?;
            }
            b'e' | b'u' | 0x90 => {
                let parts = self.stack.pop_mark()?; // APPENDS, SETITEMS, ADDITEMS
                let whole = match opcode {
                    b'e' => Whole::List,
                    b'u' => Whole::Dict,
                    _ => Whole::Set,
                };
                self.stack.extend(whole, parts)?;
            }
            b'(' => self.stack.mark()?,           // MARK
            b'0' => drop(self.stack.pop()?),      // POP
            b'1' => drop(self.stack.pop_mark()?), // POP_MARK
            b'p' | b'q' | b'r' => {
                let id = self.memo_id(opcode)?; // PUT, BINPUT, LONG_BINPUT
                self.stack.memoize(id)?;
            }
            0x94 => self.stack.memoize_next()?, // MEMOIZE
            b'g' | b'h' | b'j' => {
                let id = self.memo_id(opcode)?; // GET, BINGET, LONG_BINGET
                self.stack.recall(id)?;
            }
            // DUP, which no pickler writes, and those of classes, extensions, out-of-band buffers.
            _ => return Err("an opcode that plain data does not need".into()),
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        self.take(N)?.try_into().map_err(|_| CUT_OFF.into())
    }

    fn byte(&mut self) -> Result<u8, Reason> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian number of `size` bytes.
    fn number(&mut self, size: usize) -> Result<usize, Reason> {
        let number =
            self.take(size)?.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(number).map_err(|_| CUT_OFF.into())
    }

    fn line(&mut self) -> Result<&'a [u8], Reason> {
        let length = self.rest.iter().position(|byte| *byte == b'\n').ok_or(CUT_OFF)?;
        Ok(&self.take(length + 1)?[..length])
    }

    /// The memo entry that an opcode names: in a line, or in one byte, or in four.
    fn memo_id(&mut self, opcode: u8) -> Result<usize, Reason> {
        match opcode {
            b'q' | b'h' => self.number(1),
            b'r' | b'j' => self.number(4),
            _ => {
                let line = str::from_utf8(self.line()?).unwrap_or_default();
                line.trim_end().parse().map_err(|_| "a memo entry without a number".into())
            }
        }
    }

    /// An integer of as many bytes as the number before it says.
    fn long(&mut self, opcode: u8) -> Result<(), Reason> {
        let length = self.number(if opcode == 0x8a { 1 } else { 4 })?;
        if length > MAX_INTEGER {
            return Err("too long an integer".into());
        }
        let number = BigInt::from_signed_bytes_le(self.take(length)?);
        self.stack.leaf(Value::Int(number))
    }

    /// A number in a line.
    fn line_of(&mut self, opcode: u8) -> Result<(), Reason> {
        let line = str::from_utf8(self.line()?).map_err(|_| NO_NUMBER)?.trim();
        if line.len() > MAX_INTEGER {
            return Err("too long a number".into());
        }
        let value = match (opcode, line) {
            (b'I', "00") => Value::Bool(false),
            (b'I', "01") => Value::Bool(true),
            (b'F', float) => Value::Float(float.parse().map_err(|_| NO_NUMBER)?),
            (_, int) => {
                let digits = int.strip_suffix('L').unwrap_or(int);
                Value::Int(digits.parse().map_err(|_| NO_NUMBER)?)
            }
        };
        self.stack.leaf(value)
    }

    /// A string in a line.
    fn text_line(&mut self, opcode: u8) -> Result<(), Reason> {
        let line = self.line()?;
        let value = match opcode {
            b'S' => strings::unescape_bytes(line).map(Value::Bytes),
            _ => strings::unescape_unicode(line),
        };
        self.stack.leaf(value.ok_or("a string with a wrong escape")?)
    }

    /// Bytes or text, of as many bytes as the number of `size` bytes before says.
    fn counted(&mut self, opcode: u8, size: usize) -> Result<(), Reason> {
        let length = self.number(size)?;
        let bytes = self.take(length)?;
        let value = match opcode {
            b'X' | 0x8c | 0x8d => strings::from_utf8(bytes).ok_or("a str that is not UTF-8")?,
            0x96 => Value::ByteArray(bytes.to_owned()),
            _ => Value::Bytes(bytes.to_owned()),
        };
        self.stack.leaf(value)
    }
}

#[cfg(test)]
mod tests;
