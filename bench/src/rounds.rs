//! Measures contenders in turns, round by round, so that a disturbance of the machine affects all
//! of them.

use std::array::from_fn;

use anyhow::{Context, Result};
use common::program::latency::Latency;
use common::program::progress::Progress;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::args::Run;
use crate::results::{Measured, Series};

/// The percentiles of round trips that are kept.
const PERCENTILES: [f64; 9] = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0];

/// Calls `measure` for each of the `names` once per round, on the processors that `run` names. A
/// name comes with its place on the x axis, if there is one.
///
/// # Errors
///
/// The first measurement that fails.
pub fn measure(
    run: &Run,
    what: &str,
    names: &[(String, Option<u64>)],
    mut measure: impl FnMut(usize) -> Result<Measured>,
) -> Result<Vec<Series>> {
    let everywhere = sched_getaffinity(THIS).context("cannot ask for this program's processors")?;
    if !run.cpus.is_empty() {
        pin(&run.cpus)?;
    }
    let total = u64::from(run.rounds) * names.len() as u64;
    let (progress, mut done) = (Progress::new("measurements", total, true)?, 0);
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    let mut latencies: Vec<Option<Latency>> = vec![None; names.len()];
    for round in 0..run.rounds {
        // Each round begins with the next contender, so that none always follows the same one.
        let first = usize::try_from(round)? % names.len();
        for index in (first..names.len()).chain(0..first) {
            let (name, x) = &names[index];
            let at = x.map_or(String::new(), |x| format!(", {x}"));
            progress.say(&format!("{what}: {name}{at}"));
            let measured = measure(index).with_context(|| format!("{what}: {name}{at}"))?;
            values[index].push(measured.value);
            if let Some(latency) = measured.latency {
                match &mut latencies[index] {
                    Some(sum) => sum.add(&latency.buckets())?,
                    none => *none = Some(latency),
                }
            }
            done += 1;
            progress.set(done);
        }
    }
    sched_setaffinity(THIS, &everywhere).context("cannot leave the processors")?;
    let series = names.iter().zip(values).zip(latencies).map(|(((name, x), values), latency)| {
        let percentiles = latency.map_or(Vec::new(), |latency| {
            PERCENTILES.map(|p| (p, latency.percentile(p).as_secs_f64() * 1e6)).to_vec()
        });
        Series { name: name.clone(), x: *x, values, percentiles, note: None }
    });
    Ok(series.collect())
}

/// Measures as [`measure`] does, several figures at a time: a list of series for each of them.
///
/// # Errors
///
/// The first measurement that fails.
pub fn measure_each<const N: usize>(
    run: &Run,
    what: &str,
    names: &[(String, Option<u64>)],
    mut each: impl FnMut(usize) -> Result<[f64; N]>,
) -> Result<[Vec<Series>; N]> {
    let mut values = vec![[const { Vec::new() }; N]; names.len()];
    let series = measure(run, what, names, |index| {
        let figures = each(index)?;
        for (values, figure) in values[index].iter_mut().zip(figures) {
            values.push(figure);
        }
        Ok(figures[0].into())
    })?;
    Ok(from_fn(|figure| {
        let of = |(one, values): (&Series, &[Vec<f64>; N])| Series {
            values: values[figure].clone(),
            ..one.clone()
        };
        series.iter().zip(&values).map(of).collect()
    }))
}

/// This thread, and the threads and processes it starts from then on.
const THIS: Pid = Pid::from_raw(0);

fn pin(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu).with_context(|| format!("there is no processor {cpu}"))?;
    }
    sched_setaffinity(THIS, &set).with_context(|| format!("cannot run on processors {cpus:?}"))
}
