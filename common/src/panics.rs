//! Panics that are caught on purpose. Any other one ends the program ([`crate::program::exit`]).

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// How many calls of [`caught`] this thread is in.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
}

/// Calls `call`. If it panics, its message is the error.
///
/// # Errors
///
/// The message of a panic.
pub fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    CATCHING.set(CATCHING.get() + 1);
    let called = catch_unwind(AssertUnwindSafe(call));
    CATCHING.set(CATCHING.get() - 1);
    called.map_err(|panic| message(&*panic).to_owned())
}

/// Whether a panic of this thread would be caught on purpose.
pub fn are_caught() -> bool {
    CATCHING.get() > 0
}

/// The message of a panic.
pub fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| -> u8 { panic!("no {}", 7) }), Err("no 7".to_owned()));
        assert_eq!(caught(|| -> u8 { panic!("no") }), Err("no".to_owned()));
        assert!(!are_caught());
        assert_eq!(caught(|| caught(are_caught)), Ok(Ok(true)));
    }
}
