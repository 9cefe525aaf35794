//! Lines that come again and again, summed up.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};
use std::mem;
use std::time::{Duration, Instant};

use super::line::Line;

/// How many lines of a kind are printed as they come.
const FIRST: u32 = 5;
/// How many more are, as long as each has a text that is new. A peer that always sends something else
/// gets no further.
const NEW_TEXTS: usize = 20;
/// The rest is summed up this often. A kind that is quiet for that long starts over.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// What has been logged of late. Lines are of one kind when they come from the same place in the
/// program: peers can change what a line says, but not where it comes from.
pub(super) struct Repeats<K> {
    kinds: HashMap<K, Kind>,
    hashes: RandomState,
}

struct Kind {
    since: Instant,
    printed: u32,
    texts: HashSet<u64>,
    /// How many are to be summed up, and the first of them.
    held: u64,
    example: Option<Line>,
}

impl<K: Eq + Hash> Repeats<K> {
    pub(super) fn new() -> Self {
        Self { kinds: HashMap::new(), hashes: RandomState::new() }
    }

    /// Whether one more of this kind is only counted. It has been, then.
    pub(super) fn count(&mut self, kind: &K) -> bool {
        let Some(kind) = self.kinds.get_mut(kind) else { return false };
        let counted = kind.held > 0 && kind.texts.len() >= NEW_TEXTS;
        kind.held += u64::from(counted);
        counted
    }

    /// Whether this line is to be printed. If not, it is held to be summed up.
    pub(super) fn admit(&mut self, kind: K, line: &Line, now: Instant) -> bool {
        let hash = self.hashes.hash_one(&line.text);
        let kind = self.kinds.entry(kind).or_insert_with(|| Kind::new(now));
        if kind.held == 0 && kind.is_old(now) {
            *kind = Kind::new(now);
        }
        let new = kind.texts.len() < NEW_TEXTS && kind.texts.insert(hash);
        if kind.printed < FIRST || new {
            kind.printed += 1;
            return true;
        }
        kind.held += 1;
        kind.example.get_or_insert_with(|| line.clone());
        false
    }

    /// When to ask what is due, if anything was logged of late.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.kinds.values().map(|kind| kind.since + INTERVAL).min()
    }

    /// The sums that are due by `now`. Kinds that were quiet are forgotten.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Line> {
        self.kinds.retain(|_, kind| kind.held > 0 || !kind.is_old(now));
        self.sums(now, INTERVAL)
    }

    /// The sums of all that is held.
    pub(super) fn rest(&mut self, now: Instant) -> Vec<Line> {
        self.sums(now, Duration::ZERO)
    }

    fn sums(&mut self, now: Instant, age: Duration) -> Vec<Line> {
        let due = |kind: &&mut Kind| now.duration_since(kind.since) >= age;
        let mut due: Vec<_> = self.kinds.values_mut().filter(due).collect();
        due.sort_by_key(|kind| kind.since);
        due.into_iter().filter_map(|kind| kind.sum(now)).collect()
    }
}

impl Kind {
    fn new(since: Instant) -> Self {
        Self { since, printed: 0, texts: HashSet::new(), held: 0, example: None }
    }

    fn is_old(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= INTERVAL
    }

    /// A single line is itself.
    fn sum(&mut self, now: Instant) -> Option<Line> {
        let example = self.example.take()?;
        let (held, since) = (mem::take(&mut self.held), mem::replace(&mut self.since, now));
        if held == 1 {
            return Some(example);
        }
        let seconds = now.duration_since(since).as_secs().max(1);
        let (held, text) = (thousands(held), example.text);
        let text = format!("… {held} more in {seconds} s, such as: {text}");
        Some(Line { text, ..example })
    }
}

/// `12,000`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::stderr::line::Label;

    fn line(text: impl Into<String>) -> Line {
        Line { label: Label::Warning, text: text.into() }
    }

    fn texts(lines: Vec<Line>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn the_first_are_printed_and_the_rest_is_counted() {
        let (mut repeats, start) = (Repeats::new(), Instant::now());
        let printed = (0..12_345).filter(|_| repeats.admit("kind", &line("bad"), start)).count();
        assert_eq!(printed, 5);
        assert_eq!(repeats.next_due(), Some(start + INTERVAL));
        assert_eq!(texts(repeats.due(start + INTERVAL / 2)), [""; 0]);
        let sum = "… 12,340 more in 10 s, such as: bad";
        assert_eq!(texts(repeats.due(start + INTERVAL)), [sum]);
        assert_eq!(texts(repeats.due(start + INTERVAL * 2)), [""; 0]);
        assert_eq!(repeats.next_due(), None);
    }

    #[test]
    fn while_it_goes_on_there_are_sums_alone_and_after_a_pause_it_begins_anew() {
        let (mut repeats, start) = (Repeats::new(), Instant::now());
        for _ in 0..8 {
            repeats.admit("kind", &line("bad"), start);
        }
        repeats.due(start + INTERVAL);
        assert!(!repeats.admit("kind", &line("bad"), start + INTERVAL * 3 / 2));
        // One alone is itself, and no sum.
        assert_eq!(texts(repeats.due(start + INTERVAL * 2)), ["bad"]);
        assert!(repeats.admit("kind", &line("bad"), start + INTERVAL * 3));
    }

    #[test]
    fn what_says_something_new_is_printed_within_limits() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        for _ in 0..100 {
            repeats.admit("kind", &line("bad"), now);
        }
        assert!(repeats.admit("kind", &line("worse"), now));
        assert!(!repeats.admit("kind", &line("worse"), now));
        assert!(repeats.admit("another kind", &line("bad"), now));
        let varied = (0..1000).filter(|n| repeats.admit("kind", &line(n.to_string()), now));
        assert_eq!(varied.count(), NEW_TEXTS - 2);
        // From now on the text is not even looked at.
        assert!(repeats.count(&"kind"));
        assert!(!repeats.count(&"another kind"));
    }

    #[test]
    fn all_that_is_printed_and_summed_is_all_that_came() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        let printed = (0..5_000)
            .filter(|n| {
                !repeats.count(&"kind") && repeats.admit("kind", &line((n % 70).to_string()), now)
            })
            .count();
        let sums = texts(repeats.rest(now));
        let [sum] = sums.as_slice() else { panic!("{sums:?}") };
        let held = 5_000 - printed;
        assert!(sum.starts_with(&format!("… {} more in 1 s", thousands(held as u64))), "{sum}");
    }

    #[test]
    fn large_numbers_are_grouped() {
        let shown = [0, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }
}
