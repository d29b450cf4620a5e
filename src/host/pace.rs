//! Not faster than the machine's own clock.

use std::time::{Duration, Instant};

/// Holds a run back. It only throttles: nothing of it reaches the machine.
pub(super) struct Pace {
    begin: Instant,
    position: u64,
    clock_hz: u64,
}

impl Pace {
    /// From now on.
    pub(super) fn new(position: u64, clock_hz: u64) -> Pace {
        Pace { begin: Instant::now(), position, clock_hz }
    }

    /// How long to sleep at a position.
    pub(super) fn ahead(&self, position: u64) -> Duration {
        let cycles = u128::from(position.saturating_sub(self.position));
        // A run of 2^64 ns is 584 years.
        let due = Duration::from_nanos((cycles * 1_000_000_000 / u128::from(self.clock_hz)) as u64);
        due.saturating_sub(self.begin.elapsed())
    }
}
