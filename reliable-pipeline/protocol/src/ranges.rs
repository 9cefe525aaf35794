//! Sets of numbers, as the ranges that make them up.

use serde::{Deserialize, Serialize};

/// The first number of a range, and the last. In JSON: `[3, 7]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range(pub u64, pub u64);

/// The fewest ranges that hold exactly `nums`, which come in ascending order.
pub fn ranges(nums: impl IntoIterator<Item = u64>) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for num in nums {
        match ranges.last_mut() {
            Some(Range(_, last)) if num == *last + 1 => *last = num,
            _ => ranges.push(Range(num, num)),
        }
    }
    ranges
}

/// The numbers in `ranges` that are below `total`. What is no range, or beyond, is left out.
pub fn numbers(ranges: &[Range], total: u64) -> impl Iterator<Item = u64> {
    ranges.iter().flat_map(move |&Range(first, last)| first..last.saturating_add(1).min(total))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_as_few_as_can_be() {
        assert_eq!(ranges([0, 1, 2, 5, 7, 8]), [Range(0, 2), Range(5, 5), Range(7, 8)]);
        assert_eq!(ranges([]), []);
    }

    #[test]
    fn hostile_ranges_are_cut_down() {
        let hostile = [Range(0, u64::MAX), Range(5, 1), Range(u64::MAX, u64::MAX)];
        assert_eq!(numbers(&hostile, 3).collect::<Vec<_>>(), [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn numbers_of_ranges_are_the_numbers(nums: BTreeSet<u8>) {
            let nums: Vec<u64> = nums.into_iter().map(u64::from).collect();
            prop_assert_eq!(numbers(&ranges(nums.clone()), 256).collect::<Vec<_>>(), nums);
        }
    }
}
