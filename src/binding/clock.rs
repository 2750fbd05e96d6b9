//! The time, where there is no libuv to tell it.

#![expect(
    clippy::disallowed_types,
    reason = "the engine is handed the time from here"
)]

use std::time::Instant;

/// Counts milliseconds.
pub(super) struct Clock(Instant);

impl Clock {
    /// It begins at 0.
    pub(super) fn start() -> Self {
        Clock(Instant::now())
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
