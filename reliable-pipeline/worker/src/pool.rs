//! The threads that run tasks, one per slot, and what the worker hears from them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use common::program::signals::Sleeper;
use common::socket::Socket;
use protocol::VERSION;
use protocol::failures::Failures;
use protocol::line::{Attempt, Done, parse_json};
use protocol::message::{Failure, MESSAGE_BYTES, Results, Work};
use protocol::ranges::Ranges;
use protocol::schedule::too_large;
use protocol::session::Finished;
use serde_json::value::RawValue;
use zmq::Message;

use crate::args::Args;
use crate::command::{Commands, Exit, Failed, Outcome, Ran, TaskRun};

/// Results do not wait for the rest of their batch for longer than this.
const FLUSH_DELAY: Duration = Duration::from_secs(1);
/// What is left of a batch after this long goes back, for others: its tasks take longer than those
/// before them, after which the dispatcher has made it so large.
const LONGEST_BATCH: Duration = Duration::from_secs(2);
/// No task runs in a slot.
const NONE: u64 = u64::MAX;

/// What a thread has to say.
pub enum Event {
    /// Results for the sink: the two frames of a message.
    Results(Vec<Vec<u8>>),
    /// A slot has run its batch, and this many of its tasks are done.
    Finished { slot: u32, finished: Finished, done: u64 },
    /// No task can be run.
    Broken(anyhow::Error),
}

/// What the threads share.
pub struct Pool<'a> {
    args: &'a Args,
    sleeper: Sleeper,
    commands: Option<Commands>,
    /// The task that each slot runs.
    now: Vec<AtomicU64>,
    ended: AtomicBool,
    events: Sender<Event>,
    /// Wakes the worker.
    bell: Mutex<Socket>,
}

/// Tasks, and their texts as they came.
pub type Batch = (Work, Message);

impl<'a> Pool<'a> {
    /// No thread yet. `bell` is connected to a socket on which the worker waits.
    pub fn new(
        args: &'a Args,
        slots: u32,
        commands: Option<Commands>,
        sleeper: Sleeper,
        bell: Socket,
    ) -> (Self, Receiver<Event>) {
        let (events, receiver) = channel();
        let now = (0..slots).map(|_| AtomicU64::new(NONE)).collect();
        let (ended, bell) = (AtomicBool::new(false), Mutex::new(bell));
        (Self { args, sleeper, commands, now, ended, events, bell }, receiver)
    }

    /// Starts a slot's thread. It ends when its sender is dropped.
    pub fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        slot: u32,
    ) -> Result<Sender<Batch>> {
        let (sender, batches) = channel::<Batch>();
        Builder::new()
            .name(format!("slot {slot}"))
            .spawn_scoped(scope, move || {
                while let Ok((work, tasks)) = batches.recv() {
                    if let Err(error) = self.run(slot, work, &tasks) {
                        self.say([Event::Broken(error)]);
                    }
                }
            })
            .with_context(|| format!("cannot start a thread for slot {slot} (--jobs)"))?;
        Ok(sender)
    }

    /// Kills the commands, and lets no more begin.
    pub fn stop(&self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(commands) = &self.commands {
            commands.stop();
        }
        self.sleeper.wake();
    }

    /// The task that a slot runs.
    pub fn running(&self, slot: u32) -> Option<u64> {
        let now = self.now.get(usize::try_from(slot).ok()?)?;
        Some(now.load(Ordering::Relaxed)).filter(|num| *num != NONE)
    }

    fn say(&self, events: impl IntoIterator<Item = Event>) {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return;
        }
        for event in events {
            // At the end nobody listens.
            let _ = self.events.send(event);
        }
        let bell = self.bell.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = bell.send("", zmq::DONTWAIT);
    }

    fn run(&self, slot: u32, work: Work, tasks: &[u8]) -> Result<()> {
        let tasks = str::from_utf8(tasks).context("the dispatcher's tasks are not UTF-8")?;
        let tasks: Vec<&RawValue> =
            serde_json::from_str(tasks).context("cannot read the dispatcher's tasks")?;
        if tasks.len() as u64 != work.nums.count() {
            bail!("the dispatcher sent {} tasks for {}", tasks.len(), work.nums.count());
        }
        let mut batch = BatchRun::new(work, self.args.id)?;
        let nums: Vec<u64> = batch.work.nums.numbers().collect();
        let (mut tried, is_slow) = (0, !self.args.command.is_empty() || !self.args.work.is_zero());
        for (num, task) in nums.iter().zip(tasks) {
            if let Some(now) = self.now.get(slot as usize) {
                now.store(*num, Ordering::Relaxed);
            }
            if !self.one(&mut batch, *num, task)? {
                // The job, or this worker, has ended.
                return Ok(());
            }
            tried += 1;
            // To look at the clock takes as long as a task that is its own result.
            if (is_slow || tried % 256 == 0) && batch.flushed.elapsed() > FLUSH_DELAY {
                self.say(batch.flush());
            }
            self.say(batch.full.drain(..));
            if !batch.failures.has_room() || is_slow && batch.started.elapsed() > LONGEST_BATCH {
                break;
            }
        }
        if let Some(now) = self.now.get(slot as usize) {
            now.store(NONE, Ordering::Relaxed);
        }
        let results = batch.flush();
        let (finished, done) = batch.finish(&nums[tried..]);
        self.say(results.into_iter().chain([Event::Finished { slot, finished, done }]));
        Ok(())
    }

    /// Runs a task. Returns whether it has come to its own end.
    fn one(&self, batch: &mut BatchRun, num: u64, task: &RawValue) -> Result<bool> {
        let is_ended = || self.ended.load(Ordering::Relaxed);
        if !self.args.work.is_zero() && self.sleeper.sleep_unless(self.args.work, is_ended).is_err()
        {
            return Ok(false);
        }
        let Some(commands) = &self.commands else {
            // The task is its own result.
            batch.done(num, task, &Attempt::default())?;
            return Ok(!is_ended());
        };
        let (attempt, job) = (batch.attempt(num), batch.work.job.as_str());
        let outcome = commands.run(TaskRun { num, attempt, job, task: task.get() });
        if is_ended() {
            return Ok(false);
        }
        match outcome {
            Outcome::Done(finished) => {
                let attempt = batch.ran(num, finished.ran);
                match parse_json(finished.result.get().as_bytes()) {
                    Ok(result) => batch.done(num, result, &attempt)?,
                    Err(why) => batch.failed(num, format!("its result is {why}"), true, attempt),
                }
            }
            Outcome::Failed(Failed { reason, ran, stdout, stderr, is_final }) => {
                tracing::warn!("task {num} failed: {reason}");
                let stdout = stdout.as_str().map_or_else(|| stdout.to_string(), str::to_owned);
                let ran = batch.ran(num, ran);
                let attempt = Attempt { stdout: Some(stdout), stderr: Some(stderr), ..ran };
                batch.failed(num, reason, is_final, attempt);
            }
            Outcome::CannotStart(why) => bail!(why),
            Outcome::Interrupted => return Ok(false),
        }
        Ok(true)
    }
}

