//! Values as the opcodes of protocol 3 (those of Python's `pickletools`).

use num_bigint::BigInt;

use super::{Value, strings};

/// Adds the opcodes that build `value`.
pub(super) fn write(value: &Value, pickle: &mut Vec<u8>) {
    match value {
        Value::None => pickle.push(b'N'),
        Value::Bool(truth) => pickle.push(if *truth { 0x88 } else { 0x89 }),
        Value::Int(number) => write_int(number, pickle),
        Value::Float(number) => {
            pickle.push(b'G');
            pickle.extend(number.to_be_bytes());
        }
        Value::String(text) => write_bytes([b'X', 0x8d], text.as_bytes(), pickle),
        Value::Surrogates(points) => write_bytes([b'X', 0x8d], &strings::to_utf8(points), pickle),
        Value::Bytes(bytes) => write_bytes([b'B', 0x8e], bytes, pickle),
        Value::ByteArray(bytes) => {
            pickle.extend(b"cbuiltins\nbytearray\n");
            write_bytes([b'B', 0x8e], bytes, pickle);
            pickle.extend([0x85, b'R']);
        }
        Value::List(items) => write_list(items, pickle),
        Value::Tuple(items) => {
            pickle.push(b'(');
            write_all(items, pickle);
            pickle.push(b't');
        }
        Value::Set(items) | Value::FrozenSet(items) => {
            let name = if matches!(value, Value::Set(_)) { "set" } else { "frozenset" };
            pickle.extend(b"cbuiltins\n");
            pickle.extend(name.as_bytes());
            pickle.push(b'\n');
            write_list(items, pickle);
            pickle.extend([0x85, b'R']);
        }
        Value::Dict(items) => {
            pickle.extend(b"}(");
            for (key, value) in items {
                write(key, pickle);
                write(value, pickle);
            }
            pickle.push(b'u');
        }
    }
}

fn write_list(items: &[Value], pickle: &mut Vec<u8>) {
    pickle.extend(b"](");
    write_all(items, pickle);
    pickle.push(b'e');
}

fn write_all(items: &[Value], pickle: &mut Vec<u8>) {
    for item in items {
        write(item, pickle);
    }
}

fn write_int(number: &BigInt, pickle: &mut Vec<u8>) {
    if let Ok(small) = i32::try_from(number) {
        pickle.push(b'J');
        pickle.extend(small.to_le_bytes());
        return;
    }
    let bytes = number.to_signed_bytes_le();
    if let Ok(length) = u8::try_from(bytes.len()) {
        pickle.extend([0x8a, length]);
    } else {
        pickle.push(0x8b);
        // What is in memory has no integer of more than 2 GiB.
        pickle.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    }
    pickle.extend(bytes);
}

/// Bytes with their number before them, after the first opcode in four bytes, after the second in
/// eight.
fn write_bytes(opcodes: [u8; 2], bytes: &[u8], pickle: &mut Vec<u8>) {
    if let Ok(length) = u32::try_from(bytes.len()) {
        pickle.push(opcodes[0]);
        pickle.extend(length.to_le_bytes());
    } else {
        pickle.push(opcodes[1]);
        pickle.extend((bytes.len() as u64).to_le_bytes());
    }
    pickle.extend(bytes);
}
