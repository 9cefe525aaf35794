//! Samples: of what comes too quickly to be seen one by one, only a part is shown.

use std::time::{Duration, Instant};

/// Lets a few through at once, and then a steady rate.
#[derive(Debug)]
pub struct Sampler {
    /// The time between two, at the steady rate.
    gap: Duration,
    burst: u32,
    /// Up to when the rate is used up.
    used_up: Instant,
}

impl Sampler {
    /// At most `rate` a second, and `burst` at once.
    pub fn new(rate: u32, burst: u32) -> Self {
        Self { gap: Duration::from_secs(1) / rate.max(1), burst, used_up: Instant::now() }
    }

    /// Whether this one, `now`, is shown.
    pub fn shows(&mut self, now: Instant) -> bool {
        let next = self.used_up.max(now) + self.gap;
        let shown = next <= now + self.gap * self.burst;
        if shown {
            self.used_up = next;
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_thinned_out_and_what_comes_slowly_is_shown() {
        let start = Instant::now();
        let mut sampler = Sampler::new(20, 5);
        let shown = (0..1000).filter(|n| sampler.shows(start + Duration::from_millis(*n))).count();
        assert!((20..=25).contains(&shown), "{shown}");
        let mut sampler = Sampler::new(20, 5);
        assert!((0..20).all(|n| sampler.shows(start + Duration::from_millis(100 * n))));
    }
}
