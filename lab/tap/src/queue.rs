//! What was received and not passed on yet.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A ring of bytes of a fixed size. It knows when each byte came, to the millisecond.
pub struct Queue {
    ring: Box<[u8]>,
    /// Where the oldest byte is.
    head: usize,
    /// How many bytes there are.
    length: usize,
    /// How many bytes came when, oldest first. Zero bytes are the end of the stream.
    times: VecDeque<(Instant, usize)>,
    /// From when the milliseconds count.
    start: Instant,
}

impl Queue {
    pub fn new(size: usize) -> Self {
        let (ring, times) = (vec![0; size].into_boxed_slice(), VecDeque::new());
        Self { ring, head: 0, length: 0, times, start: Instant::now() }
    }

    pub fn has_room(&self) -> bool {
        self.length < self.ring.len()
    }

    /// Where the next bytes are to be put. Empty only where there is no room.
    pub fn room(&mut self) -> &mut [u8] {
        if self.length == 0 {
            self.head = 0;
        }
        let size = self.ring.len();
        let tail = self.head + self.length;
        if tail < size { &mut self.ring[tail..] } else { &mut self.ring[tail - size..self.head] }
    }

    /// So many bytes were put into the room. None is the end of the stream.
    pub fn arrived(&mut self, bytes: usize, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start);
        let millisecond = Duration::from_millis(1);
        // Rounded up: bytes that share an entry may leave later than they should, never earlier.
        let ticks = elapsed.as_nanos().div_ceil(millisecond.as_nanos());
        let time = self.start + Duration::from_millis(u64::try_from(ticks).unwrap_or(u64::MAX));
        self.length += bytes;
        match self.times.back_mut() {
            Some((last, count)) if bytes > 0 && *last == time => *count += bytes,
            _ => self.times.push_back((time, bytes)),
        }
    }

    /// When the oldest byte, or the end, leaves if all are delayed by so much. `None` says that
    /// there is none, or that it leaves now.
    pub fn leaves_at(&self, delay: Duration) -> Option<Instant> {
        let (time, _) = self.times.front().filter(|_| !delay.is_zero())?;
        Some(*time + delay)
    }

    /// The bytes that leave now, as far as they lie together. More may follow.
    pub fn leaving(&self, delay: Duration, now: Instant) -> &[u8] {
        let together = self.length.min(self.ring.len() - self.head);
        let due = if delay.is_zero() {
            together
        } else {
            let due = self.times.iter().take_while(|(time, _)| *time + delay <= now);
            due.map(|(_, count)| count).sum::<usize>().min(together)
        };
        &self.ring[self.head..self.head + due]
    }

    /// Whether all bytes have left and the end of the stream leaves now.
    pub fn ends(&self, delay: Duration, now: Instant) -> bool {
        let end = self.times.front().filter(|(_, count)| *count == 0);
        end.is_some_and(|(time, _)| delay.is_zero() || *time + delay <= now)
    }

    /// So many of the oldest bytes have left.
    pub fn left(&mut self, mut bytes: usize) {
        self.head = (self.head + bytes) % self.ring.len();
        self.length -= bytes;
        while let Some((_, count)) = self.times.front_mut().filter(|_| bytes > 0) {
            if *count > bytes {
                *count -= bytes;
                return;
            }
            bytes -= *count;
            self.times.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn put(queue: &mut Queue, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() {
            let room = queue.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            queue.arrived(count, now);
            bytes = &bytes[count..];
        }
    }

    fn take(queue: &mut Queue, delay: Duration, now: Instant) -> Vec<u8> {
        let mut taken = Vec::new();
        while let bytes = queue.leaving(delay, now)
            && !bytes.is_empty()
        {
            let count = bytes.len();
            taken.extend_from_slice(bytes);
            queue.left(count);
        }
        taken
    }

    #[test]
    fn bytes_go_round_the_ring_in_order() {
        let mut queue = Queue::new(5);
        let now = Instant::now();
        let (mut put_in, mut taken_out) = (0_u8, 0_u8);
        for count in [3, 5, 1, 4, 2, 5, 5] {
            let bytes: Vec<u8> = (put_in..put_in + count).collect();
            put(&mut queue, &bytes, now);
            put_in += count;
            assert_eq!(queue.has_room(), count < 5);
            assert_eq!(take(&mut queue, Duration::ZERO, now), bytes);
            taken_out += count;
        }
        assert_eq!(put_in, taken_out);
        assert!(queue.times.is_empty());
    }

    #[test]
    fn a_full_queue_has_no_room() {
        let mut queue = Queue::new(4);
        put(&mut queue, b"abc", Instant::now());
        queue.left(1);
        put(&mut queue, b"de", Instant::now());
        assert!(!queue.has_room());
        assert!(queue.room().is_empty());
        assert_eq!(take(&mut queue, Duration::ZERO, Instant::now()), b"bcde");
    }

    #[test]
    fn each_byte_and_the_end_leave_that_much_later() {
        let mut queue = Queue::new(64);
        let start = queue.start;
        put(&mut queue, b"ab", start);
        put(&mut queue, b"c", start + SECOND / 2);
        queue.arrived(0, start + SECOND / 2);
        assert_eq!(queue.leaves_at(SECOND), Some(start + SECOND));
        assert_eq!(take(&mut queue, SECOND, start + SECOND / 2), b"");
        assert_eq!(take(&mut queue, SECOND, start + SECOND), b"ab");
        assert_eq!(queue.leaves_at(SECOND), Some(start + SECOND * 3 / 2));
        assert!(!queue.ends(SECOND, start + SECOND * 2));
        assert_eq!(take(&mut queue, SECOND, start + SECOND * 3 / 2), b"c");
        assert!(!queue.ends(SECOND, start + SECOND));
        assert!(queue.ends(SECOND, start + SECOND * 3 / 2));
        assert!(queue.ends(Duration::ZERO, start));
    }

    #[test]
    fn bytes_of_one_millisecond_share_an_entry() {
        let mut queue = Queue::new(64);
        let start = queue.start;
        let microsecond = Duration::from_micros(1);
        put(&mut queue, b"a", start + microsecond);
        put(&mut queue, b"b", start + 2 * microsecond);
        assert_eq!(queue.times.len(), 1);
        assert_eq!(queue.leaves_at(SECOND), Some(start + SECOND + 1000 * microsecond));
        queue.left(1);
        assert_eq!(take(&mut queue, Duration::ZERO, start), b"b");
    }
}
