//! One counter of the 8254, in its own clock ticks. Intel *8254 Programmable Interval Timer* datasheet (order
//! number 231164), "Mode Definitions", "Operation Common to All Modes".
//!
//! Nothing is counted step by step: the counter remembers when the counting element was loaded, and its value
//! and OUT at any tick are computed from that. A call names the tick that is over; it happens between that
//! CLK pulse and the next.

use serde::{Deserialize, Serialize};

/// RW1-RW0, M2-M0, BCD: the bits of a control word that a counter keeps, and that status gives back.
const CONTROL_BITS: u8 = 0x3F;

/// Which bytes of the count are written and read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    Low,
    High,
    Both,
}

/// The counting element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Element {
    /// The count that was loaded, 1 to 65536 (two's place of mode 3 already in it); 0 before the first load.
    loaded: u32,
    /// CLK pulses counted from the load to `since`, or in all if it stands still.
    counted: u64,
    /// The tick after which it counts on; `None` while it stands still.
    since: Option<u64>,
}

impl Element {
    fn counted_at(&self, tick: u64) -> u64 {
        self.counted + self.since.map_or(0, |since| tick.saturating_sub(since))
    }
}

/// A counter.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counter {
    /// The control word's low six bits, as written.
    control: u8,
    gate: bool,
    /// The count register; `None` since the last control word.
    count: Option<u16>,
    /// The count register holds a value that the element has not seen ("Null Count").
    null: bool,
    /// First byte of a two-byte write.
    low_written: Option<u8>,
    /// The next read of a two-byte count gives the high byte.
    high_next: bool,
    latched_count: Option<u16>,
    latched_status: Option<u8>,
    element: Element,
    /// OUT follows the element; otherwise it is in the state that the control word gave it.
    counting: bool,
    /// The CLK pulse at which the count register goes into the element, from the start of a cycle.
    load_at: Option<u64>,
    /// Modes 2 and 3: the number of counted pulses at which a new count takes over, at the end of a (half) cycle.
    swap_at: Option<u64>,
}

impl Counter {
    /// A counter whose gate is tied high (counters 0 and 1 of a PC) or starts low (counter 2).
    pub(crate) fn new(gate: bool) -> Counter {
        Counter { gate, null: true, ..Counter::default() }
    }

    /// The mode, 0 to 5. Modes 6 and 7 are 2 and 3.
    pub(crate) fn mode(&self) -> u8 {
        match self.control >> 1 & 7 {
            mode @ 0..6 => mode,
            mode => mode - 4,
        }
    }

    fn access(&self) -> Access {
        match self.control >> 4 & 3 {
            1 => Access::Low,
            2 => Access::High,
            _ => Access::Both,
        }
    }

    fn is_bcd(&self) -> bool {
        self.control & 1 != 0
    }

    /// How many values the element runs through before it wraps.
    fn modulus(&self) -> u32 {
        if self.is_bcd() { 10_000 } else { 0x1_0000 }
    }

    /// The count register as a number of pulses: 0 stands for the highest count, and where 1 is illegal
    /// (modes 2 and 3) it counts as 2.
    fn initial_count(&self) -> u32 {
        let raw = u32::from(self.count.unwrap_or(0));
        let value = if self.is_bcd() { from_bcd(raw) } else { raw };
        match value {
            0 => self.modulus(),
            1 if self.is_periodic() => 2,
            value => value,
        }
    }

    /// Modes 2 and 3 begin again by themselves.
    fn is_periodic(&self) -> bool {
        matches!(self.mode(), 2 | 3)
    }

    /// Modes 1 and 5 wait for a trigger.
    fn is_triggered(&self) -> bool {
        matches!(self.mode(), 1 | 5)
    }

    /// The gate stops the element, except where it is only a trigger.
    fn may_count(&self) -> bool {
        self.gate || self.is_triggered()
    }

    /// Carries out what is due up to a tick: loading the element, changing to a new count.
    pub(crate) fn advance(&mut self, tick: u64) {
        while let Some(at) = self.next_change().filter(|at| *at <= tick) {
            if self.load_at == Some(at) {
                self.load(at);
            } else {
                self.swap(at);
            }
        }
    }

    /// The tick of the next load or change of count.
    fn next_change(&self) -> Option<u64> {
        let swap = self.swap_at.zip(self.element.since);
        let swap = swap.map(|(at, since)| since + at.saturating_sub(self.element.counted));
        match (self.load_at, swap) {
            (Some(load), Some(swap)) => Some(load.min(swap)),
            (load, swap) => load.or(swap),
        }
    }

