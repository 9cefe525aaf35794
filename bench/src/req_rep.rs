//! Round trips between a server and its clients.

use std::time::Duration;

use anyhow::Result;
use common::message::text::Counted;
use common::program::latency::Latency;
use e2e::endpoint;
use serde::Deserialize;

use crate::args::{ReqRep, Run};
use crate::contender::Contender;
use crate::curve::{Keys, Subject, names, subjects};
use crate::process::Process;
use crate::results::{Experiment, Measured};
use crate::rounds;

/// The round trips of a client, from its summary.
#[derive(Deserialize)]
pub struct Summary {
    round_trip: RoundTrip,
}

#[derive(Deserialize)]
struct RoundTrip {
    buckets: Vec<(u64, u64)>,
}

impl Summary {
    /// Adds the round trips to `latency`.
    pub fn add_to(&self, latency: &mut Latency) -> Result<()> {
        latency.add(&self.round_trip.buckets)
    }
}

/// The median round trip of each contender; with `keys` under CURVE, beside the programs without it.
///
/// # Errors
///
/// A measurement that fails.
pub fn experiment(work: &ReqRep, keys: Option<&Keys>, run: &Run) -> Result<Experiment> {
    let mut able = Contender::ZEROMQ.to_vec();
    match work.rate {
        Some(_) => able.truncate(1),
        None => able.push(Contender::Tcp),
    }
    let subjects = subjects(run, &able, keys)?;
    let (id, under) = match keys {
        Some(_) => ("req-rep-curve".to_owned(), " under CURVE"),
        None => (format!("req-rep-{}-cpu", run.cpus.len()), ""),
    };
    let ReqRep { msgs, size, clients, rate } = work;
    let at = rate.map_or(String::new(), |rate| format!(", {rate} requests/s each"));
    let cpus = match run.cpus[..] {
        [] => String::new(),
        [_] => ", on one processor".to_owned(),
        _ => format!(", on {} processors", run.cpus.len()),
    };
    let series = rounds::measure(run, &id, &names(&subjects), |index| {
        let Subject { contender, keys, .. } = subjects[index];
        Ok(median(round_trips(contender, work, keys)?))
    })?;
    Ok(Experiment {
        id,
        title: format!(
            "Request-reply{under}, {}, {msgs} requests of {size} bytes{at}{cpus}: median round trip",
            Counted(*clients, "client")
        ),
        unit: "µs".to_owned(),
        more_is_better: false,
        reference: Contender::ZmqPatterns.name().to_owned(),
        x: None,
        series,
    })
}

fn median(latency: Latency) -> Measured {
    Measured { value: latency.percentile(50.0).as_secs_f64() * 1e6, latency: Some(latency) }
}

fn round_trips(contender: Contender, work: &ReqRep, keys: Option<&Keys>) -> Result<Latency> {
    let endpoint = endpoint();
    let mut server = contender.program("zmq_server")?;
    server.args(["--bind", &endpoint]);
    if let Some(keys) = keys {
        keys.binding(contender, &mut server);
    }
    let mut server = Process::start(&mut server)?;
    server.wait_until_listening(&endpoint)?;
    let count = (work.msgs / work.clients).max(1).to_string();
    let message = "x".repeat(work.size);
    let clients: Result<Vec<_>> = (0..work.clients)
        .map(|_| {
            let mut client = contender.program("zmq_client")?;
            client.args(["--latency", "--connect", &endpoint, "--count", &count]);
            client.args(["--message", &message]);
            if let Some(keys) = keys {
                keys.connecting(contender, &mut client);
            }
            if let Some(rate) = work.rate {
                let interval = Duration::from_secs(1) / rate;
                client.arg("--interval").arg(format!("{}ns", interval.as_nanos()));
            }
            Process::start(&mut client)
        })
        .collect();
    let mut latency = Latency::new()?;
    for client in clients? {
        client.summary::<Summary>()?.add_to(&mut latency)?;
    }
    Ok(latency)
}
