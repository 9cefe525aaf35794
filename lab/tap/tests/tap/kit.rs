//! A tap in the background, and the ends of what goes through it.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use e2e::DEADLINE;
use tap::zmtp::{Command, Message, Seen};
use tap::{Counts, Event, Link, Tap, Way};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A tap that runs in a thread of its own.
pub struct Wire {
    tap: Tap,
    events: RefCell<tokio::sync::mpsc::Receiver<Event>>,
    runtime: Handle,
    witnessed: Arc<AtomicU64>,
    _stop: oneshot::Sender<()>,
}

impl Wire {
    /// A tap before an endpoint.
    pub fn to(endpoint: &str) -> Self {
        Self::with_room(endpoint, 1024)
    }

    /// A tap with room for so many events.
    pub fn with_room(endpoint: &str, events: usize) -> Self {
        let to = address(endpoint).to_owned();
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, opened) = mpsc::channel();
        let witnessed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&witnessed);
        let witness = move |_, _, seen: &Seen| {
            counter.fetch_add(matches!(seen, Seen::Message(_)).into(), Ordering::Relaxed);
        };
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (sender, events) = tokio::sync::mpsc::channel(events);
                let tap = Tap::open_with(&to, sender, Arc::new(witness)).unwrap();
                ready.send((tap, RefCell::new(events), Handle::current())).unwrap();
                let _ = stopped.await;
            });
        });
        let (tap, events, runtime) = opened.recv().unwrap();
        Self { tap, events, runtime, witnessed, _stop: stop }
    }

    pub fn endpoint(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.tap.port())
    }

    pub fn connect(&self) -> TcpStream {
        deadlines(TcpStream::connect(address(&self.endpoint())).unwrap())
    }

    pub fn set(&self, link: Link) {
        self.runtime.block_on(self.tap.set(link)).unwrap();
    }

    pub fn counts(&self) -> Counts {
        self.tap.counts()
    }

    /// How many messages the tap's witness has seen.
    pub fn witnessed(&self) -> u64 {
        self.witnessed.load(Ordering::Relaxed)
    }

    /// Waits until the counts are as they should be.
    pub fn counted(&self, condition: impl Fn(&Counts) -> bool) {
        let mut counts = self.tap.watch_counts();
        let waited = async { timeout(DEADLINE, counts.wait_for(condition)).await.is_ok() };
        assert!(self.runtime.block_on(waited), "{:?}", self.counts());
    }

    /// The next event.
    pub fn next(&self) -> Event {
        let mut events = self.events.borrow_mut();
        let next = async { timeout(DEADLINE, events.recv()).await };
        self.runtime.block_on(next).expect("an event").expect("a tap")
    }

    /// The events up to the first one that meets a condition.
    pub fn until(&self, condition: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut all = vec![self.next()];
        while !all.last().is_some_and(&condition) {
            all.push(self.next());
        }
        all
    }

    /// Skips events up to the next command of a name. Its text, and its way.
    pub fn command(&self, name: &str) -> (String, Way) {
        loop {
            if let Event::Seen { way, seen: Seen::Command(Command { name: its, text, .. }), .. } =
                self.next()
                && its == name
            {
                return (text, way);
            }
        }
    }

    /// Skips events up to the next message.
    pub fn message(&self) -> (Message<'static>, Way) {
        loop {
            if let Event::Seen { way, seen: Seen::Message(message), .. } = self.next() {
                return (message, way);
            }
        }
    }
}

/// `tcp://HOST:PORT` without its transport.
pub fn address(endpoint: &str) -> &str {
    endpoint.strip_prefix("tcp://").unwrap()
}

/// Has reads and writes fail after the deadline.
fn deadlines(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// A plain listener behind a tap, in place of a ZeroMQ socket.
pub struct Behind(TcpListener);

impl Behind {
    pub fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn at(endpoint: &str) -> Self {
        Self(TcpListener::bind(address(endpoint)).unwrap())
    }

    pub fn endpoint(&self) -> String {
        format!("tcp://{}", self.0.local_addr().unwrap())
    }

    /// Whether nobody has connected.
    pub fn is_quiet(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let quiet = self.0.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.0.set_nonblocking(false).unwrap();
        quiet
    }

    pub fn accept(&self) -> TcpStream {
        deadlines(self.0.accept().unwrap().0)
    }
}

/// A tap between two recorders, which write down what passes before and behind it.
pub struct Recorded {
    pub wire: Wire,
    before: Recorder,
    behind: Recorder,
}

impl Recorded {
    pub fn to(endpoint: &str) -> Self {
        let behind = Recorder::to(endpoint);
        let wire = Wire::to(&behind.endpoint);
        Self { before: Recorder::to(&wire.endpoint()), wire, behind }
    }

    /// Where a socket is to connect.
    pub fn endpoint(&self) -> &str {
        &self.before.endpoint
    }

    /// Waits until so many messages went each way. Then what came out of the tap is what went in,
    /// and the tap has counted each byte.
    pub fn passed_unchanged(&self, up: u64, down: u64) {
        self.wire.counted(|counts| (counts.up.messages, counts.down.messages) >= (up, down));
        self.compare();
        let counts = self.wire.counts();
        assert_eq!((counts.up.messages, counts.down.messages), (up, down));
    }

    /// Waits until the bytes before and behind the tap are the same.
    pub fn compare(&self) {
        for (before, behind, way) in [
            (&self.before.up, &self.behind.up, "up"),
            (&self.behind.down, &self.before.down, "down"),
        ] {
            let sent = before.lock().unwrap().clone();
            // What the first recorder saw is behind the tap some moments later.
            let deadline = std::time::Instant::now() + DEADLINE;
            while behind.lock().unwrap().len() < sent.len() {
                assert!(std::time::Instant::now() < deadline, "{way}: bytes are missing");
                thread::yield_now();
            }
            assert!(behind.lock().unwrap().starts_with(&sent), "{way}: bytes were changed");
        }
    }
}

/// Passes a connection on, and keeps all of it.
struct Recorder {
    endpoint: String,
    up: Arc<Mutex<Vec<u8>>>,
    down: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    fn to(endpoint: &str) -> Self {
        let listener = Behind::new();
        let recorder =
            Self { endpoint: listener.endpoint(), up: Arc::default(), down: Arc::default() };
        let (up, down, to) =
            (recorder.up.clone(), recorder.down.clone(), address(endpoint).to_owned());
        thread::spawn(move || {
            let accepted = listener.accept();
            let made = TcpStream::connect(to).unwrap();
            for stream in [&accepted, &made] {
                stream.set_nodelay(true).unwrap();
                stream.set_read_timeout(None).unwrap();
            }
            let [from, to] = [accepted.try_clone().unwrap(), made.try_clone().unwrap()];
            thread::spawn(move || record(from, to, &up));
            record(made, accepted, &down);
        });
        recorder
    }
}

fn record(mut from: TcpStream, mut to: TcpStream, all: &Mutex<Vec<u8>>) {
    let mut buffer = vec![0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        all.lock().unwrap().extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
