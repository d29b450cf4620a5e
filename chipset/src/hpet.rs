//! The high precision event timers. *IA-PC HPET (High Precision Event Timers) Specification*, revision 1.0a, 2.3 "HPET
//! Registers".
//!
//! A main counter of 64 bits at 14.31818 MHz and three comparators, each able to run periodically. With legacy
//! replacement timer 0 takes IRQ 0 from the 8254 and timer 1 IRQ 8 from the real-time clock; otherwise timers reach
//! inputs 20 to 23 of the I/O APIC, which are active low like PCI's. No messages on the front side bus.

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::device::{Cx, Device, Lines, Ranges, Reg, Space, View};
use crate::hpet_timer::{Match, Timer};

/// Where it answers: the block's 1 KiB, a page for the map.
const BASE: u64 = 0xFED0_0000;
const BYTES: u64 = 0x1000;
/// The main counter's clock.
pub(crate) const HPET_HZ: u64 = 14_318_180;
/// Its period in femtoseconds, as COUNTER_CLK_PERIOD tells it.
const PERIOD_FS: u64 = 69_841_279;
/// Comparators.
const TIMERS: usize = 3;

/// "General Capabilities and ID Register": revision 1, three timers, 64 bits, legacy replacement, vendor 8086h.
const CAPABILITIES: u64 = PERIOD_FS << 32 | 0x8086 << 16 | 1 << 15 | 1 << 13 | (TIMERS as u64 - 1) << 8 | 1;
/// "General Configuration Register": ENABLE_CNF, LEG_RT_CNF.
const ENABLE: u64 = 1 << 0;
const LEGACY: u64 = 1 << 1;

/// Register offsets.
const GENERAL_CAPABILITIES: u32 = 0x000;
const GENERAL_CONFIGURATION: u32 = 0x010;
const INTERRUPT_STATUS: u32 = 0x020;
const MAIN_COUNTER: u32 = 0x0F0;
const FIRST_TIMER: u32 = 0x100;
const TIMER_BYTES: u32 = 0x20;

/// High precision event timers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Hpet {
    configuration: u64,
    status: u8,
    /// The counter while it is halted; while it runs, what is added to the ticks since power-on.
    counter: u64,
    timers: [Timer; TIMERS],
    /// Timers whose line fell for a new edge, and must rise again.
    rising: u8,
    due: Option<Instant>,
}

impl Hpet {
    fn is_enabled(&self) -> bool {
        self.configuration & ENABLE != 0
    }

    fn ticks(cx: &Cx<'_>) -> u64 {
        cx.rate(HPET_HZ).ticks_at(cx.now)
    }

    /// The main counter at a tick.
    fn counter_at(&self, ticks: u64) -> u64 {
        if self.is_enabled() { self.counter.wrapping_add(ticks) } else { self.counter }
    }

    fn set_counter(&mut self, ticks: u64, value: u64) {
        self.counter = if self.is_enabled() { value.wrapping_sub(ticks) } else { value };
        self.aim(ticks);
    }

    /// Finds every timer's next match anew.
    fn aim(&mut self, ticks: u64) {
        let counter = self.counter_at(ticks);
        let enabled = self.is_enabled();
        for timer in &mut self.timers {
            timer.aim(enabled.then_some((ticks, counter)));
        }
    }

    fn set_configuration(&mut self, ticks: u64, value: u64) {
        let counter = self.counter_at(ticks);
        self.configuration = value & (ENABLE | LEGACY);
        // A line that moves, or comes back, makes no edge of its own.
        self.timers.iter_mut().for_each(|timer| timer.edge = false);
        self.set_counter(ticks, counter);
    }

    /// The line of a timer.
    fn line(&self, number: usize) -> Line {
        match number {
            0 if self.configuration & LEGACY != 0 => Line::Irq(0),
            1 if self.configuration & LEGACY != 0 => Line::Irq(8),
            _ => Line::Input(self.timers[number].route()),
        }
    }

