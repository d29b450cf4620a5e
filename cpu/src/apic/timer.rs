//! The timer of the local APIC. SDM Vol.3A 11.5.4 "APIC Timer", 11.5.4.1 "TSC-Deadline Mode".
//!
//! It counts cycles of the machine's clock, divided as the divide configuration register says. While its entry of the
//! local vector table is masked nobody waits for it: what it has come to is computed when the guest looks.

use ringwalk_mmu::Instant;
use serde::{Deserialize, Serialize};

/// How the timer goes on at its end: bits 18 and 17 of its entry in the local vector table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It stops.
    OneShot,
    /// It begins again.
    Periodic,
    /// It waits for a value of the time-stamp counter.
    TscDeadline,
    /// The reserved code: nothing happens.
    Reserved,
}

impl Mode {
    pub(super) const fn of(entry: u32) -> Mode {
        match entry >> 17 & 3 {
            0 => Mode::OneShot,
            1 => Mode::Periodic,
            2 => Mode::TscDeadline,
            _ => Mode::Reserved,
        }
    }
}

/// The time as the local APIC sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Machine time.
    pub now: Instant,
    /// What is added to machine time to give the time-stamp counter.
    pub tsc_adjust: u64,
}

impl Clock {
    fn tsc(self) -> u64 {
        self.now.0.wrapping_add(self.tsc_adjust)
    }
}

/// Count and deadline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timer {
    initial: u32,
    /// Divide configuration: bits 3, 1 and 0.
    divide: u32,
    /// Machine time at which the count was, or would have been, the initial one; `None` while it stands still.
    start: Option<u64>,
    /// IA32_TSC_DEADLINE; 0 while it is not armed.
    deadline: u64,
}

/// The bits of the divide configuration register.
pub(super) const DIVIDE_BITS: u32 = 0b1011;

impl Timer {
    pub(super) fn initial(&self) -> u32 {
        self.initial
    }

    pub(super) fn divide(&self) -> u32 {
        self.divide
    }

    /// Cycles of one count, as a power of two. SDM Vol.3A Figure 11-10 "Divide Configuration Register": 000b divides by
    /// 2, 110b by 128, 111b by 1.
    fn shift(&self) -> u32 {
        ((self.divide >> 1 & 4 | self.divide & 3) + 1) & 7
    }

    /// Cycles from the initial count to 0.
    fn span(&self) -> u64 {
        u64::from(self.initial) << self.shift()
    }

    /// Cycles since the count began; `None` while it stands still.
    fn elapsed(&self, now: Instant) -> Option<u64> {
        self.start.filter(|_| self.initial != 0).map(|start| now.0.wrapping_sub(start))
    }

    /// The current count register.
    pub(super) fn current(&self, mode: Mode, now: Instant) -> u32 {
        let Some(elapsed) = self.elapsed(now) else { return 0 };
        let counts = elapsed >> self.shift();
        let initial = u64::from(self.initial);
        let left = match mode {
            Mode::OneShot => initial.saturating_sub(counts),
            Mode::Periodic => initial - counts % initial,
            Mode::TscDeadline | Mode::Reserved => 0,
        };
        // At most the initial count.
        left as u32
    }

    /// IA32_TSC_DEADLINE as it reads: 0 once it is past.
    pub(super) fn deadline(&self, clock: Clock) -> u64 {
        if clock.tsc() >= self.deadline { 0 } else { self.deadline }
    }

    /// When it ends next.
    pub(super) fn due(&self, mode: Mode, clock: Clock) -> Option<Instant> {
        match mode {
            Mode::OneShot | Mode::Periodic => {
                let start = self.start.filter(|_| self.initial != 0)?;
                Some(Instant(start.wrapping_add(self.span())))
            }
            Mode::TscDeadline if self.deadline != 0 => {
                Some(Instant(clock.now.0.saturating_add(self.deadline.saturating_sub(clock.tsc()))))
            }
            Mode::TscDeadline | Mode::Reserved => None,
        }
    }

    /// Takes in what has come up to now. True if the timer came to an end.
    pub(super) fn advance(&mut self, mode: Mode, clock: Clock) -> bool {
        match mode {
            Mode::OneShot => {
                let over = self.elapsed(clock.now).is_some_and(|elapsed| elapsed >= self.span());
                if over {
                    self.start = None;
                }
                over
            }
            Mode::Periodic => {
                let Some(elapsed) = self.elapsed(clock.now) else { return false };
                let whole = elapsed / self.span() * self.span();
                self.start = self.start.map(|start| start.wrapping_add(whole));
                whole != 0
            }
            Mode::TscDeadline => {
                let over = self.deadline != 0 && clock.tsc() >= self.deadline;
                if over {
                    self.deadline = 0;
                }
                over
            }
            Mode::Reserved => false,
        }
    }