/// A batch that is run.
struct BatchRun {
    work: Work,
    worker_id: u64,
    first_frame: Vec<u8>,
    lines: Vec<u8>,
    full: Vec<Event>,
    failures: Failures,
    done: u64,
    bytes: u64,
    started: Instant,
    flushed: Instant,
}

impl BatchRun {
    fn new(work: Work, worker_id: u64) -> Result<Self> {
        let results = Results { version: VERSION, job: work.job.clone() };
        let (failures, now) = (Failures::new(work.request_limit), Instant::now());
        Ok(Self {
            work,
            worker_id,
            first_frame: serde_json::to_vec(&results)?,
            lines: Vec::new(),
            full: Vec::new(),
            failures,
            done: 0,
            bytes: 0,
            started: now,
            flushed: now,
        })
    }

    /// Which attempt at a task this is, counted from 1.
    fn attempt(&self, num: u64) -> u32 {
        let failures = self.work.failures.iter().find(|(failed, _)| *failed == num);
        failures.map_or(0, |(_, failures)| *failures).saturating_add(1)
    }

    /// How a command ran, for the output.
    fn ran(&self, num: u64, ran: Ran) -> Attempt {
        let exit = ran.exit.map(|exit| match exit {
            Exit::Code(code) => code,
            // As a shell would pass it on.
            Exit::Signal(signal) => 128 + signal,
        });
        Attempt {
            host: Some(ran.host),
            attempt: Some(self.attempt(num)),
            started: Some(ran.started),
            seconds: Some(ran.seconds),
            exit,
            ..Attempt::default()
        }
    }

    fn done(&mut self, num: u64, result: &RawValue, attempt: &Attempt) -> Result<()> {
        let before = self.lines.len();
        let done = Done { num, worker_id: self.worker_id, result, attempt };
        done.write(&mut self.lines)?;
        let bytes = (self.lines.len() - before) as u64;
        let limit = self.work.result_limit;
        if bytes > limit {
            self.lines.truncate(before);
            let why = too_large(&format!("the result of task {num}"), bytes, limit);
            self.failed(num, why, true, attempt.clone());
            return Ok(());
        }
        if before > 0 && self.lines.len() as u64 > limit.min(MESSAGE_BYTES) {
            let rest = self.lines.split_off(before);
            let full = self.flush();
            self.full.extend(full);
            self.lines = rest;
        }
        self.done += 1;
        self.bytes += bytes;
        Ok(())
    }

    fn failed(&mut self, num: u64, why: String, is_final: bool, attempt: Attempt) {
        self.failures.push(Failure { num, why, is_final, attempt });
    }

    fn flush(&mut self) -> Option<Event> {
        self.flushed = Instant::now();
        let lines = std::mem::take(&mut self.lines);
        (!lines.is_empty()).then(|| Event::Results(vec![self.first_frame.clone(), lines]))
    }

    fn finish(self, rest: &[u64]) -> (Finished, u64) {
        let finished = Finished {
            failed: self.failures.into_vec(),
            returned: Ranges::of(rest.iter().copied()),
            busy: self.started.elapsed(),
            bytes: self.bytes,
        };
        (finished, self.done)
    }
}
