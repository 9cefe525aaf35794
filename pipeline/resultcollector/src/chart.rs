//! The results of each consumer, as a bar chart.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The length of the longest bar, in characters.
const WIDTH: u64 = 40;

/// How many results came from each consumer. Text: a bar chart, a line a consumer. JSON: an object.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Chart(BTreeMap<u64, u64>);

impl Chart {
    /// Counts a result of a consumer.
    pub fn count(&mut self, consumer_id: u64) {
        *self.0.entry(consumer_id).or_default() += 1;
    }
}

/// `consumer 517  1000 ████████`, with the columns of all lines aligned.
impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |numbers: &mut dyn Iterator<Item = &u64>| {
            numbers.map(|number| number.to_string().len()).max().unwrap_or_default()
        };
        let id_width = widest(&mut self.0.keys());
        let count_width = widest(&mut self.0.values());
        let most = self.0.values().max().copied().unwrap_or_default();
        for (id, count) in &self.0 {
            // Rounded up: who sent a result has a bar.
            let bar = (u128::from(*count) * u128::from(WIDTH)).div_ceil(u128::from(most));
            let bar: String = (0..bar).map(|_| '█').collect();
            writeln!(f, "consumer {id:id_width$}  {count:count_width$} {bar}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(counts: &[(u64, u64)]) -> Chart {
        Chart(counts.iter().copied().collect())
    }

    #[test]
    fn bars_are_as_long_as_their_share_of_the_longest() {
        let full = "█".repeat(40);
        assert_eq!(chart(&[(517, 1000)]).to_string(), format!("consumer 517  1000 {full}\n"));
        let half = "█".repeat(20);
        assert_eq!(
            chart(&[(1000, 400), (7, 200), (30, 1)]).to_string(),
            format!("consumer    7  200 {half}\nconsumer   30    1 █\nconsumer 1000  400 {full}\n")
        );
    }

    #[test]
    fn no_results_are_no_lines_and_counts_may_be_of_any_size() {
        assert_eq!(chart(&[]).to_string(), "");
        assert!(
            chart(&[(u64::MAX, u64::MAX)]).to_string().ends_with(&format!("{}\n", "█".repeat(40)))
        );
    }

    #[test]
    fn json_is_an_object_of_counts() {
        let mut chart = Chart::default();
        for consumer_id in [7, 1000, 7] {
            chart.count(consumer_id);
        }
        assert_eq!(serde_json::to_string(&chart).unwrap(), r#"{"7":2,"1000":1}"#);
    }
}
