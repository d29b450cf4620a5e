//! The MC146818 real-time clock with its CMOS memory, and the NMI mask that shares its index port.
//!
//! Motorola *MC146818 Real-Time Clock Plus RAM* datasheet (1984), "Update Cycle", "Registers"; Intel *82371SB (PIIX3)*
//! datasheet (order number 290550), "Real Time Clock Registers" (ports 70h to 73h).
//!
//! The divider counts a crystal of 32.768 kHz in virtual time, exactly. An update ends on the second: there the time
//! changes, UF is set and the alarm is compared; UIP is set for the 244 + 1984 us before. Only the divider setting of
//! that crystal runs the clock; with any other it stands, and begins anew with half a second. Daylight saving
//! is ignored. Nothing is counted step by step: time and flags are brought up to now when somebody looks.

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::config::Date;
use crate::rtc_clock::{Calendar, Format, weekday};
use crate::{Cx, Device, Ranges, Reg, View, byte_wide};

/// The crystal.
const CRYSTAL_HZ: u64 = 32_768;
/// Ticks of the crystal for which UIP is set: 244 us (8 ticks) and 1984 us (65 ticks).
const UPDATE_TICKS: u64 = 8 + 65;
/// The first update after the divider was reset comes after half a second.
const FIRST_UPDATE: u64 = CRYSTAL_HZ / 2;
const IRQ: u8 = 8;

/// Bytes in each of the two banks, registers included.
const BANK: usize = 128;
/// Where the second bank begins.
const EXTENDED: u8 = 0x80;
/// Registers of time, alarm and calendar.
const TIME_REGISTERS: usize = 10;
const REGISTER_A: u8 = 0x0A;
const REGISTER_B: u8 = 0x0B;
const REGISTER_C: u8 = 0x0C;
const REGISTER_D: u8 = 0x0D;
/// First byte of memory.
const MEMORY: u8 = 0x0E;
/// The century, where a PC's BIOS keeps it. The clock itself does not count it.
const CENTURY: u8 = 0x32;
/// What the checksum is taken of, and where it is kept, high byte first.
const CHECKED: std::ops::RangeInclusive<usize> = 0x10..=0x2D;
const CHECKSUM: usize = 0x2E;

/// Register A, UIP: an update is near or in progress.
const A_UIP: u8 = 1 << 7;
/// Register A: the divider setting of the 32.768 kHz crystal.
const A_RUNS: u8 = 2;
/// Register A after power-on: the clock runs, periodic rate 1024 Hz, as a PC's BIOS sets it.
const A_POWER_ON: u8 = A_RUNS << 4 | 6;

/// Register B, SET: no updates.
const B_SET: u8 = 1 << 7;
/// Register B: periodic, alarm and update-ended interrupts enabled; register C has their flags at the same places.
const B_PIE: u8 = 1 << 6;
const B_AIE: u8 = 1 << 5;
const B_UIE: u8 = 1 << 4;
/// Register B: square wave.
const B_SQWE: u8 = 1 << 3;
/// Register B after power-on: BCD, 24 hours.
const B_POWER_ON: u8 = 1 << 1;

/// Register C: the interrupt line is active.
const C_IRQF: u8 = 1 << 7;
const C_PF: u8 = B_PIE;
const C_AF: u8 = B_AIE;
const C_UF: u8 = B_UIE;

/// Register D, VRT: memory and time are valid.
const D_VRT: u8 = 1 << 7;
/// Port 70h: NMI is masked.
const NMI_MASK: u8 = 1 << 7;

/// The clock. Times are ticks of the crystal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rtc {
    /// Time, alarm and calendar, as software sees them.
    time: [u8; TIME_REGISTERS],
    a: u8,
    b: u8,
    /// Register C without IRQF.
    flags: u8,
    /// Both banks; the bytes of the registers are unused.
    memory: Vec<u8>,
    /// Port 70h and port 72h.
    index: u8,
    extended_index: u8,
    /// An update ends when tick + phase is a multiple of a second.
    phase: u64,
    /// Time and flags hold up to this tick.
    synced: u64,
    due: Option<Instant>,
}

impl Default for Rtc {
    fn default() -> Rtc {
        Rtc::new(Date::default())
    }
}

