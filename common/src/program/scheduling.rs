//! How the OS shares its processors among a program's threads.

/// Tells the OS that this thread, and those that it starts from now on, would rather do much at
/// a time than begin at once (`SCHED_BATCH`, sched(7)): one that is woken waits for its turn instead
/// of interrupting the one that woke it.
///
/// A pipeline's threads wake each other all the time. If each begins at once, they take turns for
/// every few messages instead of for hundreds. The price is paid where other programs keep all
/// processors busy: there a message may wait some milliseconds, which is too long for somebody who
/// waits for an answer.
///
/// To be called before there is a context, whose threads inherit it. On other systems than Linux
/// nothing happens, and a refusal is only logged: the program works without.
pub fn prefer_throughput() {
    #[cfg(target_os = "linux")]
    {
        use preempt_rt::sched::{Pid, Scheduler, SchedulerParams, set_scheduler};

        let batch = set_scheduler(
            Pid::current_thread(),
            Scheduler::SCHED_BATCH,
            SchedulerParams { priority: 0 },
        );
        if let Err(error) = batch {
            tracing::debug!("cannot be scheduled in batches: {error}");
        }
    }
}
