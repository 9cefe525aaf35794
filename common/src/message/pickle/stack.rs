//! The stack on which a pickle's opcodes build objects.

use std::collections::HashMap;

use super::globals::Global;
use super::objects::{MAX_DEPTH, MAX_OBJECTS, Object, Objects, TOO_DEEP, TOO_LARGE, Whole};
use super::reader::Reason;
use super::{MAX_INTEGER, Value};

pub(super) const UNDERFLOW: &str = "an opcode without its arguments";

/// All objects; the stack and the memo name them by their indices.
#[derive(Default)]
pub(super) struct Stack {
    objects: Objects,
    indices: Vec<usize>,
    /// The stack's heights at the marks.
    marks: Vec<usize>,
    memo: HashMap<usize, usize>,
}

impl Stack {
    /// The value on top.
    pub(super) fn value(&self) -> Result<Value, Reason> {
        self.objects.value(self.top()?)
    }

    pub(super) fn mark(&mut self) -> Result<(), Reason> {
        // A pickler has a mark for each level that it is in, and one for what it adds there.
        if self.marks.len() > 2 * MAX_DEPTH {
            return Err(TOO_DEEP.into());
        }
        self.marks.push(self.indices.len());
        Ok(())
    }

    pub(super) fn memoize_next(&mut self) -> Result<(), Reason> {
        self.memoize(self.memo.len())
    }

    pub(super) fn recall(&mut self, id: usize) -> Result<(), Reason> {
        self.indices.push(*self.memo.get(&id).ok_or("a memo entry that is not there")?);
        Ok(())
    }

    fn push(&mut self, object: Object) -> Result<(), Reason> {
        self.indices.push(self.objects.add(object)?);
        Ok(())
    }

    pub(super) fn leaf(&mut self, value: Value) -> Result<(), Reason> {
        self.push(Object::Leaf(value))
    }

    pub(super) fn whole(&mut self, whole: Whole, parts: Vec<usize>) -> Result<(), Reason> {
        check_parts(whole, &parts)?;
        self.push(Object::Whole(whole, parts))
    }

    pub(super) fn whole_from_mark(&mut self, whole: Whole) -> Result<(), Reason> {
        let parts = self.pop_mark()?;
        self.whole(whole, parts)
    }

    /// The same, by two strings on the stack.
    pub(super) fn stack_global(&mut self) -> Result<(), Reason> {
        let (name, module) = (self.pop()?, self.pop()?);
        let text = |index| match self.objects.get(index) {
            Object::Leaf(Value::String(text)) => Ok(text.clone()),
            _ => Err("a name that is no str"),
        };
        let (module, name) = (text(module)?, text(name)?);
        self.global(&module, &name)
    }

    /// Pushes what Python finds by `name` in `module`.
    pub(super) fn global(&mut self, module: &str, name: &str) -> Result<(), Reason> {
        self.push(Object::Global(Global::named(module, name)?))
    }

    /// Makes an object by a type, or `_codecs.encode`, and a tuple of arguments.
    pub(super) fn reduce(&mut self) -> Result<(), Reason> {
        let [arguments, global] = [self.pop()?, self.pop()?].map(|index| self.objects.get(index));
        let (Object::Global(global), Object::Whole(Whole::Tuple, arguments)) = (global, arguments)
        else {
            return Err("a call of what is no type".into());
        };
        let arguments: Vec<_> = arguments.iter().map(|index| self.objects.get(*index)).collect();
        let made = global.make(&arguments).ok_or("arguments that a type does not take")?;
        let copied = match &made {
            Object::Whole(_, parts) => parts.len() * size_of::<usize>(),
            Object::Leaf(Value::Bytes(bytes) | Value::ByteArray(bytes)) => bytes.len(),
            _ => MAX_INTEGER,
        };
        self.objects.copy(copied)?;
        self.push(made)
    }

    fn bottom(&self) -> usize {
        self.marks.last().copied().unwrap_or_default()
    }

    fn top(&self) -> Result<usize, Reason> {
        let above_mark = &self.indices[self.bottom()..];
        Ok(*above_mark.last().ok_or(UNDERFLOW)?)
    }

    pub(super) fn pop(&mut self) -> Result<usize, Reason> {
        let top = self.top()?;
        self.indices.pop();
        Ok(top)
    }

    /// Takes the topmost `count` objects, in their order.
    pub(super) fn pop_all(&mut self, count: usize) -> Result<Vec<usize>, Reason> {
        let from = self.indices.len().checked_sub(count).filter(|from| *from >= self.bottom());
        Ok(self.indices.split_off(from.ok_or(UNDERFLOW)?))
    }

    /// Takes all objects above the last mark.
    pub(super) fn pop_mark(&mut self) -> Result<Vec<usize>, Reason> {
        let bottom = self.marks.pop().ok_or(UNDERFLOW)?;
        Ok(self.indices.split_off(bottom))
    }

    /// Adds parts to the topmost object.
    pub(super) fn extend(&mut self, whole: Whole, added: Vec<usize>) -> Result<(), Reason> {
        check_parts(whole, &added)?;
        match self.objects.get_mut(self.top()?) {
            Object::Whole(found, parts) if *found == whole => parts.extend(added),
            _ => return Err("an item for what takes none".into()),
        }
        Ok(())
    }

    pub(super) fn memoize(&mut self, id: usize) -> Result<(), Reason> {
        // A pickler remembers each object once.
        if self.memo.len() == MAX_OBJECTS {
            return Err(TOO_LARGE.into());
        }
        self.memo.insert(id, self.top()?);
        Ok(())
    }
}

fn check_parts(whole: Whole, parts: &[usize]) -> Result<(), Reason> {
    let complete = whole != Whole::Dict || parts.len().is_multiple_of(2);
    if complete { Ok(()) } else { Err("a key without its value".into()) }
}
