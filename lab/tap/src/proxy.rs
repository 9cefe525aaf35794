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
use tokio::time::{interval, sleep};

use crate::connection::Connection;
use crate::event::{Counts, Event};
use crate::observer::{Reporter, Witness};

/// How many connections a tap has at most at a time.
pub const MAX_CONNECTIONS: usize = 256;

/// How long a listener waits that could not accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often a tap that follows looks whether the program behind it is there.
const LOOK: Duration = Duration::from_millis(25);

/// How many connections the OS accepts for a tap that is busy.
const BACKLOG: u32 = 1024;

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

/// How a tap is opened.
pub struct Options {
    /// Sees all that passes, on the connection of which number and which way, for somebody who has
    /// to know which messages there were. It must not block.
    pub witness: Arc<Witness>,
    /// Whether the tap listens only while the program behind it does, on this host: then one that
    /// connects finds that nobody is there (connection refused), as it would without a tap.
    pub follows: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { witness: Arc::new(|_, _, _| {}), follows: false }
    }
}

/// A state to set, and whom to tell when it is.
type Order = (Link, oneshot::Sender<Result<()>>);

impl Tap {
    /// Listens on a free port of 127.0.0.1. For each connection to it, connects to the address
    /// `to`, such as `127.0.0.1:5577`. The program there may start later: until then, connections
    /// are closed as soon as they are accepted. It runs in the Tokio runtime of the caller until
    /// the tap is dropped.
    ///
    /// `events` is never waited for. Events that find it full are dropped ([`Counts::missed`]);
    /// messages and other sampled ones as soon as it is half full.
    ///
    /// # Errors
    ///
    /// The caller is not in a Tokio runtime, or the OS has no port or file descriptor.
    pub fn open(to: &str, events: mpsc::Sender<Event>) -> Result<Self> {
        Self::open_with(to, events, Options::default())
    }

    /// The same, with options.
    ///
    /// # Errors
    ///
    /// As [`Tap::open`].
    pub fn open_with(to: &str, events: mpsc::Sender<Event>, options: Options) -> Result<Self> {
        let runtime = Handle::try_current().context("cannot open a tap")?;
        // Bound but never listening, this keeps the port while the listener is closed.
        let reserved = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = reserved.local_addr().context("cannot find out the tap's port")?;
        let there = !options.follows || is_there(to);
        let listener = there.then(|| listen(address)).transpose()?;
        let (counts, totals) = watch::channel(Counts::default());
        let (orders, received) = mpsc::channel(1);
        let proxy = Proxy {
            reserved,
            address,
            listener,
            to: to.to_owned(),
            link: watch::Sender::new(Link::Mended),
            connections: JoinSet::new(),
            accepted: 0,
            follows: options.follows,
            reporter: Reporter { events, counts, witness: options.witness },
        };
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
    /// `None` while the link is cut, and while there is nobody to follow.
    listener: Option<TcpListener>,
    to: String,
    follows: bool,
    link: watch::Sender<Link>,
    connections: JoinSet<()>,
    accepted: u64,
    reporter: Reporter,
}

impl Proxy {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut looks = interval(LOOK);
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
                Some(_) = self.connections.join_next() => self.follow(),
                _ = looks.tick(), if self.follows => self.follow(),
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
        if link == Link::Cut {
            self.listener = None;
        }
        self.link.send_replace(link);
        if link == Link::Cut {
            while self.connections.join_next().await.is_some() {}
        } else if self.listener.is_none() && (!self.follows || is_there(&self.to)) {
            self.listener = Some(listen(self.address)?);
        }
        Ok(())
    }

    /// Listens while the program behind the tap does.
    fn follow(&mut self) {
        if !self.follows || *self.link.borrow() == Link::Cut {
            return;
        }
        match (is_there(&self.to), &self.listener) {
            (false, Some(_)) => self.listener = None,
            // What keeps it from listening may be gone at the next look.
            (true, None) => self.listener = listen(self.address).ok(),
            _ => {}
        }
    }

    fn pass(&mut self, accepted: TcpStream) {
        self.accepted += 1;
        let connection = Connection {
            number: self.accepted,
            accepted,
            to: self.to.clone(),
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

/// A socket for the tap's side of a connection.
pub fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// A socket that is bound to an address, which others may be bound to but not listen on.
fn bind(address: SocketAddr) -> Result<TcpSocket> {
    let bind = || {
        let socket = socket(address)?;
        socket.set_reuseaddr(true)?;
        socket.bind(address).map(|()| socket)
    };
    bind().with_context(|| format!("cannot bind tcp://{address}"))
}

/// Whether somebody listens on that port of this host: then nobody else can bind it, not even with
/// `SO_REUSEADDR`. To connect would tell as much, but show in the logs of the program there.
fn is_there(to: &str) -> bool {
    let Ok(address) = to.parse() else { return true };
    let bound = socket(address).and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(address)
    });
    bound.is_err()
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    bind(address)?.listen(BACKLOG).with_context(|| format!("cannot listen on tcp://{address}"))
}
