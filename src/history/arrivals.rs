//! What came in from outside, at its position: replayed, a run goes the same way again.
//!
//! The journal tells what took effect; this tells what arrived, so that what waits in the machine is the same, too.

use crate::journal::Input;

/// Something from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// It waits in the inbox for the next boundary.
    Waits(Input),
    /// It took effect at once: the debugger's doing.
    Now(Input),
}

/// All arrivals of a branch, and how many of them have taken effect where the machine stands.
#[derive(Clone, Default)]
pub(crate) struct Arrivals {
    all: Vec<(u64, Arrival)>,
    passed: usize,
}

impl Arrivals {
    /// Adds one that takes effect now. What was ahead is gone.
    pub(crate) fn add(&mut self, position: u64, arrival: Arrival) {
        self.all.truncate(self.passed);
        self.all.push((position, arrival));
        self.passed += 1;
    }

    /// All of them, those ahead too.
    pub(crate) fn all(&self) -> &[(u64, Arrival)] {
        &self.all
    }

    /// So many are ahead of a machine that has seen none.
    pub(crate) fn expect(all: Vec<(u64, Arrival)>) -> Arrivals {
        Arrivals { all, passed: 0 }
    }

    /// Forgets what is ahead.
    pub(crate) fn cut(&mut self) {
        self.all.truncate(self.passed);
    }

    /// How many have taken effect.
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Goes to where so many had taken effect.
    pub(crate) fn go_to(&mut self, passed: usize) {
        self.passed = passed.min(self.all.len());
    }

    /// The position of the next one ahead.
    pub(crate) fn next_position(&self) -> Option<u64> {
        self.all.get(self.passed).map(|(position, _)| *position)
    }

    /// Takes the next one if its position is reached.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<(u64, Arrival)> {
        let (position, arrival) = self.all.get(self.passed).filter(|(position, _)| *position <= now)?;
        let due = (*position, arrival.clone());
        self.passed += 1;
        Some(due)
    }

    /// Bytes that they take, about.
    pub(crate) fn bytes(&self) -> usize {
        let heap = |(_, arrival): &(u64, Arrival)| match arrival {
            Arrival::Waits(input) | Arrival::Now(input) => input.bytes(),
        };
        self.all.iter().map(|arrival| size_of::<(u64, Arrival)>() + heap(arrival)).sum()
    }
}
