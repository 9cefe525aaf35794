//! What the programs share. A program's `main.rs` holds its sockets and its loop; here is what stands
//! around them.
//!
//! | looking for … | go to … |
//! |---|---|
//! | how a program starts and ends | [`program::Program`] |
//! | the flags that all programs have | [`program::arguments`], [`socket::options`] |
//! | completions and man pages | [`program::arguments::parse`] |
//! | exit codes, the error line and its hint | [`program::exit`] |
//! | Ctrl-C without polling | [`program::signals`] |
//! | what stdout shows, as text or JSON | [`program::stdout`] |
//! | warnings, and what `-v` shows | [`program::stderr`] |
//! | the summary, and what is missing after Ctrl-C | [`program::tally`] |
//! | the progress bar | [`program::progress`] |
//! | whom a program waits for | [`program::waiting`] |
//! | percentiles of round trips | [`program::latency`] |
//! | batch scheduling on Linux | [`program::scheduling`] |
//! | bind and connect with all that the command line says | [`socket::Socket`] |
//! | what a bind may replace, and why one fails | [`socket::bind`] |
//! | the article's calls: `send_json`, `recv_string`, … | [`socket::calls`] |
//! | endpoints and the article's ports | [`socket::endpoint`] |
//! | the life of a socket's connections | [`socket::monitor`] |
//! | CURVE keys, and who may connect (ZAP) | [`socket::curve`] |
//! | the pipeline's JSON messages | [`message::WorkMessage`], [`message::WorkResult`] |
//! | bytes, string, JSON, pickle, multipart | [`message::payload`] |
//! | JSON that stays as it was written | [`message::json`] |
//! | published messages, as bytes and as text | [`message::publication`] |
//! | Python's pickles, read safely | [`message::pickle`] |
//! | messages that are rejected | [`message::BadMessage`] |
//! | how bytes and the OS's errors are shown | [`message::text`] |
//! | panics that are caught on purpose | [`panics`] |
//!
//! Arrows run one way: `program` uses `socket`, `socket` uses `message`, never the other way round.

pub mod message;
pub mod panics;
pub mod program;
pub mod socket;
