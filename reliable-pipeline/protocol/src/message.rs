//! The messages, each a JSON object in a frame. `../PROTOCOL.md` says when each is sent.

use serde::{Deserialize, Deserializer, Serialize};

use crate::VERSION;
use crate::line::{Attempt, GivenUp};
use crate::ranges::Ranges;

/// Numbers on the wire stay below this: other languages read them as floats.
pub const MAX_NUMBER: u64 = 1 << 53;
/// A job has at most this many tasks.
pub const MAX_TASKS: u64 = 1_000_000_000;
/// A message is smaller than this, unless it holds a single task or result that is not.
pub const MESSAGE_BYTES: u64 = 1 << 20;
/// A program that receives less than this in a message cannot take part.
pub const LEAST_LIMIT: u64 = 1 << 10;
/// At most this many slots per worker.
pub const MAX_SLOTS: u32 = 1 << 12;

/// What a peer sends to the dispatcher, with the version it speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request<Body> {
    /// [`crate::VERSION`].
    pub version: u32,
    /// The message itself.
    #[serde(flatten)]
    pub body: Body,
}

impl<Body: for<'a> Deserialize<'a>> Request<Body> {
    /// Reads a request of this version, which is one frame.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for its sender.
    pub fn parse(frames: &[Vec<u8>]) -> Result<Body, String> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let [frame] = frames else { return Err("a request is one frame".to_owned()) };
        let no_request = |error| format!("not a request: {error}");
        let Version { version } = serde_json::from_slice(frame).map_err(no_request)?;
        if version != VERSION {
            return Err(format!("it speaks version {version} of the protocol, not {VERSION}"));
        }
        serde_json::from_slice(frame).map_err(no_request)
    }
}

/// From a worker. `run` is a random number, so that a restarted worker is not mistaken for the one
/// before. A worker has a slot for each task that it runs at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// A slot is free.
    Ready(Ready),
    /// The worker is alive.
    Alive {
        /// The worker's run.
        #[serde(deserialize_with = "number")]
        run: u64,
        /// Counts the worker's requests.
        #[serde(deserialize_with = "number")]
        seq: u64,
        /// What it runs: a slot that is not listed is unknown to it.
        slots: Vec<SlotState>,
    },
    /// The worker ends, and returns its tasks.
    Bye {
        /// The worker's run.
        #[serde(deserialize_with = "number")]
        run: u64,
    },
}

/// A slot is free, and asks for tasks. The dispatcher answers when it has some.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// The worker's run.
    #[serde(deserialize_with = "number")]
    pub run: u64,
    /// The slot.
    pub slot: u32,
    /// Counts the worker's requests.
    #[serde(deserialize_with = "number")]
    pub seq: u64,
    /// The worker's name in results.
    pub worker_id: u64,
    /// The worker's `--max-message-size`.
    pub limit: u64,
    /// The last batch that the slot has received. Its results are on their way to the sink.
    pub batch: Option<u64>,
    /// The tasks of that batch that failed, which have no result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failure>,
    /// The tasks of that batch that were not run.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub returned: Ranges,
    /// How long the batch took to run, in microseconds.
    #[serde(default)]
    pub busy: u64,
    /// How many bytes of results are on their way.
    #[serde(default)]
    pub bytes: u64,
}

/// What a slot is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotState {
    /// The slot.
    pub slot: u32,
    /// The batch that it works on, or null if it waits for one.
    pub batch: Option<u64>,
    /// The task that runs, or null if its results wait for the sink.
    pub running: Option<u64>,
    /// The tasks of the batch: only if the dispatcher has asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nums: Option<Ranges>,
}

/// An attempt at a task that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The task.
    pub num: u64,
    /// Why, for people.
    pub why: String,
    /// It would fail again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
    /// How the command ran.
    #[serde(flatten)]
    pub attempt: Attempt,
}

/// From the dispatcher to a worker. After the frame of [`Work`](ToWorker::Work) comes a frame with
/// the tasks, a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Tasks for a slot.
    Work(Work),
    /// The dispatcher has heard that the worker is alive.
    Alive {
        /// The request's.
        seq: u64,
        /// Slots that are not known to wait, or to work on what they do.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<u32>,
    },
    /// The dispatcher has taken the worker's tasks back.
    Bye,
    /// The job has ended. So does the worker.
    End,
    /// The worker is refused, and ends.
    Refused {
        /// Why, for people.
        why: String,
    },
}

/// Tasks for a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The slot.
    pub slot: u32,
    /// The number of the request that this answers.
    pub seq: u64,
    /// The job's id, for the results.
    pub job: String,
    /// The batch, for the next request.
    pub batch: u64,
    /// The numbers of the tasks, in the order of the tasks' frame.
    pub nums: Ranges,
    /// The tasks that have failed before, and how many times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<(u64, u32)>,
    /// Workers have died with these tasks: the worker says at once that it has them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watched: bool,
    /// The dispatcher's `--max-message-size`.
    pub request_limit: u64,
    /// The sink's.
    pub result_limit: u64,
}

/// From the sink. `session` is a random number, so that a restarted sink is not mistaken for the one
/// before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromSink {
    /// Tasks are done: their results, or why they failed, are safe in the output.
    Report(Report),
}

/// What the output holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The sink's run.
    #[serde(deserialize_with = "number")]
    pub session: u64,
    /// Counts the sink's reports. One that repeats another has its number.
    #[serde(deserialize_with = "number")]
    pub seq: u64,
    /// The output, for people, and to recognise it.
    pub output: String,
    /// The job in the output, or null before there is one.
    pub job: Option<String>,
    /// The sink's `--max-message-size`.
    pub limit: u64,
    /// How many tasks the output says to have failed.
    pub failed: u64,
    /// Tasks that are done.
    pub nums: Ranges,
    /// A piece of the whole: from the first number to before the second, no others are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub piece: Option<(u64, u64)>,
}

/// From the dispatcher to the sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToSink {
    /// What remains to be done.
    Rest(Rest),
    /// The sink is refused, and ends.
    Refused {
        /// Why, for people.
        why: String,
    },
}

/// What remains to be done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// The number of the report that this answers.
    pub seq: u64,
    /// The job.
    pub job: String,
    /// How many tasks it has.
    pub total: u64,
    /// How many are not done yet, as far as the dispatcher knows.
    pub remaining: u64,
    /// The dispatcher's `--max-message-size`.
    pub limit: u64,
    /// The dispatcher does not know what is done from this task on: the next report is that piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resync: Option<u64>,
    /// Tasks that are given up: the sink writes so, and reports them as done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<GivenUp>,
    /// The dispatcher's last word: it has ended, and so may the sink.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

/// The first frame from a worker to the sink. After it comes a frame with one line per result, as
/// it goes to the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// [`crate::VERSION`].
    pub version: u32,
    /// The job that the results belong to.
    pub job: String,
}

fn number<'de, D: Deserializer<'de>>(value: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(value)?;
    if number < MAX_NUMBER {
        Ok(number)
    } else {
        Err(serde::de::Error::custom(format_args!("{number} is not below 2^53")))
    }
}