    /// Drives the lines to what the timers want, and finds when that may change.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let mut lines = Lines { legacy_replacement: self.configuration & LEGACY != 0, ..Lines::default() };
        for number in 0..TIMERS {
            let timer = &self.timers[number];
            let high = match timer.is_level() {
                true => self.status & 1 << number != 0,
                false => timer.edge && self.rising & 1 << number == 0,
            };
            if high && self.is_enabled() && timer.interrupts() {
                match self.line(number) {
                    Line::Irq(irq) => lines.set_irq(irq, true),
                    Line::Input(input) => lines.apic |= 1 << input,
                }
            }
        }
        *cx.lines = lines;
        let waiting = self.timers.iter().filter(|timer| timer.interrupts()).filter_map(Timer::next).min();
        let next = waiting.map(|tick| cx.rate(HPET_HZ).instant_of(tick));
        self.due = if self.rising != 0 { Some(cx.now) } else { next };
    }

    /// Takes in the matches up to now.
    fn pass(&mut self, ticks: u64) {
        let counter = self.counter_at(ticks);
        for number in 0..TIMERS {
            let timer = &mut self.timers[number];
            match timer.pass(ticks, counter) {
                None => {}
                Some(Match::Level) => self.status |= 1 << number,
                Some(Match::Edge) if timer.edge => self.rising |= 1 << number,
                Some(Match::Edge) => timer.edge = true,
            }
        }
    }

    fn read_register(&self, register: u32, ticks: u64) -> u64 {
        match register {
            GENERAL_CAPABILITIES => CAPABILITIES,
            GENERAL_CONFIGURATION => self.configuration,
            INTERRUPT_STATUS => u64::from(self.status),
            MAIN_COUNTER => self.counter_at(ticks),
            _ => match timer_register(register) {
                Some((number, offset)) => self.timers[number].read(offset),
                None => 0,
            },
        }
    }

    /// Writes a register of 64 bits; `written` says which of the bits the access reached.
    fn write_register(&mut self, register: u32, value: u64, written: u64, ticks: u64) {
        match register {
            GENERAL_CONFIGURATION => self.set_configuration(ticks, value),
            INTERRUPT_STATUS => self.status &= !((value & written) as u8),
            MAIN_COUNTER => self.set_counter(ticks, value),
            _ => {
                if let Some((number, offset)) = timer_register(register) {
                    let now = self.is_enabled().then_some((ticks, self.counter_at(ticks)));
                    self.timers[number].write(offset, value, now);
                    if !self.timers[number].is_level() {
                        self.status &= !(1 << number);
                    }
                }
            }
        }
    }
}

/// What a timer drives.
enum Line {
    /// An ISA interrupt.
    Irq(u8),
    /// An input of the I/O APIC.
    Input(u8),
}

/// The timer that has a register, and the offset among its own.
fn timer_register(register: u32) -> Option<(usize, u32)> {
    let place = register.checked_sub(FIRST_TIMER)?;
    let number = (place / TIMER_BYTES) as usize;
    (number < TIMERS).then_some((number, place % TIMER_BYTES))
}

/// The bits of a 64-bit register that an access reaches, and how far to shift its value.
fn reached(offset: u32, size: Size) -> (u64, u32) {
    let shift = 8 * (offset & 7);
    (size.ones() << shift, shift)
}

impl Device for Hpet {
    fn ranges(&self) -> Ranges {
        Ranges::default().with("HPET", Space::Mmio, BASE, BYTES)
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let (_, shift) = reached(reg.offset, size);
        (self.read_register(reg.offset & !7, Hpet::ticks(cx)) >> shift) & size.ones()
    }

    /// What a narrow access does not reach keeps its value.
    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        let (written, shift) = reached(reg.offset, size);
        let ticks = Hpet::ticks(cx);
        let register = reg.offset & !7;
        let before = self.read_register(register, ticks);
        self.write_register(register, before & !written | (value << shift) & written, written, ticks);
        self.pass(ticks);
        self.drive(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        if self.due.is_some_and(|due| due <= cx.now) && self.rising != 0 {
            self.rising = 0;
            self.drive(cx);
            return;
        }
        let ticks = Hpet::ticks(cx);
        if self.timers.iter().any(|timer| timer.next().is_some_and(|next| next <= ticks)) {
            self.pass(ticks);
            self.drive(cx);
        }
    }

    fn reset(&mut self) {
        *self = Hpet::default();
    }

    fn show(&self) -> View {
        let on = |bit: u64| if self.configuration & bit != 0 { "on" } else { "off" };
        let view = View::default()
            .row("counter", on(ENABLE))
            .row("legacy replacement", on(LEGACY))
            .row("status", format!("{:03b}b", self.status));
        self.timers.iter().enumerate().fold(view, |view, (n, timer)| view.row(format!("timer {n}"), timer.show()))
    }
}

#[cfg(test)]
#[path = "hpet_tests.rs"]
mod tests;