    /// The initial count register: the count begins anew; 0 stops it. In TSC-deadline mode it is ignored.
    pub(super) fn set_initial(&mut self, value: u32, mode: Mode, now: Instant) {
        if mode != Mode::TscDeadline {
            self.initial = value;
            self.start = (value != 0).then_some(now.0);
        }
    }

    /// The divide configuration register: the count goes on from where it is, at its new pace.
    pub(super) fn set_divide(&mut self, value: u32, mode: Mode, now: Instant) {
        let done = u64::from(self.initial - self.current(mode, now).min(self.initial));
        self.divide = value & DIVIDE_BITS;
        if self.start.is_some() {
            self.start = Some(now.0.wrapping_sub(done << self.shift()));
        }
    }

    /// IA32_TSC_DEADLINE: arms the timer, or disarms it with 0. In other modes it is ignored.
    pub(super) fn set_deadline(&mut self, value: u64, mode: Mode) {
        if mode == Mode::TscDeadline {
            self.deadline = value;
        }
    }

    /// A change between TSC-deadline mode and another one disarms the timer.
    pub(super) fn change_mode(&mut self, from: Mode, to: Mode) {
        if (from == Mode::TscDeadline) != (to == Mode::TscDeadline) {
            (self.start, self.deadline, self.initial) = (None, 0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now: u64) -> Clock {
        Clock { now: Instant(now), tsc_adjust: 0 }
    }

    #[test]
    fn the_divisors_of_the_divide_configuration_register() {
        for (code, divisor) in [
            (0b0000, 2),
            (0b0001, 4),
            (0b0010, 8),
            (0b0011, 16),
            (0b1000, 32),
            (0b1001, 64),
            (0b1010, 128),
            (0b1011, 1),
        ] {
            let mut timer = Timer::default();
            timer.set_divide(code, Mode::OneShot, Instant(0));
            timer.set_initial(1000, Mode::OneShot, Instant(7));
            assert_eq!(timer.due(Mode::OneShot, at(7)), Some(Instant(7 + 1000 * divisor)), "{code:04b}");
            assert_eq!(timer.current(Mode::OneShot, Instant(7 + 10 * divisor)), 990);
            assert_eq!(timer.current(Mode::OneShot, Instant(6 + 10 * divisor)), 991, "a count is whole");
        }
    }

    #[test]
    fn one_shot_stops_at_0_and_periodic_begins_again() {
        let mut timer = Timer { divide: 0b1011, ..Timer::default() };
        timer.set_initial(100, Mode::OneShot, Instant(0));
        assert!(!timer.advance(Mode::OneShot, at(99)));
        assert!(timer.advance(Mode::OneShot, at(100)));
        assert_eq!((timer.current(Mode::OneShot, Instant(150)), timer.due(Mode::OneShot, at(150))), (0, None));
        timer.set_initial(100, Mode::Periodic, Instant(1000));
        assert_eq!(timer.current(Mode::Periodic, Instant(1250)), 50);
        assert!(timer.advance(Mode::Periodic, at(1250)));
        assert_eq!(timer.due(Mode::Periodic, at(1250)), Some(Instant(1300)), "no drift");
    }

    #[test]
    fn a_deadline_is_a_value_of_the_time_stamp_counter() {
        let clock = |now: u64| Clock { now: Instant(now), tsc_adjust: 1_000_000_u64.wrapping_neg() };
        let mut timer = Timer::default();
        timer.set_deadline(500, Mode::OneShot);
        assert_eq!(timer.due(Mode::TscDeadline, clock(1_000_000)), None, "ignored in other modes");
        timer.set_deadline(500, Mode::TscDeadline);
        assert_eq!(timer.due(Mode::TscDeadline, clock(1_000_100)), Some(Instant(1_000_500)));
        assert_eq!(timer.deadline(clock(1_000_499)), 500);
        assert!(!timer.advance(Mode::TscDeadline, clock(1_000_499)));
        assert_eq!(timer.deadline(clock(1_000_500)), 0);
        assert!(timer.advance(Mode::TscDeadline, clock(1_000_500)));
        timer.set_deadline(400, Mode::TscDeadline);
        assert_eq!(timer.due(Mode::TscDeadline, clock(1_000_600)), Some(Instant(1_000_600)), "in the past: at once");
        timer.set_deadline(u64::MAX, Mode::TscDeadline);
        assert_eq!(timer.due(Mode::TscDeadline, clock(1_000_600)), Some(Instant(u64::MAX)), "never");
    }

    #[test]
    fn a_change_of_pace_keeps_the_count() {
        let mut timer = Timer { divide: 0b1011, ..Timer::default() };
        timer.set_initial(100, Mode::OneShot, Instant(0));
        timer.set_divide(0b0000, Mode::OneShot, Instant(40));
        assert_eq!(timer.current(Mode::OneShot, Instant(40)), 60);
        assert_eq!(timer.due(Mode::OneShot, at(40)), Some(Instant(160)));
    }
}
