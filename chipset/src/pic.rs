//! The two 8259A interrupt controllers of a PC, cascaded at IRQ 2, with the edge/level registers of the PIIX3.
//!
//! Intel *8259A Programmable Interrupt Controller* datasheet (order number 231468), "Interrupt Sequence",
//! "Programming the 8259A"; Intel *82371SB (PIIX3)* datasheet (order number 290550), "Edge/Level Control Registers".
//!
//! Where the datasheet leaves room: INT follows the requests as they are now, so a request that drops before
//! the first INTA takes INT with it, and an INTA that still comes is answered with level 7. The SP/EN# pin tells
//! master from slave, whatever the buffered-mode bits of ICW4 say, as on the PIIX3.

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::pic_chip::Chip;
use crate::{Cx, Device, Ranges, Reg, View, byte_wide};

/// The master's input that the slave's INT is wired to.
const CASCADE: u8 = 2;
/// ELCR bits that exist. IRQ 0, 1 and 2 are always edge triggered ("ELCR1").
const ELCR1_BITS: u8 = 0xF8;
/// IRQ 8 and 13 are always edge triggered ("ELCR2").
const ELCR2_BITS: u8 = 0xDE;
/// What the processor reads when no chip answers the second INTA.
const NOBODY: u8 = 0xFF;

/// Both controllers. Inputs are IRQ 0 to 15.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Pic {
    /// Answers at ports 20h and 21h; IRQ 0 to 7.
    master: Chip,
    /// Answers at ports A0h and A1h; IRQ 8 to 15.
    slave: Chip,
}

impl Pic {
    /// Drives one input. IRQ 2 is the cascade and cannot be driven from outside; numbers above 15 do not exist.
    pub fn set_level(&mut self, irq: u8, high: bool) {
        match irq {
            CASCADE => {}
            0..8 => self.master.set_input(irq, high),
            8..16 => self.slave.set_input(irq - 8, high),
            _ => {}
        }
        self.cascade();
    }

    /// The INT output of the master, which is the processor's INTR.
    pub fn interrupt(&self) -> bool {
        self.master.int()
    }

    /// Both INTA cycles: puts the chosen level in service and answers with its vector.
    ///
    /// Without a request the answer is level 7 of the chip that was asked, and nothing goes in service.
    pub fn acknowledge(&mut self) -> u8 {
        let level = self.master.inta();
        let vector = if !self.master.is_slave_at(level) {
            self.master.vector(level)
        } else if self.slave.cascade_id() == level {
            let slave_level = self.slave.inta();
            // INT falls with the first INTA; a further request is a new edge at the master.
            self.master.set_input(CASCADE, false);
            self.slave.end_of_inta(slave_level);
            self.slave.vector(slave_level)
        } else {
            NOBODY
        };
        self.master.end_of_inta(level);
        self.cascade();
        vector
    }

    /// The level that the processor would get with an INTA now, for the debugger: an IRQ number.
    pub fn pending(&self) -> Option<u8> {
        match self.master.request() {
            Some(level) if self.master.is_slave_at(level) => self.slave.request().map(|slave| slave + 8),
            level => level,
        }
    }

    fn cascade(&mut self) {
        let int = self.slave.int();
        self.master.set_input(CASCADE, int);
    }

    /// True if the next read of one of them is a poll; no other read changes anything.
    #[inline]
    pub(crate) fn is_polled(&self) -> bool {
        self.master.is_polled() | self.slave.is_polled()
    }

    /// The mask register of the master (0) or the slave (1), unless a read of a chip is a poll.
    #[inline]
    pub(crate) fn mask(&self, chip: u8) -> Option<u8> {
        let chip = if chip == 0 { &self.master } else { &self.slave };
        (!self.is_polled()).then(|| chip.mask())
    }

    /// Sets the mask register of a chip, if its INT certainly stays what it is. False, and nothing is done, if not.
    #[inline]
    pub(crate) fn set_mask_quietly(&mut self, chip: u8, value: u8) -> bool {
        let chip = if chip == 0 { &mut self.master } else { &mut self.slave };
        chip.set_mask_quietly(value)
    }

    pub(crate) fn read_byte(&mut self, reg: Reg) -> u8 {
        let polled = self.is_polled();
        let value = match (reg.range, reg.offset) {
            (0, a0 @ (0 | 1)) => self.master.read(a0 == 1),
            (1, a0 @ (0 | 1)) => self.slave.read(a0 == 1),
            (2, 0) => self.master.elcr(),
            (2, 1) => self.slave.elcr(),
            _ => NOBODY,
        };
        if polled {
            self.cascade();
        }
        value
    }

