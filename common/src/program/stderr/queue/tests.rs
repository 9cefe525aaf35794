//! A stderr that is slow, full, or stuck.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn line(text: impl Into<String>) -> Line {
    Line { label: Label::Warning, text: text.into() }
}

fn leak(open: fn() -> Box<dyn Write>) -> &'static Queue<u8> {
    Box::leak(Box::new(Queue::new(open)))
}

/// Never takes anything.
struct Stuck;

impl Write for Stuck {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        loop {
            thread::park();
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_are_written_in_their_order_before_the_last_ones() {
    static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    struct Into;
    impl Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Short ones, too.
            WRITTEN.lock().unwrap().write(&bytes[..bytes.len().min(7)])
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let queue = leak(|| Box::new(Into));
    for number in 0..5 {
        queue.log(None, || line(number.to_string()));
    }
    for _ in 0..8 {
        queue.log(Some(&1), || line("again"));
    }
    queue.end(vec![Line { label: Label::Error, text: "the end".to_owned() }]);
    let written = String::from_utf8(WRITTEN.lock().unwrap().clone()).unwrap();
    let numbers = "warning: 0\nwarning: 1\nwarning: 2\nwarning: 3\nwarning: 4\n".to_owned();
    let again = "warning: again\n".repeat(5) + "warning: … 3 more in 1 s, such as: again\n";
    assert_eq!(written, numbers + &again + "error: the end\n");
}

#[test]
fn a_stderr_that_takes_nothing_holds_nobody_up_and_fills_no_memory() {
    let queue = leak(|| Box::new(Stuck));
    for number in 0..100_000 {
        queue.log(None, || line(number.to_string()));
    }
    queue.end(vec![line("the end")]);
    let lost = queue.with(|state| state.waiting.len());
    assert!((MAX_WAITING..MAX_WAITING + 10).contains(&lost), "{lost}");
}

#[test]
fn a_stderr_that_fails_loses_lines_and_nothing_else() {
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    struct Full;
    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            FAILED.fetch_add(1, Ordering::Relaxed);
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let queue = leak(|| Box::new(Full));
    queue.log(None, || line("lost"));
    queue.end(vec![line("lost, too")]);
    assert_eq!(queue.with(|state| state.added - state.done), 0);
    assert!(FAILED.load(Ordering::Relaxed) > 0);
}

#[test]
fn what_was_lost_is_counted() {
    let mut state = State::<u8>::new();
    state.lost = 3;
    state.sum_up(|_| Vec::new());
    let Some(Item::Line(told)) = state.waiting.pop_front() else { panic!("no line") };
    assert_eq!(told.text, "3 lines lost here: stderr does not take them in time");
    assert_eq!(state.lost, 0);
}
