//! Why a socket cannot be bound, and what to do about it.

use std::io;

use zmq::Error;

use super::endpoint::Endpoint;
use super::ipc;
use super::monitor::NOTE;
use crate::message::text::os_words;
use crate::panics;

/// The endpoint of a failed bind. The reason is beneath it.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind {endpoint}")]
pub struct CannotBind {
    endpoint: Endpoint,
    /// What to do about it, where we know it.
    pub hint: Option<String>,
}

/// An error of the OS, as libzmq would say it.
#[derive(Debug, thiserror::Error)]
#[error("{}", os_words(.0))]
pub(super) struct OsError(pub(super) io::Error);

/// Binds a socket. Says which port or path it has, where that was not given.
pub(super) fn bind(socket: &zmq::Socket, endpoint: &Endpoint) -> anyhow::Result<()> {
    let file = endpoint.socket_file();
    let bound = match file {
        Some(path) => ipc::bind(path, || call(|| socket.bind(endpoint))),
        None => call(|| socket.bind(endpoint)),
    };
    bound.map_err(|error| {
        let hint = match file {
            Some(path) => ipc::hint(path, &error),
            None => hint(endpoint, &error).map(str::to_owned),
        };
        error.context(CannotBind { endpoint: endpoint.clone(), hint })
    })?;
    // With -v the monitor says so of every endpoint.
    if endpoint.is_chosen_by_bind()
        && !tracing::enabled!(tracing::Level::INFO)
        && let Ok(Ok(chosen)) = socket.get_last_endpoint()
    {
        tracing::warn!(target: NOTE, "listening on {chosen}");
    }
    Ok(())
}

/// Calls the zmq crate, which panics where the OS gives libzmq an error number that the crate does
/// not know, such as `EAFNOSUPPORT`: `unknown error [97]: Address family not supported by protocol`.
pub(super) fn call<T>(call: impl FnOnce() -> zmq::Result<T>) -> anyhow::Result<T> {
    panics::caught(call).map_or_else(|panic| Err(unknown(panic)), |called| Ok(called?))
}

fn unknown(panic: String) -> anyhow::Error {
    let number = panic.strip_prefix("unknown error [").and_then(|rest| rest.split_once(']'));
    match number.and_then(|(number, _)| number.parse().ok()) {
        Some(number) => OsError(io::Error::from_raw_os_error(number)).into(),
        None => anyhow::Error::msg(panic),
    }
}

fn hint(endpoint: &Endpoint, error: &anyhow::Error) -> Option<&'static str> {
    let port = endpoint.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    match error.downcast_ref()? {
        Error::EADDRINUSE => Some("another program is bound there; is this one running already?"),
        Error::EADDRNOTAVAIL => Some("no network interface of this host has that address"),
        Error::ENODEV => Some("no network interface of this host has that name or address"),
        Error::EACCES if port.is_some_and(|port| port < 1024) => {
            Some("ports below 1024 are for root; choose one above")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_number_that_the_zmq_crate_does_not_know_is_the_systems_error() {
        // EAFNOSUPPORT and EROFS on Linux.
        for (number, text) in
            [(97, "Address family not supported by protocol"), (30, "Read-only file system")]
        {
            let called = call(|| -> zmq::Result<()> { Err(Error::from_raw(number)) });
            assert_eq!(called.unwrap_err().to_string(), text);
        }
        let known = call(|| -> zmq::Result<()> { Err(Error::EMFILE) }).unwrap_err();
        assert_eq!(known.downcast_ref(), Some(&Error::EMFILE));
        let other = call(|| -> zmq::Result<()> { panic!("of another kind") }).unwrap_err();
        assert_eq!(other.to_string(), "of another kind");
    }

    #[test]
    fn each_reason_has_its_own_hint() {
        let hint = |endpoint: &str, error| {
            hint(&endpoint.parse().unwrap(), &anyhow::Error::new(error)).unwrap_or_default()
        };
        let hints = [
            hint("tcp://*:5555", Error::EADDRINUSE),
            hint("tcp://192.0.2.1:5555", Error::EADDRNOTAVAIL),
            hint("tcp://eth7:5555", Error::ENODEV),
            hint("tcp://*:80", Error::EACCES),
        ];
        for (index, hint) in hints.iter().enumerate() {
            assert!(!hint.is_empty() && !hints[..index].contains(hint), "{hints:?}");
        }
        for endpoint in ["tcp://*:1024", "tcp://*:5555"] {
            assert_eq!(hint(endpoint, Error::EACCES), "");
        }
    }
}
