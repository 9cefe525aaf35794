//! Is ZeroMQ built on TCP? Over `tcp://` it is: this client asks a `zmq_server` with a plain TCP
//! stream, and shows every byte that goes over the wire.
//!
//! What it speaks is ZMTP 3.1 (RFC 37, after RFC 23 for 3.0): a greeting, the handshake of the NULL
//! mechanism, then messages, each a series of frames.
//!
//! ```text
//! terminal 1                               terminal 2
//! $ cargo run -p zmq_server                $ cargo run -p zmq_client --example raw_tcp_client
//! received bytes: b"a message"             …
//!                                          reply: "new message"
//! ```

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;
use common::program::{exit, stderr};

/// Asks a server over plain TCP, and shows every byte of it
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where the server is
    #[arg(default_value = "localhost:5555")]
    address: String,

    /// What to ask
    #[arg(default_value = "a message")]
    message: String,
}

/// A signature, a version, a mechanism, the server's flag and a filler (RFC 23, "Greeting").
const GREETING: usize = 64;
/// Another frame of the same message follows.
const MORE: u8 = 0b001;
/// The size is 8 bytes, not 1.
const LONG: u8 = 0b010;
/// The frame is for the peer's socket, not for its program.
const COMMAND: u8 = 0b100;
/// A command's name after its length in 1 byte; then properties, each a name after its length in 1
/// byte and a value after its length in 4 (RFC 37, "The NULL Security Mechanism").
const READY: &[u8] = b"\x05READY\x0bSocket-Type\0\0\0\x03REQ\x08Identity\0\0\0\0";
/// The longest frame to receive, so that no peer can make this program take all memory.
const MAX_SIZE: u64 = 1 << 20;
/// How long to wait for anything.
const PATIENCE: Duration = Duration::from_secs(10);

struct Frame {
    flags: u8,
    body: Vec<u8>,
}

fn main() -> ExitCode {
    exit::report(|| {
        stderr::start(0, false);
        ask(&Args::parse())
    })
}

fn ask(args: &Args) -> Result<()> {
    let address = &args.address;
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE)).context("cannot set the time-out")?;

    send_greeting(&mut stream)?;
    receive_greeting(&mut stream)?;

    send_frame(
        &mut stream,
        COMMAND,
        READY,
        "READY, and what socket this is: REQ, without an identity",
    )?;
    receive_ready(&mut stream)?;

    // A REQ socket puts an empty frame before its request, and a REP socket before its reply.
    send_frame(&mut stream, MORE, b"", "empty delimiter")?;
    send_frame(&mut stream, 0, args.message.as_bytes(), "the request")?;
    let delimiter = receive_message_frame(&mut stream, "empty delimiter")?;
    ensure!(
        delimiter.flags & MORE != 0 && delimiter.body.is_empty(),
        "the reply has no empty delimiter before it"
    );
    loop {
        let reply = receive_message_frame(&mut stream, "the reply")?;
        print(format_args!("reply: \"{}\"", reply.body.escape_ascii()))?;
        if reply.flags & MORE == 0 {
            return Ok(());
        }
    }
}

fn send_greeting(stream: &mut TcpStream) -> Result<()> {
    let mut mechanism = [0; 20];
    mechanism[..4].copy_from_slice(b"NULL");
    for (part, meaning) in [
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f][..], "signature"),
        (&[3, 1], "version 3.1"),
        (&mechanism, "mechanism NULL: no security"),
        (&[0; 32], "as-server: no (for other mechanisms), and a filler"),
    ] {
        send(stream, part, meaning)?;
    }
    Ok(())
}

