//! The results of measurements.

use std::time::Duration;

use common::program::latency::Latency;
use serde::{Deserialize, Serialize};

/// The results of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// When the run ended, in UTC.
    pub date: String,
    /// The command line of the run.
    pub command: String,
    /// The processor, the number of processors, and the OS.
    pub machine: String,
    /// The names and versions of what was measured.
    pub versions: Vec<(String, String)>,
    /// The experiments, in order.
    pub experiments: Vec<Experiment>,
}

/// Contenders measured at the same work, in turns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Experiment {
    /// Its name in the JSON and in the file names of plots.
    pub id: String,
    /// What is measured, for readers, with the numbers that define the work.
    pub title: String,
    /// The unit of the figures.
    pub unit: String,
    /// Whether larger figures are better.
    pub more_is_better: bool,
    /// The contender that the others are compared with.
    pub reference: String,
    /// The label of a plot's x axis, where [`Series::x`] is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The figures of each contender.
    pub series: Vec<Series>,
}

/// The figures of one contender.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    /// The contender.
    pub name: String,
    /// The place on the x axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<u64>,
    /// One figure per round; none where the contender failed.
    pub values: Vec<f64>,
    /// Percentiles of the round trips of all rounds, in microseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percentiles: Vec<(f64, f64)>,
    /// What is to be known of the contender: what it promises, or how it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The result of one measurement.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The figure.
    pub value: f64,
    /// The round trips, if any.
    pub latency: Option<Latency>,
}

impl From<f64> for Measured {
    fn from(value: f64) -> Self {
        Self { value, latency: None }
    }
}

impl Series {
    /// The median of all rounds: the figure that counts.
    pub fn median(&self) -> f64 {
        median(self.values.clone())
    }

    /// The minimum of all rounds.
    pub fn min(&self) -> f64 {
        self.values.iter().copied().min_by(f64::total_cmp).unwrap_or(f64::NAN)
    }

    /// The maximum of all rounds.
    pub fn max(&self) -> f64 {
        self.values.iter().copied().max_by(f64::total_cmp).unwrap_or(f64::NAN)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

impl Experiment {
    /// Which figures are better.
    pub fn better(&self) -> &'static str {
        if self.more_is_better { "more is better" } else { "less is better" }
    }

    /// The one that the others are compared with.
    pub fn reference(&self) -> Option<&Series> {
        self.series.iter().find(|series| series.name == self.reference)
    }

    /// The time that `series` needs for the same work, divided by the reference's: the median of
    /// the rounds' own ratios, in which changes of the machine's speed cancel out. None for a single
    /// round, whose ratio means nothing.
    pub fn ratio(&self, series: &Series) -> Option<f64> {
        let reference = self.reference()?;
        if reference.values.len() < 2 || series.values.is_empty() {
            return None;
        }
        let (above, below) =
            if self.more_is_better { (reference, series) } else { (series, reference) };
        let rounds = above.values.iter().zip(&below.values);
        Some(median(rounds.map(|(above, below)| above / below).collect()))
    }
}

/// The rate of `count` in `elapsed`, per second.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub fn per_second(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, values: &[f64]) -> Series {
        Series {
            name: name.to_owned(),
            x: None,
            values: values.to_vec(),
            percentiles: Vec::new(),
            note: None,
        }
    }

    #[test]
    fn the_median_stands_in_the_middle() {
        assert!((series("", &[3.0, 1.0, 100.0]).median() - 3.0).abs() < 1e-9);
        assert!((series("", &[4.0, 1.0, 2.0, 100.0]).median() - 3.0).abs() < 1e-9);
        assert!(series("", &[]).median().is_nan());
    }

    #[test]
    fn a_ratio_above_one_speaks_for_the_reference() {
        let mut experiment = Experiment {
            id: String::new(),
            title: String::new(),
            unit: String::new(),
            more_is_better: true,
            reference: "us".to_owned(),
            x: None,
            series: vec![series("us", &[30.0, 4.0, 6.0]), series("them", &[10.0, 1.0, 3.0])],
        };
        assert!((experiment.ratio(&experiment.series[1]).unwrap() - 3.0).abs() < 1e-9);
        experiment.more_is_better = false;
        assert!((experiment.ratio(&experiment.series[1]).unwrap() - 1.0 / 3.0).abs() < 1e-9);
    }
}
