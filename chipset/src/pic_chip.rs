//! One 8259A. Intel *8259A Programmable Interrupt Controller* datasheet (order number 231468).

use serde::{Deserialize, Serialize};

use crate::View;

/// ICW1: this write starts an initialization; without it the write at A0 = 0 is an OCW.
const ICW1: u8 = 1 << 4;
/// ICW1, LTIM: level triggered mode.
const ICW1_LTIM: u8 = 1 << 3;
/// ICW1, ADI: call address interval of 4 bytes instead of 8.
const ICW1_ADI: u8 = 1 << 2;
/// ICW1, SNGL: single, no cascade and no ICW3.
const ICW1_SNGL: u8 = 1 << 1;
/// ICW1, IC4: ICW4 will be read.
const ICW1_IC4: u8 = 1 << 0;

/// ICW4, SFNM: special fully nested mode.
const ICW4_SFNM: u8 = 1 << 4;
/// ICW4, AEOI: automatic end of interrupt.
const ICW4_AEOI: u8 = 1 << 1;
/// ICW4, uPM: 8086 mode instead of MCS-80/85.
const ICW4_8086: u8 = 1 << 0;

/// A0 = 0, bit 4 clear: OCW3 instead of OCW2.
const OCW3: u8 = 1 << 3;
/// OCW3, ESMM: SMM is taken over.
const OCW3_ESMM: u8 = 1 << 6;
/// OCW3, SMM: special mask mode.
const OCW3_SMM: u8 = 1 << 5;
/// OCW3, P: poll.
const OCW3_P: u8 = 1 << 2;
/// OCW3, RR: RIS is taken over.
const OCW3_RR: u8 = 1 << 1;
/// OCW3, RIS: reads give the ISR instead of the IRR.
const OCW3_RIS: u8 = 1 << 0;

/// A poll byte, I: there was a request.
const POLL_REQUEST: u8 = 1 << 7;
/// The level that is answered when no request is left ("a default IR7").
const DEFAULT_LEVEL: u8 = 7;

/// The byte that an initialization waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
enum Awaits {
    /// Power-on: not initialized yet, and silent.
    #[default]
    Icw1,
    /// The vector.
    Icw2,
    /// The cascade.
    Icw3,
    /// The modes.
    Icw4,
    /// Nothing: at work.
    Nothing,
}

/// One controller. Inputs are IR0 to IR7, as bit numbers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chip {
    awaits: Awaits,
    icw1: u8,
    icw2: u8,
    icw3: u8,
    icw4: u8,
    /// Levels of the inputs.
    inputs: u8,
    /// Edge sense: inputs that were low since they were last taken, so that a high one is a request.
    armed: u8,
    /// ELCR: inputs that are level triggered.
    elcr: u8,
    imr: u8,
    isr: u8,
    /// How far the priorities are rotated: the level that is the highest.
    highest: u8,
    rotate_in_aeoi: bool,
    special_mask: bool,
    /// The next read is a poll.
    poll: bool,
    read_isr: bool,
}

impl Chip {
    /// Hardware reset: not initialized; the inputs stay as they are driven.
    pub(crate) fn reset(&mut self) {
        *self = Chip { inputs: self.inputs, ..Chip::default() };
    }

    /// Drives an input.
    pub(crate) fn set_input(&mut self, level: u8, high: bool) {
        let bit = 1 << level;
        if high {
            self.inputs |= bit;
        } else {
            self.inputs &= !bit;
            self.armed |= bit;
        }
    }

    /// The interrupt request register: a request lasts only while its input is high.
    #[inline]
    fn irr(&self) -> u8 {
        let by_level = if self.icw1 & ICW1_LTIM != 0 { 0xFF } else { self.elcr };
        self.inputs & (self.armed | by_level)
    }

    /// The in-service register.
    #[cfg(test)]
    pub(crate) fn in_service(&self) -> u8 {
        self.isr
    }

    /// The set level with the highest priority.
    fn first(&self, levels: u8) -> Option<u8> {
        let rotated = levels.rotate_right(u32::from(self.highest));
        // A bit number.
        (rotated != 0).then(|| (rotated.trailing_zeros() as u8).wrapping_add(self.highest) % 8)
    }

