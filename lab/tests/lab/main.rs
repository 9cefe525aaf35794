//! The lab, as its page uses it: real processes, real sockets, and HTTP.

mod actions;
mod ends;
mod gate;
mod kit;
mod replay;
mod scenes;
mod verdicts;
