//! A set of task numbers: a bit per task, and how many there are.

use crate::ranges::{Range, Ranges};

const BITS: u64 = u64::BITS as u64;

/// Some of the tasks of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskSet {
    total: u64,
    count: u64,
    words: Vec<u64>,
}

impl TaskSet {
    /// None of `total` tasks.
    pub fn new(total: u64) -> Self {
        let words = usize::try_from(total.div_ceil(BITS)).unwrap_or(usize::MAX);
        Self { total, count: 0, words: vec![0; words] }
    }

    /// How many tasks the job has.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many of them are in the set.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether all of them are.
    pub fn is_full(&self) -> bool {
        self.count == self.total
    }

    /// Whether a task is in the set.
    pub fn contains(&self, num: u64) -> bool {
        num < self.total && self.words[word(num)] & bit(num) != 0
    }

    /// Adds a task. Returns whether it is new; one beyond the total never is.
    pub fn insert(&mut self, num: u64) -> bool {
        let new = num < self.total && !self.contains(num);
        if new {
            self.words[word(num)] |= bit(num);
            self.count += 1;
        }
        new
    }

    /// Removes a task. Returns whether it was there.
    pub fn remove(&mut self, num: u64) -> bool {
        let there = self.contains(num);
        if there {
            self.words[word(num)] &= !bit(num);
            self.count -= 1;
        }
        there
    }

    /// Adds a range of tasks, a word at a time.
    pub fn insert_range(&mut self, Range(first, last): Range) {
        let last = last.min(self.total.saturating_sub(1));
        if self.total == 0 || first > last {
            return;
        }
        for index in word(first)..=word(last) {
            let mut mask = u64::MAX;
            if index == word(first) {
                mask &= u64::MAX << (first % BITS);
            }
            if index == word(last) {
                mask &= u64::MAX >> (BITS - 1 - last % BITS);
            }
            let added = mask & !self.words[index];
            self.words[index] |= added;
            self.count += u64::from(added.count_ones());
        }
    }

    /// The first task from `from` on that is in the set (or is not, if not `there`).
    pub fn next(&self, from: u64, there: bool) -> Option<u64> {
        if from >= self.total {
            return None;
        }
        let flip = if there { 0 } else { u64::MAX };
        let mut mask = u64::MAX << (from % BITS);
        for index in word(from)..self.words.len() {
            let found = (self.words[index] ^ flip) & mask;
            if found != 0 {
                let num = index as u64 * BITS + u64::from(found.trailing_zeros());
                return (num < self.total).then_some(num);
            }
            mask = u64::MAX;
        }
        None
    }

    /// The tasks from `from` on as at most `limit` ranges, and where these end: the set holds no
    /// others before that.
    pub fn ranges_from(&self, from: u64, limit: usize) -> (Ranges, u64) {
        let (mut ranges, mut from) = (Vec::new(), from);
        while let Some(first) = self.next(from, true) {
            if ranges.len() == limit {
                return (ranges.try_into().unwrap_or_default(), first);
            }
            from = self.next(first, false).unwrap_or(self.total);
            ranges.push(Range(first, from - 1));
        }
        (ranges.try_into().unwrap_or_default(), self.total)
    }
}

/// The word of a number below the total, which fits in memory.
#[allow(clippy::cast_possible_truncation, reason = "as many words as memory holds")]
fn word(num: u64) -> usize {
    (num / BITS) as usize
}

fn bit(num: u64) -> u64 {
    1 << (num % BITS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_job_has_no_tasks() {
        let mut none = TaskSet::new(0);
        none.insert_range(Range(0, 5));
        assert!(!none.insert(0) && !none.remove(0) && !none.contains(0) && none.is_full());
        assert_eq!((none.next(0, true), none.next(0, false)), (None, None));
        assert_eq!(none.ranges_from(0, 3), (Ranges::default(), 0));
    }

    proptest! {
        #[test]
        fn it_is_a_set(
            total in 1..200_u64,
            changes in vec((any::<bool>(), 0..210_u64), 0..100),
            ranges in vec((0..210_u64, 0..210_u64), 0..3),
        ) {
            let (mut set, mut model) = (TaskSet::new(total), BTreeSet::new());
            for (first, last) in ranges {
                set.insert_range(Range(first, last));
                model.extend((first..=last).filter(|num| *num < total));
            }
            for (insert, num) in changes {
                if insert {
                    prop_assert_eq!(set.insert(num), num < total && model.insert(num));
                } else {
                    prop_assert_eq!(set.remove(num), model.remove(&num));
                }
            }
            prop_assert_eq!(set.count(), model.len() as u64);
            prop_assert_eq!(set.is_full(), model.len() as u64 == total);
            for num in 0..total + 2 {
                prop_assert_eq!(set.contains(num), model.contains(&num));
                prop_assert_eq!(set.next(num, true), model.range(num..).next().copied());
                prop_assert_eq!(set.next(num, false), (num..total).find(|n| !model.contains(n)));
            }
        }

        #[test]
        fn pieces_of_ranges_are_the_whole(nums in btree_set(0..300_u64, 0..150), limit in 1..9_usize) {
            let mut set = TaskSet::new(300);
            for num in &nums {
                set.insert(*num);
            }
            let (mut from, mut found) = (0, Vec::new());
            while from < 300 {
                let (ranges, to) = set.ranges_from(from, limit);
                prop_assert!(to > from && ranges.len() <= limit);
                prop_assert!(ranges.numbers().all(|num| (from..to).contains(&num)));
                found.extend(ranges.numbers());
                from = to;
            }
            prop_assert_eq!(found, nums.into_iter().collect::<Vec<_>>());
        }
    }
}
