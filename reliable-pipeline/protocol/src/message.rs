//! The messages, each a JSON object in a frame. `../PROTOCOL.md` says when each is sent.

use serde::{Deserialize, Serialize};

use crate::VERSION;
use crate::ranges::Range;

/// One run of a worker or a sink: a random number, so that a restarted process is not mistaken for
/// the one before.
pub type Session = u64;

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
        let request: Self = serde_json::from_slice(frame).map_err(no_request)?;
        Ok(request.body)
    }
}

/// From a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// It holds no task, and asks for some. The dispatcher may let it wait.
    Ready {
        /// Its run.
        session: Session,
        /// Its name in results.
        worker_id: u64,
        /// The last batch that it was given, whose results are on their way to the sink.
        batch: Option<u64>,
        /// The tasks of that batch that failed, which have no result.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<Failure>,
    },
    /// Its sessions are alive.
    Alive {
        /// Their runs.
        sessions: Vec<Session>,
    },
    /// Its sessions end, and hand back what they hold.
    Bye {
        /// Their runs.
        sessions: Vec<Session>,
    },
}

/// A task that failed in one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its number.
    pub num: u64,
    /// Why, for people.
    pub why: String,
}

/// From the dispatcher to a worker. After the frame of [`Work`](ToWorker::Work) come the tasks, a
/// frame with a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Some tasks.
    Work {
        /// What the results say that they belong to.
        job: String,
        /// What the worker says when it is ready again.
        batch: u64,
        /// The numbers of the tasks, in the order of the tasks' frame.
        nums: Vec<Range>,
    },
    /// The dispatcher has heard that the worker is alive, or ends.
    Ok,
    /// All tasks are done. The worker ends.
    End,
    /// The worker is refused, and ends.
    Refused {
        /// Why, for people.
        why: String,
    },
}

/// From the sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromSink {
    /// Tasks are done: their results are safe in the output.
    Done {
        /// The sink's run.
        session: Session,
        /// The job in the output, or `None` before the output has one.
        job: Option<String>,
        /// Whether `nums` are all that the output has, and not only what is new.
        all: bool,
        /// The numbers of the tasks.
        nums: Vec<Range>,
        /// How many tasks the output says to have failed, in all.
        failed: u64,
    },
}

/// From the dispatcher to the sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToSink {
    /// What remains to be done.
    Rest {
        /// The job.
        job: String,
        /// How many tasks it has.
        total: u64,
        /// How many are not acknowledged yet.
        remaining: u64,
        /// Tasks that are given up: the sink writes so, and acknowledges them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        given_up: Vec<GivenUp>,
    },
    /// The dispatcher does not know this sink yet, and asks for all that is done.
    #[serde(rename = "tell_all")]
    Resync {
        /// The job.
        job: String,
        /// How many tasks it has.
        total: u64,
    },
    /// The sink is refused, and ends.
    Refused {
        /// Why, for people.
        why: String,
    },
}

/// A task that failed, or whose worker died, too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// The task.
    pub num: u64,
    /// Who tried last.
    pub worker_id: u64,
    /// Why, for people.
    pub failed: String,
}

/// The first frame from a worker to the sink. After it comes a frame with a line a result, as it
/// goes to the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// [`crate::VERSION`].
    pub version: u32,
    /// The job that the results belong to.
    pub job: String,
}
