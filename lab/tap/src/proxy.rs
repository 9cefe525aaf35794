//! The proxy itself: it listens, and does to its connections what it is told.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::connection::Connection;
use crate::event::{Counts, Event};
use crate::observer::{Reporter, Witness};

/// How many connections a tap has at most at a time.
pub const MAX_CONNECTIONS: usize = 256;

/// How often a tap looks whether the program behind it listens: before libzmq tries again (100 ms).
const TICK: Duration = Duration::from_millis(25);

/// How long a listener waits that could not accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections the OS accepts for a tap that is busy.
const BACKLOG: u32 = 1024;

/// How many bytes the OS is asked to hold for the tap at each side of a connection. By itself it
/// would hold megabytes, which without a tap would still be with their sender.
const OS_BUFFER: u32 = 64 * 1024;

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It passes everything on.
    Mended,
    /// There is none: those that there are are closed with RST on both sides, as broken ones, and
    /// new ones are refused, as if nobody listened. What was on its way is lost.
    Cut,
    /// It passes nothing on, neither bytes nor ends nor new connections, and loses nothing. Peers
    /// find out by heartbeats at most.
    Stalled,
    /// Every byte, and the end, is passed on that much later, to the millisecond, in the same
    /// order. It counts from when the tap reads a byte; it stops reading where [`QUEUE`] is full.
    ///
    /// [`QUEUE`]: crate::QUEUE
    Slow(Duration),
}

impl Link {
    pub(crate) fn delay(self) -> Duration {
        match self {
            Self::Slow(delay) => delay,
            Self::Mended | Self::Cut | Self::Stalled => Duration::ZERO,
        }
    }
}

/// A TCP proxy for one endpoint. Dropping it closes its connections.
#[derive(Debug)]
pub struct Tap {
    port: u16,
    orders: mpsc::Sender<Order>,
    counts: watch::Receiver<Counts>,
}

/// A state to set, and whom to tell when it is.
type Order = (Link, oneshot::Sender<Result<()>>);

impl Tap {
    /// Takes a free port of 127.0.0.1. For each connection to it, connects to the address `to`,
    /// such as `127.0.0.1:5577`. The program there may come and go: while it does not listen, nor
    /// does the tap, so that who connects is refused as without a tap. It runs in the Tokio
    /// runtime of the caller until the tap is dropped.
    ///
    /// `events` is never waited for. Events that find it full are dropped ([`Counts::missed`]);
    /// messages and other sampled ones as soon as it is half full.
    ///
    /// # Errors
    ///
    /// `to` is no address with a port, the caller is not in a Tokio runtime, or the OS has no port
    /// or file descriptor.
    pub fn open(to: &str, events: mpsc::Sender<Event>) -> Result<Self> {
        Self::open_with(to, events, Arc::new(|_, _, _| {}))
    }

    /// The same, with somebody who sees everything that passes, not only a sample.
    ///
    /// # Errors
    ///
    /// As [`Tap::open`].
    pub fn open_with(to: &str, events: mpsc::Sender<Event>, witness: Arc<Witness>) -> Result<Self> {
        let to = to.parse().with_context(|| format!("cannot connect a tap to {to}"))?;
        let runtime = Handle::try_current().context("cannot open a tap")?;
        // Bound but never listening, this keeps the port while the listener is closed.
        let reserved = bind((Ipv4Addr::LOCALHOST, 0).into()).context("cannot bind 127.0.0.1")?;
        let address = reserved.local_addr().context("cannot find out the tap's port")?;
        let (counts, totals) = watch::channel(Counts::default());
        let (orders, received) = mpsc::channel(1);
        let mut proxy = Proxy {
            reserved,
            address,
            listener: Some(listen(address)?),
            to,
            link: watch::Sender::new(Link::Mended),
            connections: JoinSet::new(),
            accepted: 0,
            reporter: Reporter { events, counts, witness },
        };
        proxy.follow()?;
        runtime.spawn(proxy.run(received));
        Ok(Self { port: address.port(), orders, counts: totals })
    }