    pub(crate) fn write_byte(&mut self, reg: Reg, value: u8) {
        match (reg.range, reg.offset) {
            (0, a0 @ (0 | 1)) => self.master.write(a0 == 1, value),
            (1, a0 @ (0 | 1)) => self.slave.write(a0 == 1, value),
            (2, 0) => self.master.set_elcr(value & ELCR1_BITS),
            (2, 1) => self.slave.set_elcr(value & ELCR2_BITS),
            _ => {}
        }
        self.cascade();
    }
}

impl Device for Pic {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("master", 0x20, 2), ("slave", 0xA0, 2), ("edge/level", 0x4D0, 2)])
    }

    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        byte_wide::read(reg, size, |reg| self.read_byte(reg))
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, _cx: &mut Cx<'_>) {
        byte_wide::write(reg, size, value, |reg, value| self.write_byte(reg, value));
    }

    fn reset(&mut self) {
        self.master.reset();
        self.slave.reset();
        self.cascade();
    }

    fn show(&self) -> View {
        let view = self.slave.show("slave", self.master.show("master", View::default()));
        let pending = self.pending().map_or("none".to_owned(), |irq| format!("IRQ {irq}"));
        view.row("pending", pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, abuse};

    /// The two chips as a PC BIOS leaves them: vectors 08h and 70h, all inputs open.
    fn pc() -> (Fake, Pic) {
        let (mut fake, mut pic) = (Fake::new(), Pic::default());
        for (port, value) in [
            (0x20, 0x11),
            (0x21, 0x08),
            (0x21, 0x04),
            (0x21, 0x01),
            (0xA0, 0x11),
            (0xA1, 0x70),
            (0xA1, 0x02),
            (0xA1, 0x01),
        ] {
            fake.outb(&mut pic, port, value);
        }
        (fake, pic)
    }

    fn pulse(pic: &mut Pic, irq: u8) {
        pic.set_level(irq, false);
        pic.set_level(irq, true);
    }

    #[test]
    fn vectors_priorities_and_end_of_interrupt() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 4);
        pulse(&mut pic, 1);
        assert_eq!(fake.inb(&mut pic, 0x20), 0x12, "IRR");
        assert_eq!(pic.acknowledge(), 0x09, "level 1 comes first");
        assert!(!pic.interrupt(), "level 4 waits below level 1");
        pulse(&mut pic, 0);
        assert_eq!(pic.acknowledge(), 0x08, "level 0 nests");
        fake.outb(&mut pic, 0x20, 0x0B);
        assert_eq!(fake.inb(&mut pic, 0x20), 0x03, "ISR");
        fake.outb(&mut pic, 0x20, 0x20);
        assert_eq!(fake.inb(&mut pic, 0x20), 0x02, "the non-specific EOI ended the highest");
        fake.outb(&mut pic, 0x20, 0x61);
        assert_eq!(fake.inb(&mut pic, 0x20), 0x00, "the specific one level 1");
        assert_eq!(pic.acknowledge(), 0x0C);
    }

    #[test]
    fn a_silent_chip_before_initialization() {
        let mut pic = Pic::default();
        pulse(&mut pic, 3);
        assert!(!pic.interrupt());
    }

    #[test]
    fn an_edge_is_taken_once_and_a_level_again_and_again() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 5);
        assert_eq!(pic.acknowledge(), 0x0D);
        fake.outb(&mut pic, 0x20, 0x20);
        assert!(!pic.interrupt(), "still high, but no new edge");
        fake.outb(&mut pic, 0x4D0, 0xFF);
        assert_eq!(fake.inb(&mut pic, 0x4D0), 0xF8, "IRQ 0 to 2 stay edge triggered");
        fake.outb(&mut pic, 0x4D1, 0xFF);
        assert_eq!(fake.inb(&mut pic, 0x4D1), 0xDE, "IRQ 8 and 13 too");
        assert_eq!(pic.acknowledge(), 0x0D, "now the level counts");
        fake.outb(&mut pic, 0x20, 0x20);
        assert!(pic.interrupt());
        pic.set_level(5, false);
        assert!(!pic.interrupt());
    }

    #[test]
    fn level_triggered_by_icw1() {
        let (mut fake, mut pic) = pc();
        pic.set_level(3, true);
        for value in [0x19, 0x08, 0x04, 0x01] {
            fake.outb(&mut pic, if value == 0x19 { 0x20 } else { 0x21 }, value);
        }
        assert_eq!(pic.acknowledge(), 0x0B, "LTIM: the level is enough");
        let (mut fake, mut pic) = pc();
        pic.set_level(3, true);
        for (port, value) in [(0x20, 0x11), (0x21, 0x08), (0x21, 0x04), (0x21, 0x01)] {
            fake.outb(&mut pic, port, value);
        }
        assert!(!pic.interrupt(), "ICW1 resets the edge sense: a new low-to-high transition is needed");
    }

    #[test]
    fn a_request_that_drops_is_answered_with_level_7() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 3);
        assert!(pic.interrupt());
        pic.set_level(3, false);
        assert_eq!(pic.acknowledge(), 0x0F, "the default IR7");
        fake.outb(&mut pic, 0x20, 0x0B);
        assert_eq!(fake.inb(&mut pic, 0x20), 0, "and nothing is in service");
    }

    #[test]
    fn a_slave_without_a_request_answers_with_its_level_7() {
        let (_, mut pic) = pc();
        // The slave takes its request back between the two INTA cycles: the master has chosen IR2 already.
        pulse(&mut pic, 12);
        let level = pic.master.inta();
        pic.set_level(12, false);
        let slave_level = pic.slave.inta();
        assert_eq!((level, pic.slave.vector(slave_level)), (2, 0x77));
        assert_eq!(pic.slave.in_service(), 0);
    }

    #[test]
    fn the_slave_through_the_cascade() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 14);
        pulse(&mut pic, 12);
        assert_eq!(pic.pending(), Some(12));
        assert_eq!(pic.acknowledge(), 0x74);
        fake.outb(&mut pic, 0x20, 0x0B);
        fake.outb(&mut pic, 0xA0, 0x0B);
        assert_eq!((fake.inb(&mut pic, 0x20), fake.inb(&mut pic, 0xA0)), (0x04, 0x10));
        fake.outb(&mut pic, 0xA0, 0x20);
        assert!(!pic.interrupt(), "level 2 of the master is still in service");
        fake.outb(&mut pic, 0x20, 0x20);
        assert_eq!(pic.acknowledge(), 0x76);
        pulse(&mut pic, 2);
        assert_eq!(pic.pending(), None, "IRQ 2 is not an input");
    }

    #[test]
    fn a_cascade_that_nobody_answers() {
        let (mut fake, mut pic) = pc();
        for (port, value) in [(0xA0, 0x11), (0xA1, 0x70), (0xA1, 0x05), (0xA1, 0x01)] {
            fake.outb(&mut pic, port, value);
        }
        pulse(&mut pic, 9);
        assert_eq!(pic.acknowledge(), 0xFF, "the slave believes to be at IR5");
    }

    #[test]
    fn single_mode_has_no_icw3_and_no_slave() {
        let (mut fake, mut pic) = pc();
        for (port, value) in [(0x20, 0x13), (0x21, 0x40), (0x21, 0x01)] {
            fake.outb(&mut pic, port, value);
        }
        fake.outb(&mut pic, 0x21, 0xFB);
        assert_eq!(fake.inb(&mut pic, 0x21), 0xFB, "the fourth byte is the mask");
        pulse(&mut pic, 8);
        assert_eq!(pic.acknowledge(), 0x42, "IR2 is an input like the others");
    }

    #[test]
    fn mcs_80_mode_answers_with_the_low_address_byte() {
        let (mut fake, mut pic) = pc();
        // Interval 4, A7-A5 = 101; no ICW4, so the 8080 mode.
        for (port, value) in [(0x20, 0xB6), (0x21, 0x12)] {
            fake.outb(&mut pic, port, value);
        }
        pulse(&mut pic, 3);
        assert_eq!(pic.acknowledge(), 0xA0 | 3 << 2);
        // Interval 8: A7-A6 only.
        for (port, value) in [(0x20, 0xB2), (0x21, 0x12)] {
            fake.outb(&mut pic, port, value);
        }
        pulse(&mut pic, 3);
        assert_eq!(pic.acknowledge(), 0x80 | 3 << 3);
    }

    #[test]
    fn masks_hide_requests() {
        let (mut fake, mut pic) = pc();
        fake.outb(&mut pic, 0x21, 0xFD);
        pulse(&mut pic, 0);
        assert!(!pic.interrupt());
        assert_eq!(fake.inb(&mut pic, 0x20), 1, "the IRR is read before the mask");
        fake.outb(&mut pic, 0x21, 0xFC);
        assert!(pic.interrupt());
        assert_eq!(fake.inb(&mut pic, 0x21), 0xFC);
    }

    #[test]
    fn rotation() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 0);
        pulse(&mut pic, 4);
        assert_eq!(pic.acknowledge(), 0x08);
        fake.outb(&mut pic, 0x20, 0xA0);
        pulse(&mut pic, 0);
        assert_eq!(pic.acknowledge(), 0x0C, "level 0 is the lowest now");
        fake.outb(&mut pic, 0x20, 0xE4);
        pulse(&mut pic, 6);
        assert_eq!(pic.acknowledge(), 0x0E, "after a rotate on specific EOI of 4, 5 is the highest");
        fake.outb(&mut pic, 0x20, 0x20);
        fake.outb(&mut pic, 0x20, 0xC7);
        assert_eq!(pic.acknowledge(), 0x08, "set priority: 7 is the lowest again");
    }

    #[test]
    fn automatic_end_of_interrupt_with_rotation() {
        let (mut fake, mut pic) = pc();
        for (port, value) in [(0x20, 0x11), (0x21, 0x08), (0x21, 0x04), (0x21, 0x03), (0x20, 0x80)] {
            fake.outb(&mut pic, port, value);
        }
        pulse(&mut pic, 1);
        pulse(&mut pic, 3);
        assert_eq!(pic.acknowledge(), 0x09);
        pulse(&mut pic, 1);
        assert_eq!(pic.acknowledge(), 0x0B, "level 1 went to the end of the row");
        assert_eq!(pic.acknowledge(), 0x09);
        fake.outb(&mut pic, 0x20, 0x0B);
        assert_eq!(fake.inb(&mut pic, 0x20), 0);
    }

    #[test]
    fn special_mask_mode() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 3);
        assert_eq!(pic.acknowledge(), 0x0B);
        pulse(&mut pic, 6);
        assert!(!pic.interrupt());
        fake.outb(&mut pic, 0x21, 0x08);
        fake.outb(&mut pic, 0x20, 0x68);
        assert_eq!(pic.acknowledge(), 0x0E, "lower levels come through below the masked one");
        fake.outb(&mut pic, 0x20, 0x20);
        fake.outb(&mut pic, 0x20, 0x0B);
        assert_eq!(fake.inb(&mut pic, 0x20), 0x08, "a non-specific EOI passes the masked level by");
        fake.outb(&mut pic, 0x20, 0x48);
        fake.outb(&mut pic, 0x20, 0x20);
        assert_eq!(fake.inb(&mut pic, 0x20), 0);
    }

    #[test]
    fn special_fully_nested_mode_lets_the_slave_nest() {
        let (mut fake, mut pic) = pc();
        pulse(&mut pic, 12);
        assert_eq!(pic.acknowledge(), 0x74);
        pulse(&mut pic, 8);
        assert!(!pic.interrupt(), "normally the master holds the slave back");
        for (port, value) in [(0x20, 0x11), (0x21, 0x08), (0x21, 0x04), (0x21, 0x11)] {
            fake.outb(&mut pic, port, value);
        }
        fake.outb(&mut pic, 0xA0, 0x20);
        pic.set_level(8, false);
        pulse(&mut pic, 12);
        assert_eq!(pic.acknowledge(), 0x74);
        pulse(&mut pic, 8);
        assert_eq!(pic.acknowledge(), 0x70);
    }

    #[test]
    fn poll_mode() {
        let (mut fake, mut pic) = pc();
        fake.outb(&mut pic, 0x20, 0x0C);
        assert_eq!(fake.inb(&mut pic, 0x20) & 0x80, 0);
        pulse(&mut pic, 6);
        fake.outb(&mut pic, 0x20, 0x0C);
        assert_eq!(fake.inb(&mut pic, 0x21), 0x86, "the next read at either address is the poll");
        assert!(!pic.interrupt());
        fake.outb(&mut pic, 0x20, 0x0B);
        assert_eq!(fake.inb(&mut pic, 0x20), 0x40, "it put the level in service");
        assert_eq!(fake.inb(&mut pic, 0x21), 0);
    }

    #[test]
    fn a_slave_in_aeoi_mode_gives_a_new_edge_for_each_request() {
        let (mut fake, mut pic) = pc();
        for (port, value) in [(0xA0, 0x11), (0xA1, 0x70), (0xA1, 0x02), (0xA1, 0x03)] {
            fake.outb(&mut pic, port, value);
        }
        pulse(&mut pic, 9);
        pulse(&mut pic, 10);
        assert_eq!(pic.acknowledge(), 0x71);
        fake.outb(&mut pic, 0x20, 0x20);
        assert_eq!(pic.acknowledge(), 0x72);
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut Pic::default());
    }
}
