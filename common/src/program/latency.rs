//! How long answers take, as percentiles.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The percentiles that are printed.
const PERCENTILES: [(&str, f64); 4] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9)];

/// Round trips of any number, each kept within 0.1 % of its time.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

impl Latency {
    /// No round trip yet.
    pub fn new() -> Result<Self> {
        Ok(Self(Histogram::new(3).context("cannot make a histogram")?))
    }

    /// Records a round trip of a program that is to begin one every `interval`; zero where each
    /// begins as soon as the one before has ended.
    ///
    /// A round trip that takes longer holds up those that were to begin meanwhile. They are
    /// recorded, too, as if they had waited: without that a stall would count as one slow answer
    /// (coordinated omission).
    ///
    /// # Errors
    ///
    /// A time beyond what 64 bits of nanoseconds hold.
    pub fn record(&mut self, round_trip: Duration, interval: Duration) -> Result<()> {
        self.0
            .record_correct(nanoseconds(round_trip), nanoseconds(interval))
            .context("cannot record a round trip")
    }

    /// Adds all that is in `buckets`: times in nanoseconds, and how many round trips took each.
    pub fn add(&mut self, buckets: &[(u64, u64)]) -> Result<()> {
        for &(time, count) in buckets {
            self.0.record_n(time, count).context("cannot record round trips")?;
        }
        Ok(())
    }

    /// The time in which `percentile` of a hundred round trips were done.
    pub fn percentile(&self, percentile: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_percentile(percentile))
    }

    /// How many round trips there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// All round trips: times in nanoseconds, and how many took each.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let recorded = self.0.iter_recorded();
        recorded.map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value())).collect()
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `round trip: p50 52.1 µs, p90 55.3 µs, p99 71.2 µs, p99.9 131.0 µs, max 1204.2 µs`
impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("round trip: ")?;
        for (name, percentile) in PERCENTILES {
            write!(f, "{name} {:.1} µs, ", microseconds(self.percentile(percentile)))?;
        }
        write!(f, "max {:.1} µs", microseconds(self.percentile(100.0)))
    }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// JSON: the percentiles in microseconds, and all of it as `"buckets": [[nanoseconds, count], …]`.
impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("count", &self.count())?;
        for (name, percentile) in PERCENTILES {
            let time = microseconds(self.percentile(percentile));
            object.serialize_entry(&format!("{name}_us"), &time)?;
        }
        object.serialize_entry("max_us", &microseconds(self.percentile(100.0)))?;
        object.serialize_entry("buckets", &self.buckets())?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[u64], interval: u64) -> Latency {
        let mut latency = Latency::new().unwrap();
        for time in times {
            let [time, interval] = [*time, interval].map(Duration::from_micros);
            latency.record(time, interval).unwrap();
        }
        latency
    }

    #[test]
    fn percentiles_are_of_all_round_trips() {
        let latency = of(&[100; 99].into_iter().chain([5000]).collect::<Vec<_>>(), 0);
        assert_eq!(latency.count(), 100);
        assert_eq!(latency.percentile(50.0).as_micros(), 100);
        assert_eq!(latency.percentile(100.0).as_micros() / 10, 500);
        let text = "p50 100.0 µs, p90 100.0 µs, p99 100.0 µs, p99.9 5001.2 µs, max 5001.2 µs";
        assert_eq!(latency.to_string(), format!("round trip: {text}"));
    }

    #[test]
    fn a_stall_counts_for_all_that_it_holds_up() {
        // While one takes 1000 µs, nine more were to begin.
        assert_eq!(of(&[1000], 100).count(), 10);
        assert_eq!(of(&[1000], 0).count(), 1);
    }

    #[test]
    fn what_is_written_can_be_added_up_elsewhere() {
        let latency = of(&[100, 100, 7000], 0);
        let json = serde_json::to_value(&latency).unwrap();
        let buckets: Vec<(u64, u64)> = serde_json::from_value(json["buckets"].clone()).unwrap();
        let mut sum = Latency::new().unwrap();
        sum.add(&buckets).unwrap();
        sum.add(&buckets).unwrap();
        assert_eq!((sum.count(), sum.percentile(50.0)), (6, latency.percentile(50.0)));
        assert!(json["p50_us"].as_f64().unwrap() > 99.9);
    }
}