    fn load(&mut self, tick: u64) {
        self.element = Element { loaded: self.initial_count(), counted: 0, since: self.may_count().then_some(tick) };
        (self.load_at, self.swap_at) = (None, None);
        (self.counting, self.null) = (true, false);
    }

    /// The end of a cycle (mode 2) or half cycle (mode 3), with a new count in the register.
    fn swap(&mut self, tick: u64) {
        let second_half = self.mode() == 3 && !self.out(tick);
        self.load(tick);
        if second_half {
            self.element.counted = u64::from(self.element.loaded.div_ceil(2));
        }
    }

    /// The period of a square wave in ticks, once a count is written and while the gate is high.
    pub(crate) fn tone(&self) -> Option<u32> {
        (self.mode() == 3 && self.gate && self.count.is_some()).then(|| self.initial_count())
    }

    /// OUT after a tick; valid up to the next change.
    pub(crate) fn out(&self, tick: u64) -> bool {
        if !self.counting {
            return self.mode() != 0;
        }
        let (count, counted) = (u64::from(self.element.loaded), self.element.counted_at(tick));
        match self.mode() {
            0 => counted >= count,
            1 => counted >= count,
            // Without a gate, or until its trigger has reloaded the element, OUT is high at once.
            _ if self.is_periodic() && self.element.since.is_none() => true,
            2 => counted % count != count - 1,
            3 => counted % count < count.div_ceil(2),
            _ => counted != count,
        }
    }

    /// The next tick after `tick` at which OUT changes, if nothing is written before.
    pub(crate) fn next_edge(&self, tick: u64) -> Option<u64> {
        let mut ahead = self.clone();
        ahead.advance(tick);
        let level = ahead.out(tick);
        let mut from = tick;
        loop {
            let change = ahead.next_change();
            match ahead.next_toggle(from) {
                Some(toggle) if change.is_none_or(|change| toggle < change) => return Some(toggle),
                _ => {}
            }
            from = change?;
            ahead.advance(from);
            if ahead.out(from) != level {
                return Some(from);
            }
        }
    }

    /// The next tick after `tick` at which OUT changes by counting alone.
    fn next_toggle(&self, tick: u64) -> Option<u64> {
        self.element.since.filter(|_| self.counting)?;
        let (count, counted) = (u64::from(self.element.loaded), self.element.counted_at(tick));
        let pulses = match self.mode() {
            2 if counted % count == count - 1 => 1,
            2 => count - 1 - counted % count,
            3 if counted % count < count.div_ceil(2) => count.div_ceil(2) - counted % count,
            3 => count - counted % count,
            4 | 5 if counted == count => 1,
            _ => count.checked_sub(counted).filter(|pulses| *pulses > 0)?,
        };
        Some(tick + pulses)
    }

    /// The counting element after a tick.
    fn value(&self, tick: u64) -> u32 {
        let (count, counted) = (u64::from(self.element.loaded), self.element.counted_at(tick));
        let modulus = u64::from(self.modulus());
        let value = match self.mode() {
            _ if !self.counting => count,
            2 => count - counted % count,
            3 => {
                // Two at a time, from the count made even, anew for each half.
                let phase = counted % count;
                let half = count.div_ceil(2);
                let in_half = if phase < half { phase } else { phase - half };
                (count & !1) - 2 * in_half
            }
            _ => count + modulus - counted % modulus,
        };
        // At most 65535.
        (value % modulus) as u32
    }

    /// The counting element after a tick, as the processor reads it.
    fn readable(&self, tick: u64) -> u16 {
        let value = self.value(tick);
        // Binary values are below 65536.
        if self.is_bcd() { to_bcd(value) } else { value as u16 }
    }

    /// The element stands still at its value, and OUT is what the mode begins with.
    fn stop(&mut self, tick: u64) {
        self.element = Element { loaded: self.value(tick), counted: 0, since: None };
        self.counting = false;
        (self.load_at, self.swap_at) = (None, None);
    }

    /// A control word for this counter.
    pub(crate) fn write_control(&mut self, tick: u64, control: u8) {
        self.advance(tick);
        let bits = u32::from(self.readable(tick));
        let control = control & CONTROL_BITS;
        *self = Counter { control, gate: self.gate, null: true, ..Counter::default() };
        // The element stands still; its bits stay, and are read in the new way.
        self.element.loaded = if self.is_bcd() { from_bcd(bits) } else { bits };
    }