fn receive_greeting(stream: &mut TcpStream) -> Result<()> {
    let mut greeting = [0; GREETING];
    stream.read_exact(&mut greeting).context("cannot receive a greeting")?;
    let (signature, rest) = greeting.split_at(10);
    let (version, rest) = rest.split_at(2);
    let (mechanism, filler) = rest.split_at(20);
    show("received", "signature", signature)?;
    ensure!(signature[0] == 0xff && signature[9] & 1 == 1, "the peer does not speak ZMTP");
    show("received", &format!("version {}.{}", version[0], version[1]), version)?;
    ensure!(version[0] >= 3, "the peer speaks ZMTP {}, which has other frames", version[0]);
    let name = mechanism.split(|byte| *byte == 0).next().unwrap_or_default();
    show("received", &format!("mechanism {}", name.escape_ascii()), mechanism)?;
    ensure!(name == b"NULL", "the peer asks for the mechanism {}", name.escape_ascii());
    show("received", "as-server: no, and a filler", filler)
}

fn receive_ready(stream: &mut TcpStream) -> Result<()> {
    let frame = receive_frame(stream)?;
    ensure!(
        frame.flags & COMMAND != 0 && frame.body.starts_with(b"\x05READY"),
        "the peer does not say that it is ready: {}",
        frame.body.escape_ascii()
    );
    show("received", "READY, and the peer's properties", &encode(frame.flags, &frame.body))
}

/// Receives until a frame of a message comes: a socket may send commands at any time.
fn receive_message_frame(stream: &mut TcpStream, meaning: &str) -> Result<Frame> {
    loop {
        let frame = receive_frame(stream)?;
        let is_command = frame.flags & COMMAND != 0;
        let meaning = if is_command { "a command" } else { meaning };
        show("received", meaning, &encode(frame.flags, &frame.body))?;
        if !is_command {
            return Ok(frame);
        }
    }
}

fn send_frame(stream: &mut TcpStream, flags: u8, body: &[u8], meaning: &str) -> Result<()> {
    send(stream, &encode(flags, body), meaning)
}

fn send(stream: &mut TcpStream, bytes: &[u8], meaning: &str) -> Result<()> {
    show("sent", meaning, bytes)?;
    // As text: a peer that closes the connection is an error, not a reader of stdout that has seen
    // enough.
    stream.write_all(bytes).map_err(|error| anyhow!("cannot send: {meaning}: {error}"))
}

/// A frame is its flags, its size, its body (RFC 23, "Framing").
fn encode(flags: u8, body: &[u8]) -> Vec<u8> {
    match u8::try_from(body.len()) {
        Ok(size) => [&[flags & !LONG, size], body].concat(),
        Err(_) => [&[flags | LONG], &(body.len() as u64).to_be_bytes()[..], body].concat(),
    }
}

fn receive_frame(stream: &mut TcpStream) -> Result<Frame> {
    let [flags] = receive(stream)?;
    let size = if flags & LONG == 0 {
        let [size] = receive(stream)?;
        u64::from(size)
    } else {
        u64::from_be_bytes(receive(stream)?)
    };
    if size > MAX_SIZE {
        bail!("the peer announces a frame of {size} bytes; {MAX_SIZE} are the most to take");
    }
    let mut body = Vec::new();
    stream.take(size).read_to_end(&mut body).context("cannot receive a frame")?;
    ensure!(body.len() as u64 == size, "the peer closed the connection within a frame");
    Ok(Frame { flags, body })
}

fn receive<const SIZE: usize>(stream: &mut TcpStream) -> Result<[u8; SIZE]> {
    let mut bytes = [0; SIZE];
    stream.read_exact(&mut bytes).context("cannot receive a frame")?;
    Ok(bytes)
}

/// Prints bytes in hex and as text, sixteen a line.
fn show(direction: &str, meaning: &str, bytes: &[u8]) -> Result<()> {
    print(format_args!("{direction}: {meaning}"))?;
    for line in bytes.chunks(16) {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let text: String =
            line.iter().map(|&byte| if printable(byte) { char::from(byte) } else { '.' }).collect();
        print(format_args!("    {:48} {text}", hex.join(" ")))?;
    }
    Ok(())
}

fn print(line: std::fmt::Arguments) -> Result<()> {
    writeln!(io::stdout(), "{line}").context("cannot write to stdout")
}
