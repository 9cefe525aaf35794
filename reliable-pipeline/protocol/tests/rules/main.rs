//! The rules that are more than that nothing is lost: who is given what, and when.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deaths;
mod failures;
mod job;
mod late;
mod output;
mod session;
mod sink;
mod workers;

use job::{Job, POLICY, nums};
use protocol::message::FromWorker;

#[test]
fn batches_grow_with_the_pace_and_shrink_at_the_tail() {
    let mut job = Job::new(10_000, POLICY);
    let (mut batch, mut sizes) = (None, Vec::new());
    while let Some(work) = {
        let ready = protocol::message::Ready {
            run: 1,
            seq: sizes.len() as u64 + 1,
            limit: 1 << 24,
            batch,
            // 1 ms per task.
            busy: sizes.last().map_or(0, |size| *size as u64 * 1000),
            ..Default::default()
        };
        job.hear(&FromWorker::Ready(ready));
        job.given().map(|(_, work)| work)
    } {
        sizes.push(nums(&work).len());
        batch = Some(work.batch);
        job.done(&nums(&work));
        job.now += nums(&work).len() as u64;
    }
    assert_eq!(sizes[..4], [1, 4, 16, 50]);
    assert_eq!((sizes.iter().max(), sizes.last()), (Some(&50), Some(&1)));
    assert_eq!(sizes.iter().sum::<usize>(), 10_000);
    assert_eq!(job.schedule.handed_out(), 10_000);
}