    /// How far a level is from the highest priority: 0 to 7.
    fn rank(&self, level: u8) -> u8 {
        level.wrapping_sub(self.highest) % 8
    }

    /// The request that an INTA would be answered with ("Fully Nested Mode", "Special Mask Mode",
    /// "The Special Fully Nested Mode").
    pub(crate) fn request(&self) -> Option<u8> {
        if self.awaits != Awaits::Nothing {
            return None;
        }
        let candidate = self.first(self.irr() & !self.imr)?;
        let blocking = if self.special_mask { self.isr & !self.imr } else { self.isr };
        let nests = match self.first(blocking) {
            None => true,
            Some(level) if level == candidate => self.icw4 & ICW4_SFNM != 0 && self.is_slave_at(level),
            Some(level) => self.rank(candidate) < self.rank(level),
        };
        nests.then_some(candidate)
    }

    /// The INT output.
    pub(crate) fn int(&self) -> bool {
        self.request().is_some()
    }

    /// The first INTA: the level that is answered. It goes in service, and its edge is used up.
    pub(crate) fn inta(&mut self) -> u8 {
        let Some(level) = self.request() else {
            return DEFAULT_LEVEL;
        };
        self.isr |= 1 << level;
        self.armed &= !(1 << level);
        level
    }

    /// The end of the last INTA: automatic end of interrupt.
    pub(crate) fn end_of_inta(&mut self, level: u8) {
        if self.icw4 & ICW4_AEOI != 0 && self.isr & 1 << level != 0 {
            self.isr &= !(1 << level);
            if self.rotate_in_aeoi {
                self.make_lowest(level);
            }
        }
    }

    /// What the chip puts on the bus in the second INTA: the vector, or in MCS-80/85 mode the low byte of the
    /// call address ("Interrupt Sequence Outputs"); that mode's third INTA never comes from an x86 processor.
    pub(crate) fn vector(&self, level: u8) -> u8 {
        if self.icw4 & ICW4_8086 != 0 {
            self.icw2 & 0xF8 | level
        } else if self.icw1 & ICW1_ADI != 0 {
            self.icw1 & 0xE0 | level << 2
        } else {
            self.icw1 & 0xC0 | level << 3
        }
    }

    /// As a master: true if a slave answers for this level.
    pub(crate) fn is_slave_at(&self, level: u8) -> bool {
        self.icw1 & ICW1_SNGL == 0 && self.icw3 & 1 << level != 0
    }

    /// As a slave: the master's input that it answers for.
    pub(crate) fn cascade_id(&self) -> u8 {
        self.icw3 & 7
    }

    /// The edge/level control register.
    pub(crate) fn elcr(&self) -> u8 {
        self.elcr
    }

    /// Sets the edge/level control register; the caller masks the bits that are not there.
    pub(crate) fn set_elcr(&mut self, value: u8) {
        self.elcr = value;
    }

    /// True if the next read is a poll; no other changes anything.
    #[inline]
    pub(crate) fn is_polled(&self) -> bool {
        self.poll
    }

    /// OCW1, the mask register.
    #[inline]
    pub(crate) fn mask(&self) -> u8 {
        self.imr
    }

    /// Writes OCW1 if INT does not depend on it: no level requests whose bit changes. False, and nothing is done, if it may,
    /// or if the chip waits for another word.
    #[inline]
    pub(crate) fn set_mask_quietly(&mut self, value: u8) -> bool {
        let is_ocw1 = self.awaits == Awaits::Nothing;
        if !is_ocw1 || self.special_mask || self.irr() & (self.imr ^ value) != 0 {
            return false;
        }
        self.imr = value;
        true
    }

    /// Reads at A0.
    pub(crate) fn read(&mut self, a0: bool) -> u8 {
        if std::mem::take(&mut self.poll) {
            let request = self.request();
            let level = self.inta();
            self.end_of_inta(level);
            return if request.is_some() { POLL_REQUEST | level } else { level };
        }
        match (a0, self.read_isr) {
            (true, _) => self.imr,
            (false, true) => self.isr,
            (false, false) => self.irr(),
        }
    }

