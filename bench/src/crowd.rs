//! Workers without processes: the protocol's own sessions, each with a connection to the dispatcher
//! of its own. What they send is what as many `worker` processes would; a task is its own result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use protocol::VERSION;
use protocol::line::{Attempt, Done};
use protocol::message::{MAX_NUMBER, Request, Results, ToWorker, Work};
use protocol::session::{Finished, Heard, Session};
use serde_json::value::RawValue;
use zmq::{DONTWAIT, Socket};

use crate::process::DEADLINE;
use crate::reliable::Reliable;

/// The most workers of a crowd: a socket each, below libzmq's default of 1023 (`ZMQ_MAX_SOCKETS`).
pub const LARGEST: u64 = 1000;
/// A worker's `--max-message-size`.
const LIMIT: u64 = 16 << 20;
/// How often all workers are looked after.
const TICK: Duration = Duration::from_millis(10);
/// The only slot of a worker.
const SLOT: u32 = 0;

/// The workers.
pub struct Crowd {
    start: Instant,
    workers: Vec<Worker>,
    /// Where all of them send their results.
    results: Socket,
    time_per_task: Duration,
    has_work: bool,
}

struct Worker {
    id: u64,
    session: Session,
    dispatcher: Socket,
    batch: Option<Batch>,
}

/// The tasks that a worker works on.
struct Batch {
    work: Work,
    tasks: Vec<u8>,
    /// How long they take, and until when.
    time: Duration,
    until: Duration,
}

impl Crowd {
    /// Connects `count` workers, which take this long for a task.
    ///
    /// # Errors
    ///
    /// A socket that cannot be made.
    pub fn connect(pipeline: &Reliable, count: u64, time_per_task: Duration) -> Result<Self> {
        let context = zmq::Context::new();
        let connect = |kind, endpoint: &str| {
            let socket = context.socket(kind)?;
            socket.set_linger(0)?;
            socket.set_reconnect_ivl(10)?;
            socket.connect(endpoint)?;
            Ok(socket)
        };
        let worker = |id| -> zmq::Result<Worker> {
            let run = rand::random_range(0..MAX_NUMBER);
            Ok(Worker {
                id,
                session: Session::new(run, id, LIMIT, 1, Duration::ZERO),
                dispatcher: connect(zmq::DEALER, &pipeline.tasks)?,
                batch: None,
            })
        };
        let workers: zmq::Result<_> = (1..=count).map(worker).collect();
        Ok(Self {
            start: Instant::now(),
            workers: workers.with_context(|| format!("cannot connect {count} workers"))?,
            results: connect(zmq::PUSH, &pipeline.results).context("cannot connect to the sink")?,
            time_per_task,
            has_work: false,
        })
    }

    /// Works until the job or `is_over` says so.
    ///
    /// # Errors
    ///
    /// What a worker would end with.
    pub fn work(&mut self, is_over: &AtomicBool) -> Result<()> {
        while !self.workers.is_empty() && !is_over.load(Ordering::Relaxed) {
            self.step()?;
            thread::sleep(TICK);
        }
        Ok(())
    }

    /// Works until the dispatcher hands out the first task.
    ///
    /// # Errors
    ///
    /// What a worker would end with; none within [`DEADLINE`].
    pub fn work_until_first_task(&mut self) -> Result<()> {
        while !self.has_work {
            ensure!(self.start.elapsed() < DEADLINE, "no task within {DEADLINE:?}");
            self.step()?;
            thread::sleep(TICK / 10);
        }
        Ok(())
    }

    /// All that is due now.
    fn step(&mut self) -> Result<()> {
        let Self { start, workers, results, time_per_task, has_work } = self;
        let mut ended = Vec::new();
        for (index, worker) in workers.iter_mut().enumerate() {
            let now = start.elapsed();
            worker.finish(now, results)?;
            worker.ask(now)?;
            if worker.hear(*time_per_task, now)? {
                ended.push(index);
            }
            *has_work |= worker.batch.is_some();
        }
        for index in ended.into_iter().rev() {
            workers.swap_remove(index);
        }
        Ok(())
    }
}

impl Worker {
    fn ask(&mut self, now: Duration) -> Result<()> {
        while let Some(body) = self.session.next_request(now) {
            let request = serde_json::to_vec(&Request { version: VERSION, body })?;
            match self.dispatcher.send_multipart([Vec::new(), request], DONTWAIT) {
                Ok(()) | Err(zmq::Error::EAGAIN) => {}
                Err(error) => return Err(error).context("cannot ask for tasks"),
            }
        }
        Ok(())
    }

    /// Hears what the dispatcher answers. Returns whether the job has ended.
    fn hear(&mut self, time_per_task: Duration, now: Duration) -> Result<bool> {
        loop {
            let frames = match self.dispatcher.recv_multipart(DONTWAIT) {
                Ok(frames) => frames,
                Err(zmq::Error::EAGAIN) => return Ok(false),
                Err(error) => return Err(error).context("cannot receive tasks"),
            };
            let answer = frames.get(1).context("the dispatcher answered nothing")?;
            let answer: ToWorker =
                serde_json::from_slice(answer).context("cannot read the dispatcher's answer")?;
            match self.session.hear(answer, now) {
                Heard::Nothing => {}
                Heard::End | Heard::Bye => return Ok(true),
                Heard::Refused(why) => bail!("the dispatcher refused a worker: {why}"),
                Heard::Work(work) => {
                    let count = u32::try_from(work.nums.count())?;
                    let time = time_per_task.saturating_mul(count);
                    let tasks = frames.into_iter().nth(2);
                    let tasks = tasks.context("the dispatcher sent no tasks")?;
                    let until = now.saturating_add(time);
                    self.batch = Some(Batch { work, tasks, time, until });
                }
            }
        }
    }

    /// Sends the results of a batch whose time is over.
    fn finish(&mut self, now: Duration, results: &Socket) -> Result<()> {
        let due = self.batch.take_if(|batch| batch.until <= now);
        let Some(Batch { work, tasks, time: busy, .. }) = due else { return Ok(()) };
        let tasks: Vec<&RawValue> = serde_json::from_slice(&tasks).context("cannot read tasks")?;
        let (mut lines, attempt) = (Vec::new(), Attempt::default());
        for (num, result) in work.nums.numbers().zip(tasks) {
            Done { num, worker_id: self.id, result, attempt: &attempt }.write(&mut lines)?;
        }
        let bytes = lines.len() as u64;
        let first = serde_json::to_vec(&Results { version: VERSION, job: work.job })?;
        results.send_multipart([first, lines], 0).context("cannot send results")?;
        let finished = Finished { bytes, busy, ..Finished::default() };
        self.session.finished(SLOT, finished, now);
        Ok(())
    }
}
