//! Messages: the pipeline's tasks and results, payloads of every kind, and how they are shown.

mod bad_message;
pub mod json;
pub mod payload;
pub mod pickle;
pub mod publication;
pub mod text;
mod work;

pub use bad_message::BadMessage;
pub use work::{WorkMessage, WorkResult};
