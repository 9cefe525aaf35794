//! Any bytes are read to the end, and the same is seen wherever they are split.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tap::zmtp::{Decoder, Seen};

fuzz_target!(|input: (usize, &[u8])| {
    let (size, bytes) = input;
    let whole = read([bytes].into_iter());
    assert_eq!(whole, read(bytes.chunks(size.max(1))));
    let unknown = whole.iter().position(|seen| *seen == Seen::Unknown);
    assert!(unknown.is_none_or(|position| position + 1 == whole.len()));
});

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Seen<'static>> {
    let mut decoder = Decoder::new();
    let mut all = Vec::new();
    for mut piece in pieces {
        while let Some(seen) = decoder.next(&mut piece) {
            all.push(seen.into_owned());
        }
        assert!(piece.is_empty());
    }
    all
}
