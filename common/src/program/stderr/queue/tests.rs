//! A stderr that is slow, full, or stuck.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

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
    let queue = leak(|| Box::new(io::sink()));
    // As if it were stuck already.
    queue.with(|state| state.has_thread = true);
    for number in 0..MAX_WAITING + 3 {
        queue.log(None, || line(number.to_string()));
    }
    let told = queue.with(|state| {
        assert_eq!((state.waiting.len(), state.lost), (MAX_WAITING, 3));
        assert!(state.impatient_until.is_some(), "one has waited");
        state.sum_up(|_| Vec::new());
        assert_eq!(state.lost, 0);
        state.waiting.pop_back()
    });
    let Some(Item::Line(told)) = told else { panic!("no line") };
    assert_eq!(told.text, "3 lines lost here: stderr does not take them in time");
}

#[test]
fn nobody_waits_for_what_is_written() {
    let queue = leak(|| Box::new(io::sink()));
    let written = queue.with(|state| state.done);
    drop(queue.wait(queue.lock(), written, Duration::from_secs(3600)));
}

#[test]
fn a_line_is_written_whole_by_whatever_it_is_held_up() {
    struct Slow(Vec<io::ErrorKind>, Vec<u8>);
    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.pop() {
                Some(kind) => Err(kind.into()),
                None => self.1.write(&bytes[..1]),
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut out = Slow(vec![io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted], Vec::new());
    put(&mut out, &mut None, "a line\n");
    assert_eq!(out.1, b"a line\n");
}

#[test]
fn what_is_drawn_is_drawn_again_until_it_is_taken_away_and_steps_aside_for_lines() {
    struct Drawn(mpsc::Sender<&'static str>);
    impl Drawing for Drawn {
        fn draw(&mut self) {
            let _ = self.0.send("drawn");
        }
        fn step_aside(&mut self, write: &mut dyn FnMut()) {
            write();
            let _ = self.0.send("line");
        }
        fn clear(&mut self) {
            let _ = self.0.send("cleared");
        }
    }
    let queue = leak(|| Box::new(io::sink()));
    let (sender, told) = mpsc::channel();
    let start = Instant::now();
    queue.draw(Some(Box::new(Drawn(sender))));
    assert!(told.iter().take(3).all(|told| told == "drawn"));
    assert!(start.elapsed() >= 2 * REDRAW);
    queue.log(None, || line("a line"));
    assert_eq!(told.iter().find(|told| *told != "drawn"), Some("line"));
    queue.draw(None);
    assert_eq!(told.iter().find(|told| *told != "drawn"), Some("cleared"));
    assert_eq!(told.iter().next(), None);
}
