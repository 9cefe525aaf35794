//! Why nobody answers at an endpoint: libzmq's monitor says that it tries again, but not why.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

/// How long a host may take to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Tries to connect to `endpoint` as libzmq does, and returns the OS's reason why that fails.
/// Nothing is returned where somebody answers, and of transports other than `tcp` and `ipc`.
pub(super) fn reason(endpoint: &str) -> Option<String> {
    let (transport, address) = endpoint.split_once("://")?;
    match transport {
        // What stands before a semicolon is the address to connect from.
        "tcp" => tcp(address.rsplit_once(';').map_or(address, |(_from, to)| to)),
        "ipc" => ipc(address).err().map(|error| words(&error)),
        _ => None,
    }
}

fn tcp(address: &str) -> Option<String> {
    let addresses = match address.to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => {
            let host = address.rsplit_once(':').map_or(address, |(host, _port)| host);
            // The resolver's own words, without the standard library's.
            let why = error.to_string();
            let why = why.rsplit(": ").next().unwrap_or_default();
            return Some(format!("the name {host} cannot be resolved ({why})"));
        }
    };
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(_stream) => return None,
            Err(error) => last = Some(words(&error)),
        }
    }
    last
}

fn ipc(path: &str) -> io::Result<UnixStream> {
    match path.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        _ => UnixStream::connect_addr(&SocketAddr::from_pathname(path)?),
    }
}

/// The OS's words, without its error number.
fn words(error: &io::Error) -> String {
    if error.kind() == ErrorKind::TimedOut {
        return "the host does not answer".to_owned();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_reason_is_the_oss() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| format!("ipc://{}/{name}", folder.path().display());
        drop(UnixListener::bind(folder.path().join("stale")).unwrap());
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for (endpoint, expected) in [
            (format!("tcp://{gone}"), "connection refused"),
            (format!("tcp://127.0.0.1:0;{gone}"), "connection refused"),
            (path("nothing"), "no such file or directory"),
            (path("stale"), "connection refused"),
            ("ipc://@zmq-patterns-nobody".to_owned(), "connection refused"),
        ] {
            assert_eq!(reason(&endpoint).as_deref(), Some(expected), "{endpoint}");
        }
        let unknown = reason("tcp://no.such.host.invalid:5555").unwrap();
        assert!(
            unknown.starts_with("the name no.such.host.invalid cannot be resolved ("),
            "{unknown}"
        );
    }

    #[test]
    fn there_is_no_reason_where_somebody_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _ipc = UnixListener::bind(&path).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(reason(&format!("ipc://{}", path.display())), None);
        assert_eq!(reason(&format!("tcp://{}", tcp.local_addr().unwrap())), None);
    }
}
