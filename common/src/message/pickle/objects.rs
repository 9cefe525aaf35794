//! The objects that a pickle builds, and how deep and how large they would be.

/// How deep a value may nest: as deep as `serde_json` lets JSON.
pub(super) const MAX_DEPTH: usize = 128;
/// How much a value may weigh with its shared parts written out: about its bytes in memory.
const MAX_WEIGHT: usize = 64 << 20;
/// What an object weighs beside the bytes it holds.
const OBJECT_WEIGHT: usize = 64;

/// An object, as far as its size is concerned.
#[derive(Default)]
pub(super) struct Object {
    /// The bytes of a leaf.
    pub(super) bytes: usize,
    /// The objects that it holds, by index.
    pub(super) parts: Vec<usize>,
    /// Whether serde-pickle copies its parts to make it.
    pub(super) copies: bool,
    /// Whether it is in the memo, where further references find it.
    pub(super) remembered: bool,
}

/// An object with all that it holds.
#[derive(Clone, Copy)]
struct Measure {
    depth: usize,
    weight: usize,
}

/// Whether all objects are within the limits, each with what it holds.
///
/// # Errors
///
/// The limit that one of them exceeds.
pub(super) fn check(objects: &[Object]) -> Result<(), &'static str> {
    let mut measured = vec![None; objects.len()];
    let mut copied = 0_usize;
    for (index, object) in objects.iter().enumerate() {
        let whole = measure(objects, index, 0, &mut measured)?;
        if object.copies {
            copied = copied.saturating_add(whole.weight);
        }
        if whole.weight.max(copied) > MAX_WEIGHT {
            return Err("too large with its shared parts written out");
        }
    }
    Ok(())
}

/// Measures the object at `index`, which is `level` objects deep, unless it is `measured` already.
fn measure(
    objects: &[Object],
    index: usize,
    level: usize,
    measured: &mut [Option<Measure>],
) -> Result<Measure, &'static str> {
    if let Some(known) = measured[index] {
        return Ok(known);
    }
    let Object { bytes, parts, .. } = &objects[index];
    let mut whole = Measure { depth: 0, weight: OBJECT_WEIGHT + bytes };
    // An object that holds itself comes to its end here.
    if level <= MAX_DEPTH {
        for part in parts {
            let part = measure(objects, *part, level + 1, measured)?;
            whole.depth = whole.depth.max(part.depth + 1);
            whole.weight = whole.weight.saturating_add(part.weight);
        }
    }
    if level.max(whole.depth) > MAX_DEPTH {
        return Err("nested too deep");
    }
    measured[index] = Some(whole);
    Ok(whole)
}
