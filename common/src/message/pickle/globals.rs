//! The types and functions of Python's that take part in building plain data.

use super::objects::{Object, Whole};
use super::reader::Reason;
use super::{Value, strings};

/// A type or a function that pickles of plain data name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    Set,
    FrozenSet,
    List,
    Int,
    Bytes,
    ByteArray,
    /// `_codecs.encode`, by which protocols 0 to 2 write bytes.
    Encode,
}

impl Global {
    /// The one that Python finds by `name` in `module`.
    ///
    /// # Errors
    ///
    /// It is none of these.
    pub(super) fn named(module: &str, name: &str) -> Result<Self, Reason> {
        Ok(match (module, name) {
            ("builtins" | "__builtin__", "set") => Self::Set,
            ("builtins" | "__builtin__", "frozenset") => Self::FrozenSet,
            ("builtins" | "__builtin__", "list") => Self::List,
            ("builtins" | "__builtin__", "int") => Self::Int,
            ("builtins" | "__builtin__", "bytes") => Self::Bytes,
            ("builtins" | "__builtin__", "bytearray") => Self::ByteArray,
            ("_codecs", "encode") => Self::Encode,
            _ => {
                let name = format!("unresolved global {module}.{name}");
                return Err(name.escape_debug().to_string().into());
            }
        })
    }

    /// What Python makes of these arguments, as far as a pickler writes it.
    pub(super) fn make(self, arguments: &[&Object]) -> Option<Object> {
        let bytes = match arguments {
            [] => Some(Vec::new()),
            [Object::Leaf(Value::Bytes(bytes))] => Some(bytes.clone()),
            // The encoding, which is Latin-1 in every pickle.
            [Object::Leaf(Value::String(text)), _] => strings::to_latin1(text),
            _ => None,
        };
        let parts = match arguments {
            [] => Some(Vec::new()),
            [Object::Whole(whole, parts)] if *whole != Whole::Dict => Some(parts.clone()),
            _ => None,
        };
        Some(match (self, arguments) {
            (Self::Set, _) => Object::Whole(Whole::Set, parts?),
            (Self::FrozenSet, _) => Object::Whole(Whole::FrozenSet, parts?),
            (Self::List, _) => Object::Whole(Whole::List, parts?),
            (Self::Bytes | Self::Encode, _) => Object::Leaf(Value::Bytes(bytes?)),
            (Self::ByteArray, _) => Object::Leaf(Value::ByteArray(bytes?)),
            (Self::Int, [Object::Leaf(Value::Int(number))]) => {
                Object::Leaf(Value::Int(number.clone()))
            }
            (Self::Int, _) => return None,
        })
    }
}
