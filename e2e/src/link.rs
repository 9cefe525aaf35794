//! A slow, narrow or broken connection, without root: a TCP proxy between two programs.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::endpoint;

/// How much is read at a time, and how many times more is under way at most.
const CHUNK: usize = 16 << 10;
const UNDER_WAY: usize = 64;

/// A connection that can be cut and restored. It ends with the test's process.
pub struct Link {
    endpoint: String,
    path: Arc<Path>,
}

/// What a connection is like.
struct Path {
    to: String,
    delay: Duration,
    bytes_per_second: Option<u32>,
    is_cut: Mutex<bool>,
    changed: Condvar,
}

type Sent = (Instant, Vec<u8>);

impl Link {
    /// A connection to the `tcp://` endpoint `to`, on which everything takes `delay`, each way, and
    /// at most so many bytes a second pass.
    pub fn new(to: &str, delay: Duration, bytes_per_second: Option<u32>) -> Self {
        let endpoint = endpoint();
        let listener = TcpListener::bind(address(&endpoint)).expect("a free port");
        let (is_cut, changed) = (Mutex::new(false), Condvar::new());
        let to = address(to).to_owned();
        let path = Arc::new(Path { to, delay, bytes_per_second, is_cut, changed });
        let shared = Arc::clone(&path);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let path = Arc::clone(&shared);
                thread::spawn(move || path.join(&client));
            }
        });
        Self { endpoint, path }
    }

    /// Where to connect, in place of the endpoint that this leads to.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Nothing passes any more. Neither side is told.
    pub fn cut(&self) {
        self.path.set_cut(true);
    }

    /// What was held up arrives, and all that follows.
    pub fn restore(&self) {
        self.path.set_cut(false);
    }
}

fn address(endpoint: &str) -> &str {
    endpoint.strip_prefix("tcp://").expect("a TCP endpoint")
}

impl Path {
    fn set_cut(&self, is_cut: bool) {
        *self.is_cut.lock().expect("the state") = is_cut;
        self.changed.notify_all();
    }

    fn wait_until_open(&self) {
        let is_cut = self.is_cut.lock().expect("the state");
        drop(self.changed.wait_while(is_cut, |is_cut| *is_cut).expect("the state"));
    }

    /// Joins a client with the other end. Where that refuses, so does this.
    fn join(self: Arc<Self>, client: &TcpStream) {
        self.wait_until_open();
        let Ok(server) = TcpStream::connect(&self.to) else { return };
        let clone = |stream: &TcpStream| stream.try_clone().expect("a connection");
        for (from, to) in [(client, &server), (&server, client)] {
            let _ = to.set_nodelay(true);
            let (sender, receiver) = sync_channel(UNDER_WAY);
            let (from, to, path) = (clone(from), clone(to), Arc::clone(&self));
            thread::spawn(move || read(from, &sender));
            thread::spawn(move || path.write(&to, &receiver));
        }
    }

    /// Passes on what was read when it is due. Without the one side, the other is closed, too.
    fn write(&self, mut to: &TcpStream, sent: &Receiver<Sent>) {
        for (at, bytes) in sent {
            thread::sleep((at + self.delay).saturating_duration_since(Instant::now()));
            if let Some(rate) = self.bytes_per_second {
                let size = u32::try_from(bytes.len()).expect("a chunk");
                thread::sleep(Duration::from_secs(1) * size / rate);
            }
            self.wait_until_open();
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }
}

/// Reads to the end, or until nobody takes it.
fn read(mut from: TcpStream, to: &SyncSender<Sent>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
            Ok(size) if to.send((Instant::now(), chunk[..size].to_vec())).is_err() => return,
            Ok(_) => {}
        }
    }
}
