//! The parallel port LPT1, ports 378h to 37Ah, IRQ 7, with a printer on it that is always ready.
//!
//! IBM *PC/AT Technical Reference* (6183310), "Serial/Parallel Adapter", parallel part; IBM *PS/2 Hardware Interface
//! Technical Reference* (1988), "Parallel Port", for the direction bit; the strobe and acknowledge of the cable as
//! IEEE 1284-1994, "Compatibility mode", has them. There is no EPP and no ECP.
//!
//! A byte goes out to the host at the leading edge of the strobe. The printer is then busy for 20 us and acknowledges in
//! the last 5 of them; a strobe in that time is lost. Nothing drives the data lines while the port reads them.

use ringwalk_mmu::{Instant, Size};
use serde::{Deserialize, Serialize};

use crate::{Cx, Device, Output, Ranges, Reg, View, byte_wide};

const IRQ: u8 = 7;
/// The printer's times count microseconds.
const MICROSECONDS: u64 = 1_000_000;
/// From the strobe to the acknowledge pulse, and to its end.
const ACK_BEGINS_US: u64 = 15;
const ACK_ENDS_US: u64 = 20;

/// Status bits as the port reads them: not busy (the line is inverted); no acknowledge pulse; selected; no error.
/// Paper is there, so bit 5 is clear; bits 2-0 are not driven.
const NOT_BUSY: u8 = 1 << 7;
const NO_ACK: u8 = 1 << 6;
const SELECTED: u8 = 1 << 4;
const NO_ERROR: u8 = 1 << 3;
const UNDRIVEN_STATUS: u8 = 0b111;

/// Control bits: strobe; the printer is not held in reset; interrupts; the data lines are inputs.
const STROBE: u8 = 1 << 0;
const NO_RESET: u8 = 1 << 2;
const INTERRUPTS: u8 = 1 << 4;
const INPUT: u8 = 1 << 5;
/// Control bits that are not there read as 1.
const UNDRIVEN_CONTROL: u8 = 0xC0;

/// The port with its printer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Parallel {
    data: u8,
    control: u8,
    /// When the printer took the last byte, while it is busy with it.
    strobed: Option<u64>,
    /// Bytes that it took.
    printed: u64,
    due: Option<Instant>,
}

impl Parallel {
    fn tick(cx: &Cx<'_>) -> u64 {
        cx.rate(MICROSECONDS).ticks_at(cx.now)
    }

    fn acknowledges(&self, now: u64) -> bool {
        self.strobed.is_some_and(|at| now >= at.saturating_add(ACK_BEGINS_US))
    }

    fn busy(&self) -> bool {
        self.strobed.is_some() || self.control & NO_RESET == 0
    }

    fn status(&self, now: u64) -> u8 {
        let mut status = SELECTED | NO_ERROR | UNDRIVEN_STATUS;
        for (set, bit) in [(!self.busy(), NOT_BUSY), (!self.acknowledges(now), NO_ACK)] {
            status |= if set { bit } else { 0 };
        }
        status
    }

    fn write_control(&mut self, value: u8, cx: &mut Cx<'_>) {
        let value = value & !UNDRIVEN_CONTROL;
        let strobes = value & !self.control & STROBE != 0;
        self.control = value;
        if value & NO_RESET == 0 {
            self.strobed = None;
        } else if strobes && !self.busy() {
            self.strobed = Some(Parallel::tick(cx));
            self.printed = self.printed.saturating_add(1);
            // The printer sees the lines: its own pull-ups while they are inputs.
            cx.output.push(Output::Parallel(if value & INPUT != 0 { 0xFF } else { self.data }));
        }
    }

    fn read_byte(&mut self, reg: Reg, now: u64) -> u8 {
        match reg.offset {
            0 if self.control & INPUT != 0 => 0xFF,
            0 => self.data,
            1 => self.status(now),
            2 => self.control | UNDRIVEN_CONTROL,
            _ => 0xFF,
        }
    }

    fn write_byte(&mut self, reg: Reg, value: u8, cx: &mut Cx<'_>) {
        match reg.offset {
            0 => self.data = value,
            2 => self.write_control(value, cx),
            _ => {}
        }
    }

    /// Drives the interrupt, which follows the acknowledge pulse, and finds its next edge.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let now = Parallel::tick(cx);
        if self.strobed.is_some_and(|at| now >= at.saturating_add(ACK_ENDS_US)) {
            self.strobed = None;
        }
        cx.lines.set_irq(IRQ, self.control & INTERRUPTS != 0 && self.acknowledges(now));
        let edge =
            self.strobed.map(|at| at.saturating_add(if self.acknowledges(now) { ACK_ENDS_US } else { ACK_BEGINS_US }));
        self.due = edge.map(|at| cx.rate(MICROSECONDS).instant_of(at));
    }
}