    /// Writes at A0.
    pub(crate) fn write(&mut self, a0: bool, value: u8) {
        match (a0, self.awaits) {
            (false, _) if value & ICW1 != 0 => self.write_icw1(value),
            (false, _) if value & OCW3 != 0 => self.write_ocw3(value),
            (false, _) => self.write_ocw2(value),
            (true, Awaits::Icw2) => {
                self.icw2 = value;
                self.awaits = if self.icw1 & ICW1_SNGL == 0 { Awaits::Icw3 } else { self.after_icw3() };
            }
            (true, Awaits::Icw3) => {
                self.icw3 = value;
                self.awaits = self.after_icw3();
            }
            (true, Awaits::Icw4) => {
                self.icw4 = value;
                self.awaits = Awaits::Nothing;
            }
            (true, Awaits::Icw1 | Awaits::Nothing) => self.imr = value,
        }
    }

    fn after_icw3(&self) -> Awaits {
        if self.icw1 & ICW1_IC4 != 0 { Awaits::Icw4 } else { Awaits::Nothing }
    }

    /// "Initialization Command Words 1 and 2 (ICW1, ICW2)", points a to f. That the ISR is cleared too is not
    /// written there but is what software relies on.
    fn write_icw1(&mut self, value: u8) {
        *self = Chip {
            awaits: Awaits::Icw2,
            icw1: value,
            icw2: self.icw2,
            // The slave's address is 7 until ICW3 gives one.
            icw3: 7,
            inputs: self.inputs,
            armed: !self.inputs,
            elcr: self.elcr,
            ..Chip::default()
        };
    }

    /// "Operation Control Word 2 (OCW2)": R, SL, EOI and the level.
    fn write_ocw2(&mut self, value: u8) {
        let level = value & 7;
        match value >> 5 {
            0b001 => drop(self.end_highest()),
            0b011 => self.isr &= !(1 << level),
            0b101 => {
                if let Some(ended) = self.end_highest() {
                    self.make_lowest(ended);
                }
            }
            0b111 => {
                self.isr &= !(1 << level);
                self.make_lowest(level);
            }
            0b100 => self.rotate_in_aeoi = true,
            0b000 => self.rotate_in_aeoi = false,
            0b110 => self.make_lowest(level),
            _ => {}
        }
    }

    /// A non-specific end of interrupt. In special mask mode it does not see masked levels ("End of Interrupt").
    fn end_highest(&mut self) -> Option<u8> {
        let seen = if self.special_mask { self.isr & !self.imr } else { self.isr };
        let level = self.first(seen)?;
        self.isr &= !(1 << level);
        Some(level)
    }

    fn make_lowest(&mut self, level: u8) {
        self.highest = (level + 1) % 8;
    }

    /// "Operation Control Word 3 (OCW3)".
    fn write_ocw3(&mut self, value: u8) {
        if value & OCW3_ESMM != 0 {
            self.special_mask = value & OCW3_SMM != 0;
        }
        if value & OCW3_P != 0 {
            self.poll = true;
        }
        if value & OCW3_RR != 0 {
            self.read_isr = value & OCW3_RIS != 0;
        }
    }

    /// Adds the rows of this chip to a view.
    pub(crate) fn show(&self, name: &str, view: View) -> View {
        let mut modes = vec![if self.icw4 & ICW4_8086 != 0 { "8086" } else { "MCS-80" }];
        for (set, mode) in [
            (self.awaits != Awaits::Nothing, "not initialized"),
            (self.icw1 & ICW1_SNGL != 0, "single"),
            (self.icw1 & ICW1_LTIM != 0, "level"),
            (self.icw4 & ICW4_AEOI != 0, "AEOI"),
            (self.rotate_in_aeoi, "rotate in AEOI"),
            (self.icw4 & ICW4_SFNM != 0, "SFNM"),
            (self.special_mask, "special mask"),
        ] {
            if set {
                modes.push(mode);
            }
        }
        view.row(format!("{name} IRR"), format!("{:02X}h", self.irr()))
            .row(format!("{name} ISR"), format!("{:02X}h", self.isr))
            .row(format!("{name} IMR"), format!("{:02X}h", self.imr))
            .row(format!("{name} vector"), format!("{:02X}h", self.vector(0)))
            .row(format!("{name} highest"), format!("IR{}", self.highest))
            .row(format!("{name} level"), format!("{:02X}h", self.elcr))
            .row(format!("{name} mode"), modes.join(", "))
    }
}
