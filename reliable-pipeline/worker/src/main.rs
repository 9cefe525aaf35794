//! The reliable pipeline, the middle step: asks for tasks, does them, and sends the results on. What
//! it holds when it dies is handed out again.
//!
//! Connects to `tcp://localhost:5577` (DEALER, to the dispatcher's ROUTER) and `tcp://localhost:5578` (PUSH). `worker -- CMD ARGS…`
//! runs a command a task. `../../PROTOCOL.md` has the messages.
//!
//! ```text
//! terminal 1                    terminal 2                terminal 3
//! $ cargo run -p dispatcher     $ cargo run -p worker     $ cargo run -p sink -- --output results.jsonl
//! tasks done: 2000              tasks done: 2000          results: 2000
//! ```

mod args;
mod command;
mod pool;
mod worker;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use args::Args;
use command::{Commands, OpenFiles};
use common::program::{Program, arguments, exit, tally::Tally};
use common::socket::{self, Socket};
use pool::Pool;
use protocol::VERSION;
use protocol::message::{FromWorker, LEAST_LIMIT, MAX_NUMBER, MAX_SLOTS, Request};
use protocol::session::Session;
use worker::{Figures, Worker};

/// How long an ending worker tries to hand its tasks back, in milliseconds.
const BYE_TIMEOUT: i32 = 300;
/// Where the threads wake the worker.
const BELL: &str = "inproc://bell";

fn main() -> ExitCode {
    if let Some(code) = command::run_if_guard() {
        return code;
    }
    exit::report(|| {
        let args: Args = arguments::parse()?;
        let open_files = OpenFiles::record();
        let program = Program::start(&args.common)?;
        let limit = args.common.socket.max_message_size();
        ensure!(limit >= LEAST_LIMIT, "--max-message-size is below {LEAST_LIMIT}");
        let slots = match args.jobs {
            0 => thread::available_parallelism()
                .map_or(1, |count| u32::try_from(count.get()).unwrap_or(MAX_SLOTS)),
            jobs => jobs,
        };
        let run = rand::random_range(0..MAX_NUMBER);
        let session = Session::new(run, args.id, limit, slots, Duration::ZERO);
        let mut figures = Figures::default();
        let commands = args.commands(slots, open_files)?;
        let ended = work(&args, &program, session, commands, &mut figures);
        if ended.is_err() {
            say_bye(&args, run);
        }
        let mut tally = Tally::of_job("task", "done").with("worker_id", args.id, "");
        tally.set(figures.done);
        let failed = figures.failed;
        let failures = if failed > 0 { format!("tasks failed: {failed}") } else { String::new() };
        program.finish(ended, &tally.with("failed", failed, failures))
    })
}

/// Starts the threads, and works until the job ends.
fn work(
    args: &Args,
    program: &Program,
    session: Session,
    commands: Option<Commands>,
    figures: &mut Figures,
) -> Result<()> {
    let slots = session.slot_count();
    let bell = program.socket(zmq::PULL)?;
    (*bell).bind(BELL).context("cannot wait for the threads")?;
    let rope = program.socket(zmq::PUSH)?;
    (*rope).connect(BELL).context("cannot wait for the threads")?;
    let (pool, events) = Pool::new(args, slots, commands, program.sleeper(), rope);
    thread::scope(|scope| {
        let serve = || {
            let threads = (0..slots).map(|slot| pool.start(scope, slot));
            let threads = threads.collect::<Result<Vec<_>>>()?;
            Worker::new(args, program, session, (&pool, events), threads, figures)?.serve(&bell)
        };
        let ended = serve();
        pool.stop();
        ended
    })
}

/// Hands back what this worker has. A signal has terminated the context, so over another one.
fn say_bye(args: &Args, run: u64) {
    let say = || -> Result<()> {
        let options = &args.common.socket;
        let dispatcher = Socket::new(&socket::context()?, zmq::REQ, options)?;
        dispatcher.set_linger(0).context("cannot set the linger time")?;
        dispatcher.set_rcvtimeo(BYE_TIMEOUT).context("cannot set the timeout")?;
        dispatcher.set_sndtimeo(BYE_TIMEOUT).context("cannot set the timeout")?;
        dispatcher.connect(&args.connect)?;
        let bye = Request { version: VERSION, body: FromWorker::Bye { run } };
        dispatcher.send(serde_json::to_vec(&bye)?, 0).context("cannot say good-bye")?;
        dispatcher.recv_bytes(0).context("cannot say good-bye")?;
        Ok(())
    };
    if let Err(error) = say() {
        tracing::info!("could not hand the tasks back: {error:#}");
    }
}
