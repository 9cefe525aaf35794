//! One connection: two sockets, and what passes between them.

use std::future::pending;
use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::event::{Event, Way};
use crate::observer::{Observer, Reporter};
use crate::proxy::{Link, socket};
use crate::queue::Queue;

/// How many bytes a direction of a connection holds at most. Then its sender has to wait. So
/// [`Link::Slow`] passes at most this much per delay.
pub const QUEUE: usize = 128 * 1024;

/// An accepted connection.
pub struct Connection {
    pub number: u64,
    pub accepted: TcpStream,
    /// The address of the program behind the tap.
    pub to: SocketAddr,
    pub link: watch::Receiver<Link>,
    pub reporter: Reporter,
}

impl Connection {
    /// Passes bytes on until both directions have ended or the connection is cut.
    pub async fn run(self) {
        let Self { number, mut accepted, to, mut link, reporter } = self;
        let mut cut = link.clone();
        let mut cut = std::pin::pin!(cut.wait_for(|link| *link == Link::Cut));
        let connected = select! {
            biased;
            _ = &mut cut => {
                reset(&accepted);
                return;
            }
            connected = connect(to, &mut link) => connected,
        };
        let mut made = match connected {
            Ok(made) => made,
            Err(error) => return reporter.tell(Event::Refused { reason: error.to_string() }),
        };
        reporter.tell(Event::Connected { connection: number });
        let was_cut = {
            let ((from_below, to_below), (from_above, to_above)) = (accepted.split(), made.split());
            let way = |from, to, way| Passage {
                from,
                to,
                link: link.clone(),
                queue: Queue::new(QUEUE),
                ended: false,
                observer: Observer::new(number, way, reporter.clone()),
            };
            let up = way(from_below, to_above, Way::Up);
            let down = way(from_above, to_below, Way::Down);
            select! {
                biased;
                _ = cut => true,
                _ = async { tokio::join!(up.run(), down.run()) } => false,
            }
        };
        if was_cut {
            reset(&accepted);
            reset(&made);
        }
        drop((accepted, made));
        reporter.tell(Event::Disconnected { connection: number });
    }
}

/// Connects to the program behind the tap, as soon as the link passes anything.
async fn connect(to: SocketAddr, link: &mut watch::Receiver<Link>) -> io::Result<TcpStream> {
    if link.wait_for(|link| *link != Link::Stalled).await.is_err() {
        return pending().await;
    }
    let made = socket(to)?.connect(to).await?;
    made.set_nodelay(true).map(|()| made)
}

/// Has a socket closed with RST, as a connection that breaks: what its peer has not received yet
/// is lost.
fn reset(socket: &TcpStream) {
    // An error could only mean that there is no connection any more.
    drop(socket.set_zero_linger());
}

/// One direction.
struct Passage<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    link: watch::Receiver<Link>,
    queue: Queue,
    /// Whether the sender has closed its side.
    ended: bool,
    observer: Observer,
}

impl Passage<'_> {
    /// Passes bytes on until the sender has closed its side and all has been passed on, which is
    /// passed on too, or until the receiver is gone. A sender that is gone has closed its side.
    async fn run(mut self) {
        loop {
            let link = *self.link.borrow_and_update();
            let (delay, passes, now) = (link.delay(), link != Link::Stalled, Instant::now());
            if passes && self.queue.ends(delay, now) {
                // Fails where the receiver is gone, and then it need not know.
                drop(self.to.shutdown().await);
                return;
            }
            let leaves = !self.queue.leaving(delay, now).is_empty();
            let later = self.queue.leaves_at(delay).filter(|_| passes && !leaves);
            select! {
                biased;
                changed = self.link.changed() => if changed.is_err() { return },
                _ = self.to.writable(), if passes && leaves => {
                    if self.write(link).is_err() { return }
                }
                _ = self.from.readable(), if passes && !self.ended && self.queue.has_room() => self.read(),
                () = sleep_until(later.unwrap_or(now)), if later.is_some() => {}
            }
        }
    }

    fn read(&mut self) {
        let read = match self.from.try_read(self.queue.room()) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => 0,
        };
        self.ended = read == 0;
        self.queue.arrived(read, Instant::now());
    }

    fn write(&mut self, link: Link) -> io::Result<()> {
        let now = Instant::now();
        let leaving = self.queue.leaving(link.delay(), now);
        let written = match self.to.try_write(leaving) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            written => written?,
        };
        self.observer.passed(&leaving[..written], now);
        self.queue.left(written);
        Ok(())
    }
}
