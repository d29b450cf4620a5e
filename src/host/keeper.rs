//! When a running machine makes its checkpoints: by the host's time, so that running from one to the next takes about
//! as long everywhere.

use std::time::Instant;

use crate::history::NEAR_NS;
use crate::machine::Machine;

/// Pages that wait for a checkpoint take at most this part of the history's memory.
const MOST_WAITING: usize = 8;

/// Counts the time since the last checkpoint.
#[derive(Default)]
pub struct Keeper {
    spent_ns: u64,
    /// Cycles behind the last checkpoint at the last look.
    ran: u64,
    since: Option<Instant>,
}

impl Keeper {
    /// The machine runs on from now.
    pub fn go_on(&mut self) {
        self.since = Some(Instant::now());
    }

    /// Makes a checkpoint if it is time.
    pub fn look(&mut self, machine: &mut Machine) {
        let Some(cycles) = machine.since_checkpoint() else {
            (self.spent_ns, self.ran) = (0, 0);
            return;
        };
        // Time that the machine spent waiting is none of its own.
        if cycles != self.ran {
            let ran = self.since.map_or(0, |since| u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX));
            self.spent_ns = self.spent_ns.saturating_add(ran);
        }
        self.ran = cycles;
        let full = machine.pages_waiting() > machine.history_limit() / 4096 / MOST_WAITING;
        if cycles > 0 && (self.spent_ns >= NEAR_NS || full) {
            machine.checkpoint(self.spent_ns);
            (self.spent_ns, self.ran) = (0, 0);
        }
    }
}
