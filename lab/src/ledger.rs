//! The ledger of a wire: which messages passed, in which order, not only how many.

/// How many messages are kept for each way.
const KEPT: usize = 1_000_000;

/// The numbers of the tasks or results that passed. What has no number is not here.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// From the socket that connects to the one that binds.
    pub up: Vec<u64>,
    /// The other way.
    pub down: Vec<u64>,
}

impl Ledger {
    /// A message passed whose last frame begins with these bytes.
    pub fn pass(&mut self, up: bool, start: &[u8]) {
        let way = if up { &mut self.up } else { &mut self.down };
        if let Some(number) = number(start).filter(|_| way.len() < KEPT) {
            way.push(number);
        }
    }
}

/// The value of `"num"` in a task or a result.
fn number(json: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"num\":";
    let at = json.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let digits = json[at..].trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_results_have_numbers() {
        assert_eq!(number(br#"{"num": 17}"#), Some(17));
        assert_eq!(number(br#"{"consumer_id":3,"num":1999}"#), Some(1999));
        for other in [&b"new message"[..], b"{\"num\": \"x\"}", b"\"num\":"] {
            assert_eq!(number(other), None);
        }
    }
}
