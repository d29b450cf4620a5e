//! The input journal: everything that came into the machine from outside, with its position.
//!
//! Together with the machine's configuration and media it says what a run was; replayed, it gives the same run.

use std::collections::VecDeque;

use ringwalk_mmu::PhysAddr;
use serde::{Deserialize, Serialize};

use crate::keyboard::Stroke;
use ringwalk_chipset::MouseMove;

/// What comes in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Bytes that arrive at a serial port; 0 is COM1.
    Serial(u8, Vec<u8>),
    /// Keys of the keyboard that go down or up, one after the other as the guest takes them.
    Keys(Vec<Stroke>),
    /// Memory written from outside: the debugger's doing.
    Memory(PhysAddr, Vec<u8>),
    /// A register set from outside, by its name.
    Register(String, u64),
    /// The reset button.
    Reset,
    /// The mouse is moved, its wheel turned, its buttons pressed or let go, one after the other as the guest takes it.
    Mouse(Vec<MouseMove>),
    /// The power button.
    PowerButton,
}

/// An input and its position: it takes effect at the first boundary at or after that.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Cycles since power-on.
    pub position: u64,
    /// What comes in.
    pub input: Input,
}

/// The events that took effect, oldest first. Beside the state: the past changes nothing any more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Journal {
    events: Vec<Event>,
}

impl Journal {
    /// Notes an input that takes effect now.
    pub fn note(&mut self, position: u64, input: Input) {
        self.events.push(Event { position, input });
    }

    /// All events, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

/// Inputs that wait for their positions. State: they decide what the guest will see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Inbox {
    /// Ascending; what came first stands first among equals.
    waiting: VecDeque<Event>,
}

impl Inbox {
    /// Adds an input behind all that take effect no later.
    pub fn add(&mut self, position: u64, input: Input) {
        let place = self.waiting.partition_point(|event| event.position <= position);
        self.waiting.insert(place, Event { position, input });
    }

    /// The position of the next input.
    pub fn next_position(&self) -> Option<u64> {
        self.waiting.front().map(|event| event.position)
    }

    /// Takes the next input if its position is reached.
    pub fn take_due(&mut self, position: u64) -> Option<Input> {
        let due = self.next_position()? <= position;
        due.then(|| self.waiting.pop_front().map(|event| event.input))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_wait_in_order() {
        let mut inbox = Inbox::default();
        let keys = |number| Input::Serial(0, vec![number]);
        inbox.add(20, keys(2));
        inbox.add(10, keys(1));
        inbox.add(20, keys(3));
        assert_eq!(inbox.take_due(9), None);
        assert_eq!(inbox.next_position(), Some(10));
        let taken: Vec<_> = std::iter::from_fn(|| inbox.take_due(20)).collect();
        assert_eq!(taken, [keys(1), keys(2), keys(3)]);
        assert_eq!(inbox, Inbox::default());
    }
}
