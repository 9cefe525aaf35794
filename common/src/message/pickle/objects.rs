//! The objects that a pickle builds, how deep and how large they are, and the value they come to.

use super::Value;
use super::globals::Global;
use super::reader::Reason;

/// How deep a value may nest: as deep as JSON may.
pub(super) const MAX_DEPTH: usize = crate::message::json::MAX_DEPTH;
/// How much a value may weigh with its shared parts written out: about its bytes in memory.
const MAX_WEIGHT: usize = 64 << 20;
/// What an object weighs beside the bytes it holds.
const OBJECT_WEIGHT: usize = 64;
/// How many objects may be built for one value: some are only there to build others from.
pub(super) const MAX_OBJECTS: usize = 2 << 20;

pub(super) const TOO_DEEP: &str = "nested too deep";
pub(super) const TOO_LARGE: &str = "too large with its shared parts written out";

/// An object. It names its parts, as it may be named itself, by their indices.
pub(super) enum Object {
    /// One without parts.
    Leaf(Value),
    /// One with parts.
    Whole(Whole, Vec<usize>),
    /// A type or function of Python's that takes part in building data.
    Global(Global),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    List,
    Tuple,
    Set,
    FrozenSet,
    /// Keys and values in turn.
    Dict,
}

/// All objects of a pickle.
#[derive(Default)]
pub(super) struct Objects {
    all: Vec<Object>,
    /// What was copied from one to make another.
    copied: usize,
}

impl Objects {
    /// Keeps `object`, and returns its index.
    ///
    /// # Errors
    ///
    /// There are too many.
    pub(super) fn add(&mut self, object: Object) -> Result<usize, Reason> {
        if self.all.len() == MAX_OBJECTS {
            return Err(TOO_LARGE.into());
        }
        self.all.push(object);
        Ok(self.all.len() - 1)
    }

    pub(super) fn get(&self, index: usize) -> &Object {
        &self.all[index]
    }

    pub(super) fn get_mut(&mut self, index: usize) -> &mut Object {
        &mut self.all[index]
    }

    /// Keeps account of `bytes` that are copied. Nobody who writes plain data copies much.
    ///
    /// # Errors
    ///
    /// It is too much.
    pub(super) fn copy(&mut self, bytes: usize) -> Result<(), Reason> {
        self.copied = self.copied.saturating_add(bytes);
        if self.copied > MAX_WEIGHT { Err(TOO_LARGE.into()) } else { Ok(()) }
    }

    /// The value that the object at `index` comes to.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds; a part of it that is no value.
    pub(super) fn value(&self, index: usize) -> Result<Value, Reason> {
        let whole = self.measure(index, 0, &mut vec![None; self.all.len()])?;
        if whole.weight > MAX_WEIGHT {
            return Err(TOO_LARGE.into());
        }
        self.build(index)
    }

    /// Measures the object at `index`, which is `level` objects deep, unless it is `measured`
    /// already.
    fn measure(
        &self,
        index: usize,
        level: usize,
        measured: &mut [Option<Measure>],
    ) -> Result<Measure, Reason> {
        if let Some(known) = measured[index] {
            return Ok(known);
        }
        let (bytes, parts) = match self.get(index) {
            Object::Leaf(value) => (bytes_of(value), &[][..]),
            Object::Whole(_, parts) => (0, &parts[..]),
            Object::Global(_) => return Err("a type where a value is expected".into()),
        };
        let mut whole = Measure { depth: 0, weight: OBJECT_WEIGHT + bytes };
        // An object that holds itself comes to its end here.
        if level <= MAX_DEPTH {
            for part in parts {
                let part = self.measure(*part, level + 1, measured)?;
                whole.depth = whole.depth.max(part.depth + 1);
                whole.weight = whole.weight.saturating_add(part.weight);
            }
        }
        if level.max(whole.depth) > MAX_DEPTH {
            return Err(TOO_DEEP.into());
        }
        measured[index] = Some(whole);
        Ok(whole)
    }

    fn build(&self, index: usize) -> Result<Value, Reason> {
        let (whole, parts) = match self.get(index) {
            Object::Leaf(value) => return Ok(value.clone()),
            Object::Whole(whole, parts) => (whole, parts),
            Object::Global(_) => return Err("a type where a value is expected".into()),
        };
        if *whole == Whole::Dict {
            let pairs = parts.chunks_exact(2);
            let pair = |pair: &[usize]| Ok((self.build(pair[0])?, self.build(pair[1])?));
            return pairs.map(pair).collect::<Result<_, Reason>>().map(Value::Dict);
        }
        let items = parts.iter().map(|part| self.build(*part)).collect::<Result<_, _>>()?;
        Ok(match whole {
            Whole::Tuple => Value::Tuple(items),
            Whole::Set => Value::Set(items),
            Whole::FrozenSet => Value::FrozenSet(items),
            Whole::List | Whole::Dict => Value::List(items),
        })
    }
}

/// An object with all that it holds.
#[derive(Clone, Copy)]
struct Measure {
    depth: usize,
    weight: usize,
}

fn bytes_of(leaf: &Value) -> usize {
    match leaf {
        Value::String(text) => text.len(),
        Value::Surrogates(points) => 4 * points.len(),
        Value::Bytes(bytes) | Value::ByteArray(bytes) => bytes.len(),
        Value::Int(number) => usize::try_from(number.bits() / 8).unwrap_or(usize::MAX),
        _ => 0,
    }
}