    /// The port of 127.0.0.1 that the tap listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets what the tap does to its connections, those to come included. Returns when it is so:
    /// after [`Link::Cut`], all connections are closed and the next one is refused.
    ///
    /// # Errors
    ///
    /// The tap cannot listen again after [`Link::Cut`], or its runtime has ended.
    pub async fn set(&self, link: Link) -> Result<()> {
        let (done, is_done) = oneshot::channel();
        self.orders.send((link, done)).await.ok().context("the tap has ended")?;
        is_done.await.context("the tap has ended")?
    }

    /// The totals until now.
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// The totals as they change, for somebody who waits for a number.
    pub fn watch_counts(&self) -> watch::Receiver<Counts> {
        self.counts.clone()
    }
}

/// What a tap does in the background.
struct Proxy {
    /// Keeps the port.
    #[expect(dead_code, reason = "it is there to be held")]
    reserved: TcpSocket,
    address: SocketAddr,
    /// `None` while the link is cut, or nobody listens behind the tap.
    listener: Option<TcpListener>,
    /// The program behind the tap.
    to: SocketAddr,
    link: watch::Sender<Link>,
    connections: JoinSet<()>,
    accepted: u64,
    reporter: Reporter,
}

impl Proxy {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let listener = self.listener.as_ref();
            let listener = listener.filter(|_| self.connections.len() < MAX_CONNECTIONS);
            select! {
                biased;
                order = orders.recv() => {
                    let Some((link, done)) = order else { return };
                    // Whoever gave the order may have stopped waiting.
                    drop(done.send(self.set(link).await));
                }
                Some(_) = self.connections.join_next() => {}
                _ = ticks.tick() => if let Err(error) = self.follow() {
                    self.reporter.tell(Event::Refused { reason: format!("{error:#}") });
                },
                accepted = accept(listener) => match accepted {
                    Ok(accepted) => self.pass(accepted),
                    Err(error) => {
                        self.reporter.tell(Event::Refused { reason: error.to_string() });
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    async fn set(&mut self, link: Link) -> Result<()> {
        self.link.send_replace(link);
        self.follow()?;
        if link == Link::Cut {
            while self.connections.join_next().await.is_some() {}
        }
        Ok(())
    }

    /// Listens if the program behind the tap does and the link lets it.
    fn follow(&mut self) -> Result<()> {
        let listens = self.listener.is_some();
        let listen_now = match *self.link.borrow() {
            Link::Cut => false,
            Link::Stalled => listens,
            Link::Mended | Link::Slow(_) => somebody_listens(self.to).unwrap_or(listens),
        };
        if listen_now && !listens {
            self.listener = Some(listen(self.address)?);
        } else if !listen_now {
            self.listener = None;
        }
        Ok(())
    }

    fn pass(&mut self, accepted: TcpStream) {
        self.accepted += 1;
        let connection = Connection {
            number: self.accepted,
            accepted,
            to: self.to,
            link: self.link.subscribe(),
            reporter: self.reporter.clone(),
        };
        self.connections.spawn(connection.run());
    }
}

/// Accepts a connection, where there is a listener.
async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    let Some(listener) = listener else { return pending().await };
    let (accepted, _) = listener.accept().await?;
    accepted.set_nodelay(true)?;
    Ok(accepted)
}

/// A socket for the tap's side of a connection, also of those that it accepts if it listens.
pub fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_recv_buffer_size(OS_BUFFER)?;
    socket.set_send_buffer_size(OS_BUFFER)?;
    Ok(socket)
}

/// A socket that is bound to an address, which others may be bound to but not listen on.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = socket(address)?;
    socket.set_reuseaddr(true)?;
    socket.bind(address).map(|()| socket)
}

/// Whether somebody listens on an address of this host. Nobody notices the question: an address
/// with a listener is the only one that cannot be bound, and what is bound here for a moment is in
/// no listener's way, if that asks for `SO_REUSEADDR` as libzmq does. `None` says that it cannot
/// be found out, as of another host's address.
fn somebody_listens(address: SocketAddr) -> Option<bool> {
    match bind(address) {
        Ok(_) => Some(false),
        Err(error) => (error.kind() == io::ErrorKind::AddrInUse).then_some(true),
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listening = bind(address).and_then(|socket| socket.listen(BACKLOG));
    listening.with_context(|| format!("cannot listen on tcp://{address}"))
}
