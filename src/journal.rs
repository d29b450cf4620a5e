//! The input journal: everything that came into the machine from outside, with its position.
//!
//! Together with the machine's configuration and media it says what a run was; replayed, it gives the same run.

use std::collections::VecDeque;

use ringwalk_mmu::{Backing, PhysAddr};
use ringwalk_snapshots::codec;
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

/// Bytes of events that are kept in memory, about.
const MOST_IN_MEMORY: usize = 16 << 20;
/// What an event takes besides its bytes, about.
const EVENT_BYTES: usize = size_of::<Event>();

/// The events that took effect, oldest first. Beside the state: the past changes nothing any more.
///
/// The latest are in memory. When they are too many, all move to the spill, each behind its encoded length (u32, little
/// endian).
pub struct Journal {
    events: Vec<Event>,
    bytes: usize,
    most_in_memory: usize,
    spill: Option<Box<dyn Backing>>,
    /// Bytes of the spill that hold events.
    spilled: u64,
    /// Events that went to the spill.
    spilled_events: u64,
    /// Events up to where the machine stands: what is behind it in the past is noted already.
    noted: u64,
    /// Why the spill took no more: from then on events are lost, and the journal says so.
    trouble: Option<String>,
}

impl Journal {
    /// An empty journal that moves events to `spill` where there are too many for memory. Without one it keeps them all.
    pub fn spilling_to(spill: Option<Box<dyn Backing>>) -> Journal {
        Journal {
            events: Vec::new(),
            bytes: 0,
            most_in_memory: MOST_IN_MEMORY,
            spill,
            spilled: 0,
            spilled_events: 0,
            noted: 0,
            trouble: None,
        }
    }

    /// Notes an input that takes effect now.
    pub fn note(&mut self, position: u64, input: Input) {
        if self.trouble.is_some() {
            return;
        }
        self.noted += 1;
        if self.noted <= self.len() {
            return;
        }
        self.bytes += EVENT_BYTES + input.bytes();
        self.events.push(Event { position, input });
        if self.bytes > self.most_in_memory && self.spill.is_some() {
            self.trouble = self.spill_events().err();
        }
    }

    /// Events, those ahead of a machine in the past among them.
    fn len(&self) -> u64 {
        self.spilled_events + self.events.len() as u64
    }

    /// How many events lie behind the machine.
    pub fn noted(&self) -> u64 {
        self.noted
    }

    /// The machine went to where so many events lie behind it. What is ahead is noted already.
    pub fn go_to(&mut self, noted: u64) {
        self.noted = noted.min(self.len());
    }

    /// Forgets the events ahead.
    pub fn cut(&mut self) {
        if self.noted >= self.spilled_events {
            self.events.truncate((self.noted - self.spilled_events) as usize);
            return;
        }
        self.events.clear();
        let mut at = 0;
        for _ in 0..self.noted {
            let mut len = [0; 4];
            if let Some(Err(trouble)) = self.spill.as_ref().map(|spill| spill.read_at(at, &mut len)) {
                self.trouble = Some(trouble);
                return;
            }
            at += 4 + u64::from(u32::from_le_bytes(len));
        }
        (self.spilled, self.spilled_events) = (at, self.noted);
    }

    fn spill_events(&mut self) -> Result<(), String> {
        let Some(spill) = &mut self.spill else { return Ok(()) };
        let mut record = Vec::new();
        let events = self.events.len() as u64;
        for event in self.events.drain(..) {
            let encoded = codec::encode(&event).map_err(|error| error.to_string())?;
            let len = u32::try_from(encoded.len()).map_err(|_| "an input of more than 4 GiB".to_owned())?;
            record.extend(len.to_le_bytes());
            record.extend(encoded);
        }
        spill.write_at(self.spilled, &record)?;
        self.spilled += record.len() as u64;
        self.spilled_events += events;
        self.bytes = 0;
        Ok(())
    }

    /// Shows all events, oldest first. Fails if the host lost some of them.
    pub fn for_each(&self, mut show: impl FnMut(&Event)) -> Result<(), String> {
        let mut at = 0;
        while let Some(spill) = self.spill.as_ref().filter(|_| at < self.spilled) {
            let mut len = [0; 4];
            spill.read_at(at, &mut len)?;
            let mut encoded = vec![0; u32::from_le_bytes(len) as usize];
            spill.read_at(at + 4, &mut encoded)?;
            show(&codec::decode(&encoded).map_err(|error| error.to_string())?);
            at += 4 + encoded.len() as u64;
        }
        self.events.iter().for_each(show);
        self.trouble.clone().map_or(Ok(()), Err)
    }
}

impl Input {
    /// Bytes on the heap, about.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Input::Serial(_, bytes) | Input::Memory(_, bytes) => bytes.len(),
            Input::Keys(strokes) => size_of_val(strokes.as_slice()),
            Input::Register(name, _) => name.len(),
            Input::Mouse(moves) => size_of_val(moves.as_slice()),
            Input::Reset | Input::PowerButton => 0,
        }
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
    fn a_journal_that_spills_tells_the_same() {
        let mut whole = Journal::spilling_to(None);
        let mut bounded = Journal::spilling_to(Some(Box::new(crate::host::SpillFile::default())));
        bounded.most_in_memory = 300;
        for position in 0..100 {
            for journal in [&mut whole, &mut bounded] {
                journal.note(position, Input::Serial(0, vec![position as u8; position as usize]));
                journal.note(position, Input::Reset);
            }
            assert!(bounded.events.len() <= 300 / EVENT_BYTES + 1);
        }
        let events = |journal: &Journal| {
            let mut events = Vec::new();
            journal.for_each(|event| events.push(event.clone())).expect("the host keeps them");
            events
        };
        assert_eq!(events(&whole).len(), 200);
        assert_eq!(events(&whole), events(&bounded));
    }

    #[test]
    fn a_journal_of_a_changed_past_forgets_what_was_ahead() {
        let mut whole = Journal::spilling_to(None);
        let mut bounded = Journal::spilling_to(Some(Box::new(crate::host::SpillFile::default())));
        bounded.most_in_memory = 500;
        for journal in [&mut whole, &mut bounded] {
            (0..50).for_each(|position| journal.note(position, Input::Serial(0, vec![1; 40])));
            for (back, again) in [(49, 0), (20, 5), (3, 0)] {
                journal.go_to(back);
                (0..again).for_each(|_| journal.note(0, Input::Reset));
                journal.cut();
                journal.note(1000 + back, Input::Reset);
            }
            let mut positions = Vec::new();
            journal.for_each(|event| positions.push(event.position)).expect("the host keeps them");
            assert_eq!(positions, [0, 1, 2, 1003]);
        }
    }

    #[test]
    fn a_journal_that_lost_events_says_so() {
        let mut journal = Journal::spilling_to(Some(Box::new(ringwalk_mmu::NoBacking(0))));
        journal.most_in_memory = 0;
        journal.note(1, Input::Reset);
        assert!(journal.for_each(|_| {}).is_err());
    }

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
