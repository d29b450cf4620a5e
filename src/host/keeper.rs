//! When a running machine makes its checkpoints: by the host's time, so that running from one to the next takes about
//! as long everywhere.

use std::time::Instant;

use crate::history::NEAR_NS;
use crate::machine::{Host, Machine, Stop, Wake};

/// Pages that wait for a checkpoint take at most this part of the history's memory.
const MOST_WAITING: usize = 8;

/// A host that hears nothing and says nothing, and keeps the history.
#[derive(Default)]
pub struct Keeping(Keeper);

impl Host for Keeping {
    fn attend(&mut self, machine: &mut Machine) -> Option<Stop> {
        self.0.look(machine);
        machine.take_output();
        self.0.go_on();
        None
    }

    fn wait(&mut self, _machine: &mut Machine) -> Wake {
        Wake::Never
    }
}

/// Counts the time since the last checkpoint.
#[derive(Default)]
pub struct Keeper {
    spent_ns: u64,
    /// Cycles behind the last checkpoint at the last look.
    ran: u64,
    since: Option<Instant>,
    /// Time since the last checkpoint on a way through the past.
    way_ns: u64,
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
            return self.look_on_the_way(machine);
        };
        self.way_ns = 0;
        // Time that the machine spent waiting is none of its own.
        if cycles != self.ran {
            self.spent_ns = self.spent_ns.saturating_add(self.elapsed_ns());
        }
        self.ran = cycles;
        let full = machine.pages_waiting() > machine.history_limit() / 4096 / MOST_WAITING;
        if cycles > 0 && (self.spent_ns >= NEAR_NS || full) {
            machine.checkpoint(self.spent_ns);
            (self.spent_ns, self.ran) = (0, 0);
        }
    }

    fn elapsed_ns(&self) -> u64 {
        self.since.map_or(0, |since| u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Old gaps are long: a way through one leaves checkpoints, so that the first step back from its end is short.
    fn look_on_the_way(&mut self, machine: &mut Machine) {
        self.way_ns = self.way_ns.saturating_add(self.elapsed_ns());
        if self.way_ns >= NEAR_NS && machine.past().is_some() {
            machine.mark_way();
            self.way_ns = 0;
        }
    }
}
