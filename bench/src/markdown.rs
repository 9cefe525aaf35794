//! Experiments as Markdown tables.

use std::fmt::{self, Display, Write};

use crate::results::{Experiment, Series};

/// One experiment: a heading, a table, and its plots.
pub struct Table<'a>(pub &'a Experiment);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(experiment) = self;
        let Experiment { title, unit, x, series, .. } = experiment;
        writeln!(f, "### {title}\n")?;
        // Without a reference the rows are the workspace's own programs.
        let rows = if experiment.reference.is_empty() { "program" } else { "contender" };
        let first = x.as_deref().unwrap_or(rows);
        let compared = x.is_none() && series.iter().any(|one| experiment.ratio(one).is_some());
        let latency = series.iter().any(|one| !one.percentiles.is_empty());
        let notes = series.iter().any(|one| one.note.is_some());
        write!(f, "| {first} | {unit}, median ({}) | min | max |", experiment.better())?;
        if compared {
            write!(f, " time, ratio to {} |", experiment.reference)?;
        }
        f.write_str(if latency { " p50 µs | p99 µs | p99.9 µs |" } else { "" })?;
        f.write_str(if notes { " notes |" } else { "" })?;
        write!(f, "\n|---|---:|---:|---:|")?;
        f.write_str(if compared { "---:|" } else { "" })?;
        f.write_str(if latency { "---:|---:|---:|" } else { "" })?;
        f.write_str(if notes { "---|" } else { "" })?;
        writeln!(f)?;
        for one in series {
            let name = one.x.map_or(one.name.clone(), |x| x.to_string());
            let [median, min, max] = [one.median(), one.min(), one.max()].map(figure);
            write!(f, "| {name} | {median} | {min} | {max} |")?;
            if compared {
                write!(
                    f,
                    " {} |",
                    experiment.ratio(one).map_or(String::new(), |r| format!("{r:.2}"))
                )?;
            }
            if latency {
                for percentile in [50.0, 99.0, 99.9] {
                    write!(f, " {} |", percentile_of(one, percentile))?;
                }
            }
            if notes {
                write!(f, " {} |", one.note.as_deref().unwrap_or_default())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn percentile_of(series: &Series, wanted: f64) -> String {
    let found = series.percentiles.iter().find(|(percentile, _)| *percentile >= wanted);
    found.map_or(String::new(), |(_, time)| figure(*time))
}

/// A figure with three significant digits: `1.84 M`, `975 k`, `52.1`; `–` for none.
pub fn figure(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let (value, prefix) = match value.abs() {
        large if large >= 999_500.0 => (value / 1e6, " M"),
        large if large >= 9_995.0 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let decimals = match value.abs() {
        large if large >= 99.95 => 0,
        medium if medium >= 9.995 => 1,
        _ => 2,
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{value:.decimals$}{prefix}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_significant_digits() {
        let shown = [0.5, 9.87, 52.14, 975.4, 3_210.0, 97_540.0, 1_843_000.0].map(figure);
        assert_eq!(shown, ["0.50", "9.87", "52.1", "975", "3210", "97.5 k", "1.84 M"]);
        assert_eq!(figure(f64::NAN), "–");
    }
}
