//! A lab in a process of its own, and a small HTTP client.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use e2e::{DEADLINE, root};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The lab's binary, with arguments, and a folder for what it leaves behind. The programs that it
/// starts are built first.
pub fn command(arguments: &[&str], folder: &TempDir) -> Command {
    drop(e2e::rust("zmq_server"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    command
        .args(arguments)
        .current_dir(root())
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// A lab that runs. It is killed when this is dropped.
pub struct Lab {
    pub process: Child,
    /// `127.0.0.1:PORT`
    pub host: String,
    /// `/TOKEN/`
    pub path: String,
    events: RefCell<Option<Events>>,
    _folder: TempDir,
}

/// The events of a lab as they come, and those that came.
struct Events {
    lines: Lines<BufReader<TcpStream>>,
    seen: Vec<Value>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Lab {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = command(&[&["--no-open"], arguments].concat(), &folder).spawn().unwrap();
        let mut address = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut address).unwrap();
        let rest = address.trim_end().strip_prefix("http://").expect("an address");
        let (host, path) = rest.split_once('/').expect("a token");
        let (host, path) = (host.to_owned(), format!("/{path}"));
        Self { process, host, path, events: RefCell::default(), _folder: folder }
    }

    /// A request for something below the token.
    pub fn get(&self, name: &str) -> Answer {
        self.request("GET", &format!("{}{name}", self.path), &[("Host", &self.host)], "")
    }

    /// Does something, which has to work.
    pub fn act(&self, what: &Value) {
        let answer = self.try_to(what);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{what}");
    }

    /// Tries to do something.
    pub fn try_to(&self, what: &Value) -> Answer {
        let headers = [("Host", self.host.as_str()), ("Content-Type", "application/json")];
        self.request("POST", &format!("{}do", self.path), &headers, &what.to_string())
    }

    /// Does something to a box.
    pub fn to_box(&self, what: &str, id: &str) {
        self.act(&json!({"do": what, "box": id}));
    }

    /// Any request.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut stream = self.connect();
        let headers: String =
            headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).expect("a status").parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Waits for an event that is `wanted`, among those that no other call has looked at yet.
    pub fn wait_for(&self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let mut events = self.events.borrow_mut();
        let Events { lines, seen } = events.get_or_insert_with(|| self.events());
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < DEADLINE, "waited for {what} in vain: {seen:#?}");
            let line = lines.next().unwrap_or_else(|| panic!("the events ended before {what}"));
            let line = line.unwrap_or_else(|error| panic!("{what}: {error}: {seen:#?}"));
            let Some(event) = line.strip_prefix("data: ") else { continue };
            let event: Value = serde_json::from_str(event).unwrap();
            seen.push(event.clone());
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Waits for an event of this kind about a box.
    pub fn wait_for_box(&self, is: &str, id: &str) -> Value {
        self.wait_for(&format!("{is} {id}"), |event| event["is"] == is && event["box"] == id)
    }

    /// Looks at the events from the first one again, as a page that is loaded again does.
    pub fn reload(&self) {
        *self.events.borrow_mut() = None;
    }

    fn events(&self) -> Events {
        let mut stream = self.connect();
        let head = format!("GET {}events HTTP/1.0\r\nHost: {}\r\n\r\n", self.path, self.host);
        stream.write_all(head.as_bytes()).unwrap();
        Events { lines: BufReader::new(stream).lines(), seen: Vec::new() }
    }

    /// All events of the run so far.
    pub fn recording(&self) -> Vec<Value> {
        events(&self.get("recording").body)
    }

    /// The ids of the processes that were started in this run.
    pub fn processes(&self) -> Vec<u64> {
        self.recording().iter().filter_map(|event| event["pid"].as_u64()).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of a recording.
pub fn events(recording: &str) -> Vec<Value> {
    recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether a process runs: one that has ended, and that nobody has waited for, does not.
pub fn runs(process: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}