impl Rtc {
    /// A clock that shows this date and time at power-on. The memory is zero but for the century.
    pub fn new(start: Date) -> Rtc {
        let calendar = Calendar {
            second: start.second,
            minute: start.minute,
            hour: start.hour,
            weekday: weekday(start.year.max(1), start.month, start.day),
            day: start.day,
            month: start.month,
            // Below 100.
            year: (start.year % 100) as u8,
        };
        let mut rtc = Rtc {
            time: [0; TIME_REGISTERS],
            a: A_POWER_ON,
            b: B_POWER_ON,
            flags: 0,
            memory: vec![0; 2 * BANK],
            index: NMI_MASK,
            extended_index: 0,
            phase: 0,
            synced: 0,
            due: None,
        };
        calendar.to_registers(&mut rtc.time, Format(B_POWER_ON));
        // The quotient is below 656, and below 100 for four-digit years.
        rtc.set_cmos(CENTURY, Format(B_POWER_ON).encode((start.year / 100 % 100) as u8));
        rtc
    }

    /// A byte of the memory. 80h to FFh are the second bank.
    pub fn cmos(&self, index: u8) -> u8 {
        self.memory.get(usize::from(index)).copied().unwrap_or(0)
    }

    /// Sets a byte of the memory as a battery would have kept it, without the checksum. 80h to FFh are the second
    /// bank; 00h to 0Dh are the clock's registers and are left alone.
    pub fn set_cmos(&mut self, index: u8, value: u8) {
        if let Some(byte) = self.memory.get_mut(usize::from(index)).filter(|_| index >= MEMORY) {
            *byte = value;
        }
    }

    /// Writes the checksum of 10h to 2Dh to 2Eh and 2Fh, as a PC's BIOS checks it.
    pub fn update_checksum(&mut self) {
        let sum: u16 = self.memory.get(CHECKED).unwrap_or_default().iter().map(|byte| u16::from(*byte)).sum();
        if let Some(kept) = self.memory.get_mut(CHECKSUM..CHECKSUM + 2) {
            kept.copy_from_slice(&sum.to_be_bytes());
        }
    }

    /// True while NMI is masked by bit 7 of port 70h; so it is after power-on.
    pub fn nmi_masked(&self) -> bool {
        self.index & NMI_MASK != 0
    }

    fn tick(cx: &Cx<'_>) -> u64 {
        cx.rate(CRYSTAL_HZ).ticks_at(cx.now)
    }

    fn format(&self) -> Format {
        Format(self.b)
    }

    fn calendar(&self) -> Calendar {
        Calendar::from_registers(&self.time, self.format())
    }

    fn alarm(&self) -> [u8; 3] {
        [self.time[1], self.time[3], self.time[5]]
    }

    /// The divider runs.
    fn runs(&self) -> bool {
        self.a >> 4 & 7 == A_RUNS
    }

    /// The clock is updated once a second.
    fn updates(&self) -> bool {
        self.runs() && self.b & B_SET == 0
    }

    /// Ticks between two periodic interrupts ("Periodic Interrupt Rate", for 32.768 kHz).
    fn period(&self) -> Option<u64> {
        match self.a & 0xF {
            0 => None,
            rate @ 1..3 => Some(64 << rate),
            rate => Some(1 << (rate - 1)),
        }
    }

    /// Brings time and flags forward.
    fn sync(&mut self, tick: u64) {
        let (from, to) = (self.synced + self.phase, tick + self.phase);
        self.synced = tick;
        if !self.runs() || to <= from {
            return;
        }
        if self.period().is_some_and(|period| to / period > from / period) {
            self.flags |= C_PF;
        }
        let updates = to / CRYSTAL_HZ - from / CRYSTAL_HZ;
        if updates == 0 || self.b & B_SET != 0 {
            return;
        }
        self.flags |= C_UF;
        let mut calendar = self.calendar();
        if calendar.until_alarm(self.alarm(), self.format()).is_some_and(|seconds| seconds <= updates) {
            self.flags |= C_AF;
        }
        calendar.advance(updates);
        let format = self.format();
        calendar.to_registers(&mut self.time, format);
    }

    /// UIP: the end of the update is near.
    fn updating(&self, tick: u64) -> bool {
        self.updates() && (tick + self.phase) % CRYSTAL_HZ >= CRYSTAL_HZ - UPDATE_TICKS
    }

    fn interrupt(&self) -> bool {
        self.flags & self.b & (C_PF | C_AF | C_UF) != 0
    }

    /// The tick of the next interrupt; none while one is waiting, because then the line does not change.
    fn next_interrupt(&self) -> Option<u64> {
        if !self.runs() || self.interrupt() {
            return None;
        }
        let now = self.synced + self.phase;
        let enabled = |bit: u8| self.b & bit != 0;
        let periodic = self.period().filter(|_| enabled(B_PIE)).map(|period| (now / period + 1) * period);
        let update = |seconds: u64| (now / CRYSTAL_HZ + seconds) * CRYSTAL_HZ;
        let ended = (enabled(B_UIE) && self.updates()).then(|| update(1));
        let alarm =
            (enabled(B_AIE) && self.updates()).then(|| self.calendar().until_alarm(self.alarm(), self.format()));
        let next = [periodic, ended, alarm.flatten().map(update)].into_iter().flatten().min()?;
        Some(next - self.phase)
    }