    /// The counter latch command. A second one before the count is read does nothing.
    pub(crate) fn latch_count(&mut self, tick: u64) {
        self.advance(tick);
        if self.latched_count.is_none() {
            self.latched_count = Some(self.readable(tick));
        }
    }

    /// The status half of the read-back command.
    pub(crate) fn latch_status(&mut self, tick: u64) {
        self.advance(tick);
        let status = u8::from(self.out(tick)) << 7 | u8::from(self.null) << 6 | self.control;
        self.latched_status.get_or_insert(status);
    }

    /// Reads the counter's port.
    pub(crate) fn read(&mut self, tick: u64) -> u8 {
        self.advance(tick);
        if let Some(status) = self.latched_status.take() {
            return status;
        }
        let [low, high] = self.latched_count.unwrap_or_else(|| self.readable(tick)).to_le_bytes();
        let (byte, last) = match self.access() {
            Access::Low => (low, true),
            Access::High => (high, true),
            Access::Both if self.high_next => (high, true),
            Access::Both => (low, false),
        };
        self.high_next = !last;
        if last {
            self.latched_count = None;
        }
        byte
    }

    /// Writes the counter's port.
    pub(crate) fn write(&mut self, tick: u64, value: u8) {
        self.advance(tick);
        let count = match (self.access(), self.low_written.take()) {
            (Access::Low, _) => u16::from(value),
            (Access::High, _) => u16::from(value) << 8,
            (Access::Both, Some(low)) => u16::from_le_bytes([low, value]),
            (Access::Both, None) => {
                self.low_written = Some(value);
                // Mode 0: the first byte stops the element and takes OUT low at once.
                if self.mode() == 0 {
                    self.stop(tick);
                }
                return;
            }
        };
        self.count = Some(count);
        self.null = true;
        match self.mode() {
            0 => {
                self.stop(tick);
                self.load_at = Some(tick + 1);
            }
            4 => self.load_at = Some(tick + 1),
            2 | 3 if !self.counting => self.load_at = Some(tick + 1),
            2 | 3 if self.load_at.is_none() => self.swap_at = self.end_of_cycle(tick),
            _ => {}
        }
    }

    /// The number of counted pulses at the end of the running cycle, or half cycle in mode 3.
    fn end_of_cycle(&self, tick: u64) -> Option<u64> {
        let count = u64::from(self.element.loaded);
        let counted = self.element.counted_at(tick);
        let start = counted - counted % count;
        let half = start + count.div_ceil(2);
        Some(if self.mode() == 3 && counted < half { half } else { start + count })
    }

    /// Drives the gate. A rising edge is a trigger in modes 1, 2, 3 and 5.
    pub(crate) fn set_gate(&mut self, tick: u64, gate: bool) {
        self.advance(tick);
        if gate == self.gate {
            return;
        }
        self.gate = gate;
        let trigger = gate && self.count.is_some();
        match self.mode() {
            1 | 5 if trigger => self.load_at = Some(tick + 1),
            2 | 3 if trigger => self.load_at = Some(tick + 1),
            2 | 3 | 0 | 4 if !gate => {
                self.element.counted = self.element.counted_at(tick);
                self.element.since = None;
            }
            0 | 4 if self.counting => self.element.since = Some(tick),
            _ => {}
        }
    }

    /// A line for the debugger.
    pub(crate) fn show(&self) -> String {
        let count = self.count.map_or("none".to_owned(), |count| format!("{count:04X}h"));
        let bcd = if self.is_bcd() { " BCD" } else { "" };
        let gate = if self.gate { "high" } else { "low" };
        format!("mode {}{bcd}, count {count}, gate {gate}", self.mode())
    }
}

/// Four BCD digits as a number. Digits above 9 count for what they are.
fn from_bcd(raw: u32) -> u32 {
    (0..4).rev().fold(0, |value, digit| value * 10 + (raw >> (4 * digit) & 0xF))
}

/// A number below 10000 as four BCD digits.
fn to_bcd(value: u32) -> u16 {
    let digit = |power: u32, place: u32| (value / power % 10) << (4 * place);
    // Sixteen bits.
    (digit(1, 0) | digit(10, 1) | digit(100, 2) | digit(1000, 3)) as u16
}

#[cfg(test)]
#[path = "pit_counter_tests.rs"]
mod tests;
