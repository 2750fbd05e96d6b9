//! What time it is where no pump tells it.

// The core has no clock: it is given the time, here.
#![allow(clippy::disallowed_types)]

use std::time::Instant;

/// Counts from when it was made.
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn new() -> Self {
        Clock(Instant::now())
    }

    pub(super) fn milliseconds(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}
