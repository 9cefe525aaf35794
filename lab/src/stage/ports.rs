//! Ports for the programs that bind.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use tokio::net::TcpSocket;

/// Below the ports that the OS gives to those who do not ask for one.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that is kept for a program, whether that runs or not.
#[derive(Debug)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Bound, but never listening: so nobody else is given the port, and the program can bind it
    /// with `SO_REUSEADDR`, as libzmq does.
    _reserved: TcpSocket,
}

impl Port {
    /// One that nobody else has.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn reserve() -> Result<Self> {
        let start = rand::random_range(0..COUNT);
        let mut ports = (0..COUNT).map(|number| FIRST + (start + number) % COUNT);
        ports.find_map(|number| Self::try_to_reserve(number).ok()).context("no free port")
    }

    fn try_to_reserve(number: u16) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // What others reserve, they share with those alone that say this before they bind.
        socket.set_reuseaddr(false)?;
        socket.bind((Ipv4Addr::LOCALHOST, number).into())?;
        socket.set_reuseaddr(true)?;
        Ok(Self { number, _reserved: socket })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_reserved_port_is_for_one_program_alone() {
        let port = Port::reserve().unwrap();
        assert!(Port::try_to_reserve(port.number).is_err());
        // The standard library sets SO_REUSEADDR, as libzmq does.
        let program = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number)).unwrap();
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port.number)).is_err());
        drop(program);
        TcpListener::bind((Ipv4Addr::LOCALHOST, port.number)).unwrap();
    }
}
