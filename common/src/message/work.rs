//! The pipeline's messages, as the article defines them: one JSON object a message, in one frame.
//!
//! Unknown fields are ignored, so that a newer peer may add some.

use serde::{Deserialize, Serialize};

/// A task, from the producer to one of the consumers: `{"num": 7}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkMessage {
    /// The task's number, counted from 0.
    pub num: u64,
}

/// A result, from a consumer to the collector: `{"consumer_id": 517, "num": 7}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkResult {
    /// Who did the work: the article draws it from 1 to 1000.
    pub consumer_id: u64,
    /// The number of the task that was done.
    pub num: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_articles() {
        assert_eq!(serde_json::to_string(&WorkMessage { num: 7 }).unwrap(), r#"{"num":7}"#);
        let result = WorkResult { consumer_id: 517, num: 7 };
        assert_eq!(serde_json::to_string(&result).unwrap(), r#"{"consumer_id":517,"num":7}"#);
    }

    #[test]
    fn python_spacing_and_unknown_fields_are_read_and_wrong_fields_are_not() {
        let read = |text: &str| serde_json::from_str::<WorkResult>(text).ok();
        let expected = WorkResult { consumer_id: 5, num: 0 };
        assert_eq!(read(r#"{"consumer_id": 5, "num": 0, "host": "a"}"#), Some(expected));
        for wrong in [
            r#"{"num": 0}"#,
            r#"{"consumer_id": 5, "num": -1}"#,
            r#"{"consumer_id": "5", "num": 0}"#,
            "[]",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