impl Device for Parallel {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("LPT1", 0x378, 3)])
    }

    fn read(&mut self, reg: Reg, size: Size, cx: &mut Cx<'_>) -> u64 {
        let now = Parallel::tick(cx);
        byte_wide::read(reg, size, |reg| self.read_byte(reg, now))
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, cx: &mut Cx<'_>) {
        byte_wide::write(reg, size, value, |reg, value| self.write_byte(reg, value, cx));
        self.drive(cx);
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        if self.due.is_some_and(|due| due <= cx.now) {
            self.drive(cx);
        }
    }

    /// The port's reset takes the printer's along.
    fn reset(&mut self) {
        *self = Parallel { printed: self.printed, ..Parallel::default() };
    }

    fn show(&self) -> View {
        let direction = if self.control & INPUT != 0 { "input" } else { "output" };
        let printer = match (self.control & NO_RESET == 0, self.strobed) {
            (true, _) => "in reset",
            (_, Some(_)) => "busy",
            _ => "ready",
        };
        View::default()
            .row("data", format!("{:02X}h, {direction}", self.data))
            .row("control", format!("{:02X}h", self.control))
            .row("printer", printer)
            .row("bytes printed", self.printed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, US, abuse};

    const DATA: u16 = 0x378;
    const STATUS: u16 = 0x379;
    const CONTROL: u16 = 0x37A;

    /// A port whose printer is out of reset: control 0Ch selects it, as INT 17h leaves it.
    fn board() -> (Fake, Parallel) {
        let (mut fake, mut port) = (Fake::new(), Parallel::default());
        fake.outb(&mut port, CONTROL, 0x0C);
        (fake, port)
    }

    /// Prints as INT 17h does: wait, data, strobe on, strobe off.
    fn print(fake: &mut Fake, port: &mut Parallel, byte: u8) {
        while fake.inb(port, STATUS) & 0x80 == 0 {
            fake.run(port, US);
        }
        fake.outb(port, DATA, byte);
        fake.outb(port, CONTROL, 0x0D);
        fake.outb(port, CONTROL, 0x0C);
    }

    #[test]
    fn bytes_go_out_at_the_strobe() {
        let (mut fake, mut port) = board();
        assert_eq!(fake.inb(&mut port, STATUS) & 0xF8, 0xD8, "not busy, no acknowledge, paper, selected, no error");
        "ok\n".bytes().for_each(|byte| print(&mut fake, &mut port, byte));
        assert_eq!(fake.output, [b'o', b'k', b'\n'].map(Output::Parallel));
        fake.outb(&mut port, CONTROL, 0x0D);
        assert_eq!(fake.output.len(), 3, "busy: the strobe is lost");
    }

    #[test]
    fn busy_then_acknowledge_then_ready() {
        let (mut fake, mut port) = board();
        print(&mut fake, &mut port, b'x');
        assert_eq!(fake.inb(&mut port, STATUS) & 0xC0, 0x40, "busy");
        fake.run(&mut port, 16 * US);
        assert_eq!(fake.inb(&mut port, STATUS) & 0xC0, 0x00, "acknowledge, active low");
        fake.run(&mut port, 5 * US);
        assert_eq!(fake.inb(&mut port, STATUS) & 0xC0, 0xC0);
        assert!(!fake.irq(7));
    }

    #[test]
    fn the_acknowledge_interrupts_when_enabled() {
        let (mut fake, mut port) = board();
        fake.outb(&mut port, CONTROL, 0x1C);
        fake.outb(&mut port, CONTROL, 0x1D);
        fake.outb(&mut port, CONTROL, 0x1C);
        fake.run(&mut port, 14 * US);
        assert!(!fake.irq(7));
        fake.run(&mut port, 2 * US);
        assert!(fake.irq(7));
        fake.run(&mut port, 5 * US);
        assert!(!fake.irq(7));
        assert_eq!(port.due(), None);
    }

    #[test]
    fn latches_read_back_and_the_direction_bit_frees_the_data_lines() {
        let (mut fake, mut port) = board();
        for value in [0x55, 0xAA] {
            fake.outb(&mut port, DATA, value);
            assert_eq!(fake.inb(&mut port, DATA), value);
        }
        fake.outb(&mut port, CONTROL, 0x2C);
        assert_eq!((fake.inb(&mut port, DATA), fake.inb(&mut port, CONTROL)), (0xFF, 0xEC));
        fake.outb(&mut port, CONTROL, 0x0C);
        assert_eq!((fake.inb(&mut port, DATA), fake.inb(&mut port, CONTROL)), (0xAA, 0xCC));
    }

    #[test]
    fn a_printer_in_reset_is_busy() {
        let (mut fake, mut port) = board();
        fake.outb(&mut port, CONTROL, 0x08);
        assert_eq!(fake.inb(&mut port, STATUS) & 0x80, 0);
        fake.outb(&mut port, CONTROL, 0x09);
        assert_eq!(fake.output, []);
        fake.outb(&mut port, CONTROL, 0x0C);
        assert_eq!(fake.inb(&mut port, STATUS) & 0x80, 0x80);
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut Parallel::default());
    }
}
