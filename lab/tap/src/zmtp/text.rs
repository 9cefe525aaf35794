//! Bytes as text for people.

/// The text that these bytes are in UTF-8. Control characters and bytes that are no UTF-8 are
/// escaped. `cut` says that more bytes followed: then the text ends in `…`, and half a character
/// before it is left out.
pub fn text(bytes: &[u8], cut: bool) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        let invalid = chunk.invalid();
        let half = str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        if !(cut && half) {
            text.extend(invalid.iter().map(|byte| format!("\\x{byte:02x}")));
        }
    }
    if cut {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn text_stays_and_the_rest_is_escaped() {
        assert_eq!(text("任務 7".as_bytes(), false), "任務 7");
        assert_eq!(text(b"a\n\0\xff!", false), "a\\n\\u{0}\\xff!");
        assert_eq!(text(&"任務".as_bytes()[..4], false), "任\\xe5");
    }

    #[test]
    fn half_a_character_is_left_out_where_the_text_is_cut() {
        assert_eq!(text(&"任務".as_bytes()[..4], true), "任…");
        assert_eq!(text(b"ab\xff", true), "ab\\xff…");
    }
}
