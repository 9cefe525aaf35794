//! Saying what a program waits for, when that takes long: once, and once more when it is there.

use std::time::Duration;

/// Nobody waits for longer than this without being told.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a program waits for.
#[derive(Default)]
pub struct Notices {
    current: Option<(String, Duration)>,
    is_said: bool,
}

impl Notices {
    /// The line to print now, if any. The program waits for `what` since some time, or for nothing.
    pub fn look(&mut self, what: Option<(String, Duration)>, now: Duration) -> Option<String> {
        let same = match (&self.current, &what) {
            (Some((before, _)), Some((what, _))) => before == what,
            (None, None) => true,
            _ => false,
        };
        if !same {
            let before = std::mem::replace(&mut self.current, what);
            let was_said = std::mem::take(&mut self.is_said);
            return before.filter(|_| was_said).map(|(what, _)| format!("{what}: no longer"));
        }
        let (what, since) = self.current.as_ref()?;
        if self.is_said || now.saturating_sub(*since) < PATIENCE {
            return None;
        }
        self.is_said = true;
        Some(what.clone())
    }

    /// What the program waits for, in words, once that has taken long.
    pub fn said(&self) -> Option<&str> {
        self.current.as_ref().filter(|_| self.is_said).map(|(what, _)| what.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_said_once_and_its_end_too() {
        let mut notices = Notices::default();
        let seconds = Duration::from_secs;
        let sink = || Some(("waiting for the sink".to_owned(), seconds(1)));
        assert_eq!(notices.look(None, seconds(0)), None);
        assert_eq!(notices.look(sink(), seconds(1)), None);
        assert_eq!(notices.look(sink(), seconds(2)), None);
        assert_eq!(notices.said(), None);
        assert_eq!(notices.look(sink(), seconds(3)).unwrap(), "waiting for the sink");
        assert_eq!(notices.look(sink(), seconds(9)), None);
        assert_eq!(notices.said(), Some("waiting for the sink"));
        assert_eq!(notices.look(None, seconds(9)).unwrap(), "waiting for the sink: no longer");
        assert_eq!(notices.look(sink(), seconds(20)), None);
        assert_eq!(notices.look(None, seconds(20)), None);
    }
}
