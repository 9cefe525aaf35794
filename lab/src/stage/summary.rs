//! The summaries that programs print at their end: their own count of what they have done.

use crate::event::{Event, Stream};

/// How a summary begins, and what it counts.
const SUMMARIES: [(&str, &str); 8] = [
    ("requests answered", "answered"),
    ("rounds published", "published"),
    ("messages received", "received"),
    ("tasks sent", "sent"),
    ("results of consumer ", "passed_on"),
    ("results collected", "collected"),
    ("tasks done", "done"),
    ("results", "written"),
];

/// What a line of the box `id` counts, if it is a summary.
pub fn counter(id: &str, stream: Stream, line: &str) -> Option<Event> {
    let (label, figures) = line.split_once(": ").filter(|_| stream == Stream::Stdout)?;
    let consumer = |start: &str| start.ends_with(' ') && label.starts_with(start);
    let (_, name) = SUMMARIES.iter().find(|(start, _)| *start == label || consumer(start))?;
    let value = figures.split(',').next()?.parse().ok()?;
    Some(Event::Counter { id: id.to_owned(), name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counters_and_messages_are_not() {
        let counted = |line| match counter("box", Stream::Stdout, line) {
            Some(Event::Counter { name, value, .. }) => Some((name, value)),
            _ => None,
        };
        assert_eq!(counted("tasks sent: 2000"), Some(("sent", 2000)));
        assert_eq!(counted("results of consumer 7: 12, rejected: 1"), Some(("passed_on", 12)));
        assert_eq!(counted("results: 9"), Some(("written", 9)));
        for other in ["b\"tasks sent: 1\"", "tasks sent: many", "consumer 7  12 ████"] {
            assert_eq!(counted(other), None);
        }
    }
}