    fn drive(&mut self, cx: &mut Cx<'_>) {
        cx.lines.set_irq(IRQ, self.interrupt());
        self.due = self.next_interrupt().map(|tick| cx.rate(CRYSTAL_HZ).instant_of(tick));
    }

    fn read_register(&mut self, index: u8, tick: u64) -> u8 {
        match index {
            REGISTER_A => self.a | if self.updating(tick) { A_UIP } else { 0 },
            REGISTER_B => self.b,
            REGISTER_C => {
                let irqf = if self.interrupt() { C_IRQF } else { 0 };
                irqf | std::mem::take(&mut self.flags)
            }
            REGISTER_D => D_VRT,
            _ => match self.time.get(usize::from(index)) {
                Some(time) => *time,
                None => self.cmos(index),
            },
        }
    }

    fn write_register(&mut self, index: u8, value: u8, tick: u64) {
        match index {
            REGISTER_A => self.write_a(value & !A_UIP, tick),
            REGISTER_B => self.write_b(value),
            // Registers C and D are for reading.
            REGISTER_C | REGISTER_D => {}
            _ => match self.time.get_mut(usize::from(index)) {
                Some(time) => *time = value,
                None => self.set_cmos(index, value),
            },
        }
    }

    fn write_a(&mut self, value: u8, tick: u64) {
        let ran = self.runs();
        self.a = value;
        if self.runs() && !ran {
            self.phase = CRYSTAL_HZ - (tick + FIRST_UPDATE) % CRYSTAL_HZ;
        }
    }

    /// "SET going high clears the UIE bit."
    fn write_b(&mut self, value: u8) {
        let stops = value & !self.b & B_SET != 0;
        self.b = if stops { value & !B_UIE } else { value };
    }

    fn read_byte(&mut self, reg: Reg, tick: u64) -> u8 {
        match (reg.range, reg.offset) {
            (0, 1) => self.read_register(self.index & !NMI_MASK, tick),
            (0, 3) => self.cmos(self.extended_index | EXTENDED),
            // The index ports can only be written.
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, reg: Reg, value: u8, tick: u64) {
        match (reg.range, reg.offset) {
            (0, 0) => self.index = value,
            (0, 1) => self.write_register(self.index & !NMI_MASK, value, tick),
            (0, 2) => self.extended_index = value & !NMI_MASK,
            (0, 3) => self.set_cmos(self.extended_index | EXTENDED, value),
            _ => {}
        }
    }
}

impl Device for Rtc {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("clock and CMOS", 0x70, 4)])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let tick = Rtc::tick(cx);
        self.sync(tick);
        let value = byte_wide::read(reg, size, |reg| self.read_byte(reg, tick));
        self.drive(cx);
        value
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        let tick = Rtc::tick(cx);
        self.sync(tick);
        byte_wide::write(reg, size, value, |reg, value| self.write_byte(reg, value, tick));
        self.drive(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Goes to the moment that was due, not past it, so that it does not matter how late the call comes.
    fn advance(&mut self, cx: &mut Cx<'_>) {
        if let Some(due) = self.due.filter(|due| *due <= cx.now) {
            self.sync(cx.rate(CRYSTAL_HZ).ticks_at(due));
            self.drive(cx);
        }
    }

    /// "RESET": interrupts and their flags are cleared; time, calendar and memory are kept by the battery.
    fn reset(&mut self) {
        self.b &= !(B_PIE | B_AIE | B_UIE | B_SQWE);
        self.flags = 0;
        self.index |= NMI_MASK;
        self.due = None;
    }

    fn show(&self) -> View {
        let time = self.calendar();
        let date = format!("{:02}-{:02}-{:02}", time.year, time.month, time.day);
        View::default()
            .row("date", date)
            .row("time", format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second))
            .row("alarm", format!("{:02X?}", self.alarm()))
            .row("register A", format!("{:02X}h", self.a))
            .row("register B", format!("{:02X}h", self.b))
            .row("register C", format!("{:02X}h", self.flags))
            .row("index", format!("{:02X}h", self.index & !NMI_MASK))
            .row("NMI", if self.nmi_masked() { "masked" } else { "open" })
    }
}

#[cfg(test)]
#[path = "rtc_tests.rs"]
mod tests;
