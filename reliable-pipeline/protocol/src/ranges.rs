//! Numbers of tasks as ranges.

use serde::{Deserialize, Serialize};

/// The first number of a range, and the last. In JSON: `[3, 7]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range(pub u64, pub u64);

impl Range {
    fn count(self) -> u64 {
        (self.1 - self.0).saturating_add(1)
    }
}

/// Ranges in ascending order that do not overlap, so that reading them is quick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Range>")]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// The fewest ranges that hold exactly `nums`, which come in ascending order.
    pub fn of(nums: impl IntoIterator<Item = u64>) -> Self {
        let mut ranges: Vec<Range> = Vec::new();
        for num in nums {
            match ranges.last_mut() {
                Some(Range(_, last)) if num <= last.saturating_add(1) => *last = num,
                _ => ranges.push(Range(num, num)),
            }
        }
        Self(ranges)
    }

    /// The ranges, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Range> {
        self.0.iter().copied()
    }

    /// The parts of the ranges below `total`.
    pub fn below(&self, total: u64) -> impl Iterator<Item = Range> {
        let below = self.iter().take_while(move |range| range.0 < total);
        below.map(move |Range(first, last)| Range(first, last.min(total - 1)))
    }

    /// The numbers in the ranges, in ascending order.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.iter().flat_map(|Range(first, last)| first..=last)
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.iter().fold(0, |count, range| count.saturating_add(range.count()))
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no number.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<Range>> for Ranges {
    type Error = &'static str;

    fn try_from(ranges: Vec<Range>) -> Result<Self, Self::Error> {
        let forward = ranges.iter().all(|range| range.0 <= range.1);
        let ascending = ranges.windows(2).all(|pair| pair[0].1 < pair[1].0);
        if forward && ascending { Ok(Self(ranges)) } else { Err("ranges must ascend") }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn parse(json: &str) -> Result<Ranges, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn ranges_are_as_few_as_can_be() {
        let ranges = Ranges::of([0, 1, 2, 5, 7, 8]);
        assert_eq!(ranges.0, [Range(0, 2), Range(5, 5), Range(7, 8)]);
        assert_eq!((ranges.len(), ranges.count(), ranges.is_empty()), (3, 6, false));
        assert_eq!(Ranges::of([4, 4, 4]).0, [Range(4, 4)]);
        assert!(Ranges::of([]).is_empty());
    }

    #[test]
    fn ranges_that_overlap_or_descend_are_rejected() {
        assert_eq!(parse("[[0,1],[2,2]]").unwrap().count(), 3);
        for hostile in ["[[1,0]]", "[[0,2],[2,3]]", "[[5,6],[0,1]]"] {
            assert!(parse(hostile).unwrap_err().to_string().starts_with("ranges must ascend"));
        }
        assert_eq!(parse("[[0,18446744073709551615]]").unwrap().count(), u64::MAX);
    }

    #[test]
    fn ranges_are_cut_at_the_total() {
        let ranges = parse("[[0,1],[3,9],[12,18446744073709551615]]").unwrap();
        assert_eq!(ranges.below(5).collect::<Vec<_>>(), [Range(0, 1), Range(3, 4)]);
        assert_eq!(ranges.below(0).count(), 0);
    }

    proptest! {
        #[test]
        fn numbers_of_ranges_are_the_numbers(nums: BTreeSet<u8>) {
            let nums: Vec<u64> = nums.into_iter().map(u64::from).collect();
            let ranges = Ranges::of(nums.clone());
            prop_assert_eq!(ranges.numbers().collect::<Vec<_>>(), nums);
            let json = serde_json::to_string(&ranges).unwrap();
            prop_assert_eq!(parse(&json).unwrap(), ranges);
        }
    }
}
