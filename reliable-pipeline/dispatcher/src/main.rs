//! The reliable pipeline, the first step: hands tasks out to the workers that ask for them, and
//! again until the sink has acknowledged each. It may be killed and started again at any moment:
//! the sink's output is the only state.
//!
//! Binds `tcp://*:5577` (ROUTER, for the workers' REQ), `tcp://*:5579` (REP, for the sink) and
//! `tcp://*:5580` (PUB, topic `progress`). `../../PROTOCOL.md` has the messages.
//!
//! ```text
//! terminal 1                    terminal 2                terminal 3
//! $ cargo run -p dispatcher     $ cargo run -p worker     $ cargo run -p sink -- --output results.jsonl
//! tasks done: 2000              tasks done: 2000          results: 2000
//! ```

mod args;
mod job;
mod peers;
mod progress;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use args::Args;
use common::program::waiting::{Wait, Waiting};
use common::program::{Program, arguments, exit, tally::Tally};
use job::{Format, Job};
use peers::Peers;
use progress::Reports;
use protocol::message::LEAST_LIMIT;
use protocol::schedule::{Policy, Schedule};
use zmq::POLLIN;

/// How often the dispatcher checks for dead workers, in milliseconds.
const TICK: i64 = 50;
/// How many messages are queued per peer, in and out: one that does not read costs no more.
const QUEUED: i32 = 256;

fn main() -> ExitCode {
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let program = Program::start(&args.common)?;
        let limit = args.common.socket.max_message_size();
        ensure!(limit >= LEAST_LIMIT, "--max-message-size is below {LEAST_LIMIT}");
        let job = read_job(&args, limit)?;
        let total = job.total();
        let mut tally = Tally::new("task", "done", 0);
        tally.set_total(total);
        let mut figures = Figures::default();
        let ended = dispatch(&args, &program, &job, &mut tally, &mut figures);
        let Figures { failed, handed_out, ended_early } = figures;
        let tally = tally.with("failed", failed, "").with("handed_out", handed_out, "");
        program.finish(ended, &tally)?;
        ensure!(
            !ended_early,
            "the job ended early: {failed} of {total} tasks failed (--max-failures)"
        );
        ensure!(
            failed == 0,
            "{failed} of {total} tasks failed; the output says why (sink --retry-failed tries them again)"
        );
        Ok(())
    })
}

fn read_job(args: &Args, limit: u64) -> Result<Job> {
    let format = match args {
        Args { lines: true, .. } => Format::Lines,
        Args { null: true, .. } => Format::Null,
        _ => Format::Json,
    };
    match &args.input {
        Some(path) => Job::read(path, format, limit),
        None => Ok(Job::counted(args.count)),
    }
}

/// What the summary has besides the tasks that are done.
#[derive(Default)]
struct Figures {
    failed: u64,
    handed_out: u64,
    ended_early: bool,
}

fn dispatch(
    args: &Args,
    program: &Program,
    job: &Job,
    tally: &mut Tally,
    figures: &mut Figures,
) -> Result<()> {
    let workers = program.socket(zmq::ROUTER)?;
    workers.leave_waiting_to_program();
    workers.set_sndhwm(QUEUED).context("cannot set the high-water mark")?;
    workers.set_rcvhwm(QUEUED).context("cannot set the high-water mark")?;
    workers.bind(&args.bind)?;
    let sink = program.socket(zmq::REP)?;
    sink.leave_waiting_to_program();
    sink.set_rcvhwm(QUEUED).context("cannot set the high-water mark")?;
    sink.bind(&args.acks_bind)?;
    let progress = program.socket(zmq::PUB)?;
    // Nobody need subscribe.
    progress.leave_waiting_to_program();
    progress.bind(&args.progress_bind)?;

    let (start, total) = (Instant::now(), job.total());
    // Another dispatcher's batches have other numbers.
    let first_batch = rand::random_range(0..1 << 20) << 32;
    let schedule = Schedule::new(job.id.clone(), total, policy(args), first_batch, Duration::ZERO);
    let mut peers = Peers::new(job, schedule, start, tally);
    let mut reports = Reports::new(program.progress("tasks", total)?);
    let (mut waiting, mut had_workers) = (Waiting::default(), Duration::ZERO);
    loop {
        let sockets = &mut [workers.as_poll_item(POLLIN), sink.as_poll_item(POLLIN)];
        zmq::poll(sockets, TICK).context("cannot wait for requests")?;
        peers.schedule.connected(workers.connections().open());
        // Who has been heard late is not dead.
        if peers.hear(&workers, &sink)? {
            peers.schedule.tick(start.elapsed());
        }
        peers.hand_out(&workers)?;

        let (now, schedule) = (start.elapsed(), &peers.schedule);
        if schedule.workers() > 0 {
            had_workers = now;
        }
        waiting.look(waits_for(args, schedule, had_workers, now), now);
        let over = schedule.is_over();
        if let Some(report) =
            reports.next(&job.id, total, schedule, waiting.said().as_deref(), over)
        {
            let report = serde_json::to_vec(&report)?;
            progress.send_multipart([b"progress".to_vec(), report], 0).context("cannot publish")?;
        }
        let (failed, handed_out) = (schedule.failed(), schedule.handed_out());
        let ended_early = schedule.has_ended() && schedule.remaining() > 0;
        *figures = Figures { failed, handed_out, ended_early };
        peers.tally.set((total - peers.schedule.remaining()).saturating_sub(failed));
        if over {
            return Ok(());
        }
    }
}

fn policy(args: &Args) -> Policy {
    Policy {
        attempts: args.attempts,
        crash_limit: args.crash_limit,
        retry_delay: args.retry_delay,
        lease: args.lease,
        max_failures: args.max_failures,
        backup: !args.no_backup,
        limit: args.common.socket.max_message_size(),
    }
}

/// What the dispatcher waits for, if there is a reason to say so, and since when.
fn waits_for(
    args: &Args,
    schedule: &Schedule,
    had_workers: Duration,
    now: Duration,
) -> Option<Wait> {
    if let Some(last_seen) = schedule.silent_sink(now) {
        let what = match last_seen {
            Some(_) => "the sink is silent, and nothing is handed out".to_owned(),
            None => format!("no sink has connected to {} yet", args.acks_bind),
        };
        return Some(Wait::new(what, last_seen.unwrap_or_default()));
    }
    let idle = schedule.workers() == 0 && schedule.remaining() > 0;
    idle.then(|| Wait::new(format!("no worker is connected to {}", args.bind), had_workers))
}
