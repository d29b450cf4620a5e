//! One comparator of the HPET. *IA-PC HPET Specification*, 2.3.8 "Timer N Configuration and Capabilities Register",
//! 2.3.9 "Timer N Comparator Register".

use serde::{Deserialize, Serialize};

/// Tn_INT_TYPE_CNF: level-triggered.
const LEVEL: u64 = 1 << 1;
/// Tn_INT_ENB_CNF.
const ENABLE: u64 = 1 << 2;
/// Tn_TYPE_CNF: periodic.
const PERIODIC: u64 = 1 << 3;
/// Tn_VAL_SET_CNF: the next write of the comparator sets it, not only the period.
const VALUE_SET: u64 = 1 << 6;
/// Tn_32MODE_CNF.
const MODE_32: u64 = 1 << 8;
/// Tn_INT_ROUTE_CNF.
const ROUTE_SHIFT: u32 = 9;
const ROUTE: u64 = 0x1F << ROUTE_SHIFT;
/// Tn_PER_INT_CAP, Tn_SIZE_CAP, and Tn_INT_ROUTE_CAP: inputs 20 to 23 of the I/O APIC.
const CAPABILITIES: u64 = 0x00F0_0000 << 32 | 1 << 5 | 1 << 4;
/// The first of these inputs.
const FIRST_ROUTE: u64 = 20;
/// The bits that keep what is written.
const WRITABLE: u64 = LEVEL | ENABLE | PERIODIC | VALUE_SET | MODE_32;

/// Offsets of a timer's registers.
const CONFIGURATION: u32 = 0x00;
const COMPARATOR: u32 = 0x08;

/// What a match asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// Another edge.
    Edge,
    /// The status bit, and with it the line.
    Level,
}

/// A tick since power-on, and the main counter then.
pub(crate) type Moment = (u64, u64);

/// One comparator.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Timer {
    configuration: u64,
    comparator: u64,
    period: u64,
    /// The tick of the next match; `None` while the counter is halted or too far away to come.
    next: Option<u64>,
    /// The line was raised for an edge, and is still high.
    pub(crate) edge: bool,
}

impl Default for Timer {
    fn default() -> Timer {
        Timer { configuration: FIRST_ROUTE << ROUTE_SHIFT, comparator: u64::MAX, period: 0, next: None, edge: false }
    }
}

impl Timer {
    pub(crate) fn is_level(&self) -> bool {
        self.configuration & LEVEL != 0
    }

    /// Its matches interrupt.
    pub(crate) fn interrupts(&self) -> bool {
        self.configuration & ENABLE != 0
    }

    /// The input of the I/O APIC that it reaches, 20 to 23.
    pub(crate) fn route(&self) -> u8 {
        // Two bits are left; a forged state cannot name another input.
        FIRST_ROUTE as u8 | (self.configuration >> ROUTE_SHIFT) as u8 & 3
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.next
    }

    fn mask(&self) -> u64 {
        if self.configuration & MODE_32 != 0 { 0xFFFF_FFFF } else { u64::MAX }
    }

    /// The period; one of 0 never comes to an end.
    fn repeats(&self) -> Option<u64> {
        (self.configuration & PERIODIC != 0).then_some(self.period & self.mask()).filter(|period| *period > 0)
    }

    /// Finds the next match from a moment on, that moment included.
    pub(crate) fn aim(&mut self, now: Option<Moment>) {
        let ahead = |(ticks, counter): Moment| ticks.checked_add(self.comparator.wrapping_sub(counter) & self.mask());
        self.next = now.and_then(ahead);
    }

    /// Takes in the matches up to a moment; `None` if there was none.
    pub(crate) fn pass(&mut self, ticks: u64, counter: u64) -> Option<Match> {
        let matched = self.next.filter(|next| *next <= ticks)?;
        match self.repeats() {
            Some(period) => {
                let periods = (ticks - matched) / period + 1;
                self.comparator = self.comparator.wrapping_add(periods.wrapping_mul(period)) & self.mask();
                self.aim(Some((ticks, counter)));
            }
            // The counter comes by again when it has wrapped.
            None => {
                let (ticks, counter) = (ticks.saturating_add(1), counter.wrapping_add(1));
                self.aim(Some((ticks, counter)));
            }
        }
        Some(if self.is_level() { Match::Level } else { Match::Edge })
    }

    pub(crate) fn read(&self, offset: u32) -> u64 {
        match offset {
            CONFIGURATION => self.configuration | CAPABILITIES,
            COMPARATOR => self.comparator & self.mask(),
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u64, now: Option<Moment>) {
        match offset {
            CONFIGURATION => self.write_configuration(value),
            COMPARATOR => self.write_comparator(value),
            _ => return,
        }
        self.aim(now);
    }

    /// A route that the timer does not have is not taken; VAL_SET_CNF stays only while the timer is periodic.
    fn write_configuration(&mut self, value: u64) {
        let route = value & ROUTE;
        let has_route = CAPABILITIES >> 32 & 1 << (route >> ROUTE_SHIFT) != 0;
        let route = if has_route { route } else { self.configuration & ROUTE };
        let writable = if value & PERIODIC != 0 { WRITABLE } else { WRITABLE & !VALUE_SET };
        self.configuration = value & writable | route;
        if self.is_level() || !self.interrupts() {
            self.edge = false;
        }
        self.comparator &= self.mask();
        self.period &= self.mask();
    }

    /// "2.3.9.2.2 Periodic Mode": a write sets the period, and the comparator too if VAL_SET_CNF asks for it, which
    /// it does once.
    fn write_comparator(&mut self, value: u64) {
        let value = value & self.mask();
        if self.configuration & PERIODIC != 0 {
            self.period = value;
        }
        if self.configuration & PERIODIC == 0 || self.configuration & VALUE_SET != 0 {
            self.comparator = value;
        }
        self.configuration &= !VALUE_SET;
        self.edge = false;
    }

    pub(crate) fn show(&self) -> String {
        let kind = match self.repeats() {
            Some(period) => format!("every {period} ticks"),
            None => "once".to_owned(),
        };
        let what = if self.interrupts() { "interrupts" } else { "is silent" };
        let how = if self.is_level() { "level" } else { "edge" };
        format!("at {:X}h, {kind}, {what}, {how}, input {}", self.comparator, self.route())
    }
}
