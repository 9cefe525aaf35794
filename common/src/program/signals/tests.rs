//! The end of a program, and what ends its waiting.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::*;

#[test]
fn finishing_delivers_what_was_sent() {
    let (context, other) = (Context::new(), Context::new());
    let shutdown = Shutdown::on_signals(&context).unwrap();
    let (push, pull) = (context.socket(zmq::PUSH).unwrap(), other.socket(zmq::PULL).unwrap());
    pull.bind("tcp://127.0.0.1:*").unwrap();
    push.connect(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
    push.send("last words", 0).unwrap();
    drop(push);
    assert_eq!(shutdown.finish(context, Ok(())).unwrap(), None);
    assert_eq!(pull.recv_bytes(0).unwrap(), b"last words");
}

#[test]
fn finishing_passes_on_what_a_signal_did_not_cause() {
    let context = Context::new();
    let shutdown = Shutdown::on_signals(&context).unwrap();
    let failed = Err(anyhow::Error::new(Error::EFSM).context("cannot send"));
    let error = shutdown.finish(context, failed).unwrap_err();
    assert_eq!(format!("{error:#}"), format!("cannot send: {}", Error::EFSM));
}

#[test]
fn interruptions_are_found_beneath_their_context() {
    let interruptions = [
        anyhow::Error::new(Error::ETERM).context("cannot receive"),
        anyhow::Error::new(Error::EINTR).context("cannot receive").context("cannot answer"),
    ];
    assert!(interruptions.iter().all(is_interruption));
    assert!(!is_interruption(&anyhow::Error::new(Error::EAGAIN)));
    assert!(!is_interruption(&anyhow::anyhow!("ETERM")));
}

#[test]
fn sleeping_takes_its_time() {
    let context = Context::new();
    let shutdown = Shutdown::on_signals(&context).unwrap();
    let (start, nap) = (Instant::now(), Duration::from_millis(20));
    shutdown.sleep(nap).unwrap();
    assert!(start.elapsed() >= nap);
}

#[test]
fn a_signal_has_its_name_and_its_exit_code() {
    for (signal, name, code) in
        [(SIGHUP, "SIGHUP", 129), (SIGINT, "SIGINT", 130), (SIGTERM, "SIGTERM", 143)]
    {
        let signal = Signal(signal);
        assert_eq!((signal.to_string().as_str(), signal.exit_code()), (name, code));
    }
}

#[test]
fn signals_that_are_ignored_are_known() {
    let ignored = |mask: &str| {
        let status = format!("SigBlk:\t0000000000004003\nSigIgn:\t{mask}\nSigCgt:\t0\n");
        [SIGHUP, SIGINT, SIGTERM].map(|signal| ignores(&status, signal))
    };
    assert_eq!(ignored("0000000000000000"), [false, false, false]);
    assert_eq!(ignored("0000000000000001"), [true, false, false]);
    assert_eq!(ignored("0000000000004002"), [false, true, true]);
    assert!(!ignores("", SIGHUP));
}

#[test]
fn a_signal_ends_every_sleep() {
    const LONG: Duration = Duration::from_secs(3600);
    let sleeper = Sleeper(Arc::default());
    assert_eq!(sleeper.sleep_unless(LONG, || true), Ok(()));
    let (looked, looks) = mpsc::channel();
    let (asleep, ended) = (sleeper.clone(), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&ended);
    let look = move || looked.send(()).is_err() || seen.load(Ordering::Relaxed);
    let sleeping = thread::spawn(move || asleep.sleep_unless(LONG, look));
    looks.recv().unwrap();
    ended.store(true, Ordering::Relaxed);
    sleeper.wake();
    assert_eq!(sleeping.join().unwrap(), Ok(()));
    sleeper.0.lock().signal = Some(Signal(SIGINT));
    assert_eq!(sleeper.sleep(LONG), Err(Error::ETERM));
    assert_eq!(sleeper.sleep_unless(LONG, || false), Err(Error::ETERM));
}
