//! All experiments of `BENCHMARKS.md`.

use std::time::Duration;

use anyhow::Result;

use crate::args::{ManyWorkers, Pipeline, PubSub, ReqRep, Run, Scale};
use crate::curve::Keys;
use crate::results::Experiment;
use crate::{
    clients, commands, footprint, large_job, many_workers, pipeline, pub_sub, req_rep, scale,
    slow_disk,
};

/// High-water marks of the floods: libzmq's default, and two that lose fewer messages.
const HWMS: [u32; 3] = [1000, 10_000, 100_000];

/// All experiments. With `quick` they are too short for meaningful figures.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiments(quick: bool, run: &Run) -> Result<Vec<Experiment>> {
    let msgs = if quick { 20_000 } else { 1_000_000 };
    let rounds = if quick { 1 } else { run.rounds };
    let run = Run { rounds, ..run.clone() };
    // The OS places threads and processes differently at each start: short experiments get more
    // rounds.
    let more = |times| Run { rounds: if quick { 1 } else { times * run.rounds }, ..run.clone() };
    let pipeline_work = Pipeline { msgs, consumers: 1 };

    let mut experiments = vec![
        pipeline::experiment(&pipeline_work, None, &run)?,
        pipeline::reliable_experiment(&pipeline_work, &run)?,
    ];
    experiments.extend(commands::experiments(if quick { 60 } else { 2000 }, &run)?);
    for cpus in [vec![0], vec![0, 1]] {
        let work = ReqRep { msgs: if quick { 500 } else { 2000 }, size: 9, clients: 1, rate: None };
        experiments.push(req_rep::experiment(&work, None, &Run { cpus, ..more(6) })?);
    }
    experiments.extend(encrypted(if quick { 5000 } else { 200_000 }, &run)?);
    for hwm in HWMS {
        let work = PubSub { msgs, size: 19, subscribers: 1, hwm };
        experiments.push(pub_sub::experiment(&work, &run)?);
    }
    experiments.push(pipeline::straggler(if quick { 100 } else { 2000 }, &run)?);
    let scale_work = scale(quick);
    experiments.push(scale::clients(&scale_work, &run)?);
    experiments.push(scale::subscribers(&scale_work, &more(2))?);
    experiments.push(scale::consumers(&scale_work, &run)?);
    experiments.extend(large(quick, &Run { rounds: rounds.min(3), ..run.clone() })?);
    experiments.extend(footprint::experiments(&run)?);
    Ok(experiments)
}

/// Many clients, many workers, many tasks, and a slow disk.
fn large(quick: bool, run: &Run) -> Result<Vec<Experiment>> {
    let mut experiments = if quick {
        clients::experiments(20, 200, run)?
    } else {
        clients::experiments(10_000, 200_000, run)?
    };
    let workers = if quick {
        ManyWorkers { workers: vec![1, 4], duration: Duration::from_millis(100), tasks: 2 }
    } else {
        ManyWorkers { workers: vec![100, 1000], duration: Duration::from_secs(5), tasks: 50 }
    };
    experiments.extend(many_workers::experiments(&workers, run)?);
    let sizes = if quick { [1000, 10_000] } else { [1_000_000, 10_000_000] };
    experiments.extend(large_job::experiments(&sizes, run)?);
    let (msgs, delays) = if quick { (1000, [1, 10]) } else { (1_000_000, [100, 1000]) };
    experiments.extend(slow_disk::experiments(msgs, &delays.map(Duration::from_millis), run)?);
    Ok(experiments)
}

/// Pipeline and round trip under CURVE, with `msgs` tasks and a hundredth as many requests.
///
/// # Errors
///
/// A measurement that fails.
pub fn encrypted(msgs: u64, run: &Run) -> Result<Vec<Experiment>> {
    let requests = (msgs / 100).max(1);
    let keys = Keys::generate()?;
    let keys = Some(&keys);
    Ok(vec![
        pipeline::experiment(&Pipeline { msgs, consumers: 1 }, keys, run)?,
        req_rep::experiment(
            &ReqRep { msgs: requests, size: 9, clients: 1, rate: None },
            keys,
            run,
        )?,
    ])
}

fn scale(quick: bool) -> Scale {
    if quick {
        Scale {
            clients: vec![1, 10],
            subscribers: vec![1, 4],
            consumers: vec![1, 2],
            msgs: 2000,
            sockets: true,
            duration: Duration::from_millis(200),
        }
    } else {
        Scale {
            clients: vec![1, 10, 100, 1000],
            subscribers: vec![1, 2, 4, 8, 16, 32, 64, 128, 256],
            consumers: vec![1, 2, 4, 8, 16, 32],
            msgs: 200_000,
            sockets: true,
            duration: Duration::from_secs(2),
        }
    }
}
