//! The I/O APIC: Intel *82093AA I/O Advanced Programmable Interrupt Controller (IOAPIC)* datasheet, order number 290566,
//! 3.0 "Register Description". 24 inputs; what they assert becomes messages for the processors' local APICs.
//!
//! The board's wiring (MultiProcessor Specification 1.4, 3.6.2.2 "Virtual Wire Mode", 5.3 "ISA interrupts"): the 8259A's
//! INT is on input 0, ISA IRQ 0 on input 2, ISA IRQs 1 and 3 to 15 on the inputs of their numbers, PIRQA# to PIRQD# on
//! inputs 16 to 19. There is no IMCR: INTR reaches the processor too, and the local APIC's LINT0 lets it through.
//!
//! A message goes out when the processor next looks, which is at the boundary behind the event. The chip is always
//! decoded, at FEC00000h, whatever the bridge's XBCS register says: firmware that was written for other boards leaves
//! the register alone.

use ringwalk_mmu::{DeliveryMode, Destination, InterruptMessage, PhysAddr, Size, Trigger, Vector};
use serde::{Deserialize, Serialize};

use crate::device::{Cx, Device, Ranges, Reg, Space, View};

/// Where it answers, a page.
pub(crate) const BASE: PhysAddr = PhysAddr(0xFEC0_0000);
const BYTES: u64 = 0x1000;
/// Inputs, and entries of the redirection table.
pub(crate) const INPUTS: usize = 24;

/// IOREGSEL and IOWIN ("I/O Register Select Register", "I/O Window Register").
const SELECT: u32 = 0x00;
const WINDOW: u32 = 0x10;

/// IOAPICID, IOAPICVER, IOAPICARB and the first half of the first entry of IOREDTBL.
const ID: u8 = 0x00;
const VERSION: u8 = 0x01;
const ARBITRATION: u8 = 0x02;
const TABLE: u8 = 0x10;
/// Bits 27 to 24 of ID and ARBITRATION.
const ID_BITS: u32 = 0x0F00_0000;
/// Highest entry in bits 23 to 16, version 11h.
const VERSION_VALUE: u32 = (INPUTS as u32 - 1) << 16 | 0x11;

/// An entry: vector, delivery mode, destination mode.
const LOGICAL: u64 = 1 << 11;
/// Delivery status, read-only: the interrupt waits to be sent.
const SEND_PENDING: u64 = 1 << 12;
/// Polarity: 1 is active low.
const ACTIVE_LOW: u64 = 1 << 13;
/// Remote IRR, read-only: a level-triggered interrupt was accepted and not ended.
const REMOTE_IRR: u64 = 1 << 14;
/// Trigger mode: 1 is level.
const LEVEL: u64 = 1 << 15;
/// Interrupt mask.
const MASKED: u64 = 1 << 16;
/// What can be written: the destination is in bits 63 to 56.
const WRITABLE: u64 = 0xFF00_0000_0001_AFFF;

/// I/O APIC.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct IoApic {
    id: u32,
    arbitration: u32,
    select: u8,
    table: [u64; INPUTS],
    /// The electrical levels of the inputs.
    levels: u32,
    /// Edges that came while their entry was not masked, and are not sent.
    edges: u32,
    /// Entries with an interrupt to send: what [`IoApic::waits`] says, kept because the processor asks often.
    waiting: u32,
}

impl Default for IoApic {
    fn default() -> IoApic {
        IoApic { id: 0, arbitration: 0, select: 0, table: [MASKED; INPUTS], levels: 0, edges: 0, waiting: 0 }
    }
}

impl IoApic {
    /// Brings the inputs to these electrical levels.
    pub(crate) fn set_levels(&mut self, levels: u32) {
        let changed = self.levels ^ levels;
        if changed == 0 {
            return;
        }
        self.levels = levels;
        for input in (0..INPUTS).filter(|input| changed & 1 << input != 0) {
            if self.is_edge_for(input) {
                self.edges |= 1 << input;
            }
        }
        self.look();
    }

    /// False for an input whose entry is masked.
    pub(crate) fn listens_to(&self, input: usize) -> bool {
        self.table[input] & MASKED == 0
    }

    fn look(&mut self) {
        self.waiting = (0..INPUTS).filter(|input| self.waits(*input)).fold(0, |all, input| all | 1 << input);
    }

    /// The input was just asserted, and its entry takes edges. Edges at a masked input are lost ("Interrupt Mask").
    fn is_edge_for(&self, input: usize) -> bool {
        self.table[input] & (LEVEL | MASKED) == 0 && self.is_asserted(input)
    }

    fn is_asserted(&self, input: usize) -> bool {
        let high = self.levels & 1 << input != 0;
        high != (self.table[input] & ACTIVE_LOW != 0)
    }

    /// True if the entry has an interrupt to send.
    fn waits(&self, input: usize) -> bool {
        let entry = self.table[input];
        let sends = DeliveryMode::from_code((entry >> 8) as u32).is_some_and(|mode| mode != DeliveryMode::StartUp);
        if entry & MASKED != 0 || !sends {
            return false;
        }
        match entry & LEVEL {
            0 => self.edges & 1 << input != 0,
            _ => entry & REMOTE_IRR == 0 && self.is_asserted(input),
        }
    }

    /// A bit for each entry that has an interrupt to send.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Sends what waits, each entry once. `accept` tells whether a local APIC took the message.
    pub(crate) fn deliver(&mut self, accept: &mut dyn FnMut(InterruptMessage) -> bool) {
        for input in 0..INPUTS {
            if !self.waits(input) {
                continue;
            }
            let Some(message) = message(self.table[input]) else { continue };
            let accepted = accept(message);
            self.edges &= !(1 << input);
            // Only what a vector names is ended by an EOI message.
            let is_ended = matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority);
            if accepted && is_ended && message.trigger == Trigger::Level {
                self.table[input] |= REMOTE_IRR;
            }
        }
        self.look();
    }

    /// The EOI message of a local APIC: level-triggered entries of its vector may send again.
    pub(crate) fn end_of_interrupt(&mut self, vector: Vector) {
        for entry in &mut self.table {
            if *entry & LEVEL != 0 && *entry as u8 == vector.0 {
                *entry &= !REMOTE_IRR;
            }
        }
        self.look();
    }

    fn read_register(&self) -> u32 {
        match self.select {
            ID => self.id,
            VERSION => VERSION_VALUE,
            ARBITRATION => self.arbitration,
            number => match self.half_of_entry(number) {
                Some((input, 0)) => self.shown(input) as u32,
                Some((input, _)) => (self.table[input] >> 32) as u32,
                None => 0,
            },
        }
    }

    fn half_of_entry(&self, number: u8) -> Option<(usize, u8)> {
        let place = number.checked_sub(TABLE)?;
        let input = usize::from(place / 2);
        (input < INPUTS).then_some((input, place % 2))
    }

    /// An entry as it reads.
    fn shown(&self, input: usize) -> u64 {
        self.table[input] | if self.waits(input) { SEND_PENDING } else { 0 }
    }

    fn write_register(&mut self, value: u32) {
        match self.select {
            ID => {
                self.id = value & ID_BITS;
                self.arbitration = self.id;
            }
            number => {
                if let Some((input, half)) = self.half_of_entry(number) {
                    self.write_entry(input, half, value);
                }
            }
        }
    }

    fn write_entry(&mut self, input: usize, half: u8, value: u32) {
        let entry = self.table[input];
        let value = match half {
            0 => entry & !0xFFFF_FFFF | u64::from(value),
            _ => entry & 0xFFFF_FFFF | u64::from(value) << 32,
        };
        // An entry that takes edges has no interrupt in service.
        let kept = if value & LEVEL != 0 { entry & REMOTE_IRR } else { 0 };
        self.table[input] = value & WRITABLE | kept;
        if value & LEVEL != 0 {
            self.edges &= !(1 << input);
        }
        self.look();
    }

    fn show_entry(&self, input: usize) -> String {
        let entry = self.shown(input);
        let what = match DeliveryMode::from_code((entry >> 8) as u32) {
            Some(DeliveryMode::Fixed | DeliveryMode::LowestPriority) => format!("vector {:02X}h", entry as u8),
            Some(mode) => format!("{mode:?}"),
            None => "reserved mode".to_owned(),
        };
        let whom = if entry & LOGICAL != 0 { "logical" } else { "APIC" };
        let mut text = format!("{what} to {whom} {:02X}h", entry >> 56);
        for (bit, word) in [
            (LEVEL, "level"),
            (ACTIVE_LOW, "active low"),
            (MASKED, "masked"),
            (SEND_PENDING, "send pending"),
            (REMOTE_IRR, "remote IRR"),
        ] {
            if entry & bit != 0 {
                text = format!("{text}, {word}");
            }
        }
        format!("{text}, input {}", if self.levels & 1 << input != 0 { "high" } else { "low" })
    }
}

/// What an entry sends. In physical mode all ones mean everyone.
fn message(entry: u64) -> Option<InterruptMessage> {
    let mode = DeliveryMode::from_code((entry >> 8) as u32)?;
    // Bits 63 to 56.
    let address = (entry >> 56) as u32;
    let destination = match (entry & LOGICAL != 0, address) {
        (true, _) => Destination::Logical(address),
        (false, 0xFF) => Destination::All,
        (false, _) => Destination::Physical(address),
    };
    let trigger = if entry & LEVEL != 0 { Trigger::Level } else { Trigger::Edge };
    Some(InterruptMessage { destination, mode, vector: Vector(entry as u8), trigger })
}

impl Device for IoApic {
    fn ranges(&self) -> Ranges {
        Ranges::default().with("I/O APIC", Space::Mmio, BASE.0, BYTES)
    }

    /// Registers are read as aligned dwords; of a narrower access the bytes that it names.
    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        let value = match reg.offset & !3 {
            SELECT => u32::from(self.select),
            WINDOW => self.read_register(),
            _ => return 0,
        };
        u64::from(value >> (8 * (reg.offset & 3))) & size.ones()
    }

    /// IOREGSEL takes its byte from any width, IOWIN dwords only.
    fn write(&mut self, reg: Reg, size: Size, value: u64, _cx: &mut Cx<'_>) {
        match (reg.offset, size) {
            // The register has 8 bits.
            (SELECT, _) => self.select = value as u8,
            (WINDOW, Size::Dword | Size::Qword) => self.write_register(value as u32),
            _ => {}
        }
    }

    /// The inputs keep their levels: the board brings them anew.
    fn reset(&mut self) {
        *self = IoApic::default();
    }

    fn show(&self) -> View {
        let entries = (0..INPUTS).map(|input| (format!("entry {input}"), self.show_entry(input)));
        let view = View::default().row("ID", format!("{}", self.id >> 24));
        entries.fold(view, |view, (name, text)| view.row(name, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, abuse};

    fn write(chip: &mut IoApic, register: u8, value: u32) {
        let mut fake = Fake::new();
        chip.write(Reg { range: 0, offset: SELECT }, Size::Dword, register.into(), &mut fake.cx());
        chip.write(Reg { range: 0, offset: WINDOW }, Size::Dword, value.into(), &mut fake.cx());
    }

    fn read(chip: &mut IoApic, register: u8) -> u32 {
        let mut fake = Fake::new();
        chip.write(Reg { range: 0, offset: SELECT }, Size::Dword, register.into(), &mut fake.cx());
        chip.read(Reg { range: 0, offset: WINDOW }, Size::Dword, &mut fake.cx()) as u32
    }

    /// Sends everything to a local APIC that takes all.
    fn sent(chip: &mut IoApic) -> Vec<u8> {
        let mut vectors = Vec::new();
        chip.deliver(&mut |message| {
            vectors.push(message.vector.0);
            true
        });
        vectors
    }

    #[test]
    fn registers_as_the_datasheet_has_them_after_reset() {
        let mut chip = IoApic::default();
        assert_eq!(read(&mut chip, 0x01), 0x0017_0011, "24 entries, version 11h");
        assert_eq!(read(&mut chip, 0x10), 0x0001_0000, "every entry is masked");
        assert_eq!(read(&mut chip, 0x3F), 0);
        assert_eq!(read(&mut chip, 0x40), 0, "no register there");
        write(&mut chip, 0x00, 0xFFFF_FFFF);
        assert_eq!(read(&mut chip, 0x00), 0x0F00_0000, "four bits");
        assert_eq!(read(&mut chip, 0x02), 0x0F00_0000, "the arbitration ID is loaded with it");
        write(&mut chip, 0x02, 0);
        write(&mut chip, 0x01, 0);
        assert_eq!((read(&mut chip, 0x02), read(&mut chip, 0x01)), (0x0F00_0000, 0x0017_0011), "read-only");
        write(&mut chip, 0x2E, 0xFFFF_FFFF);
        assert_eq!(read(&mut chip, 0x2E), 0x0001_AFFF, "bits 12 and 14 are read-only, above 16 reserved");
        write(&mut chip, 0x2F, 0xFFFF_FFFF);
        assert_eq!(read(&mut chip, 0x2F), 0xFF00_0000);
    }

    #[test]
    fn an_edge_is_sent_once_and_lost_while_masked() {
        let mut chip = IoApic::default();
        chip.set_levels(1 << 4);
        write(&mut chip, 0x18, 0x0034);
        assert!(chip.waiting() == 0, "the edge came while the entry was masked");
        chip.set_levels(0);
        chip.set_levels(1 << 4);
        assert_eq!(read(&mut chip, 0x18) & 0x1000, 0x1000, "send pending");
        assert_eq!(sent(&mut chip), [0x34]);
        assert!(chip.waiting() == 0, "still high, but no new edge");
        assert_eq!(read(&mut chip, 0x18), 0x34);
    }

    #[test]
    fn a_level_is_sent_again_after_the_end_of_interrupt() {
        let mut chip = IoApic::default();
        write(&mut chip, 0x18, 0x8034);
        chip.set_levels(1 << 4);
        assert_eq!(sent(&mut chip), [0x34]);
        assert_eq!(read(&mut chip, 0x18), 0xC034, "remote IRR");
        assert!(chip.waiting() == 0);
        chip.end_of_interrupt(Vector(0x35));
        assert!(chip.waiting() == 0, "another vector");
        chip.end_of_interrupt(Vector(0x34));
        assert_eq!(sent(&mut chip), [0x34], "the level is still there");
        chip.set_levels(0);
        chip.end_of_interrupt(Vector(0x34));
        assert!(chip.waiting() == 0);
    }

    #[test]
    fn a_level_that_nobody_takes_waits_and_an_edge_does_not() {
        let mut chip = IoApic::default();
        write(&mut chip, 0x18, 0x8034);
        write(&mut chip, 0x1A, 0x0035);
        chip.set_levels(3 << 4);
        chip.deliver(&mut |_| false);
        assert_eq!(read(&mut chip, 0x18) & 0x4000, 0, "remote IRR is set when a local APIC accepts");
        assert_eq!(sent(&mut chip), [0x34]);
    }

    #[test]
    fn polarity_turns_the_input_round() {
        let mut chip = IoApic::default();
        chip.set_levels(1 << 16);
        write(&mut chip, 0x30, 0xA060);
        assert!(chip.waiting() == 0, "active low, and high");
        chip.set_levels(0);
        assert_eq!(sent(&mut chip), [0x60]);
    }

    #[test]
    fn a_change_to_edge_and_back_ends_a_level_interrupt() {
        // How drivers of this chip end one that the local APIC did not broadcast: it has no EOI register.
        let mut chip = IoApic::default();
        write(&mut chip, 0x18, 0x8034);
        chip.set_levels(1 << 4);
        assert_eq!(sent(&mut chip), [0x34]);
        write(&mut chip, 0x18, 0x1_0034);
        write(&mut chip, 0x18, 0x8034);
        assert_eq!(sent(&mut chip), [0x34]);
    }

    #[test]
    fn messages_say_whom_they_are_for() {
        let mut all = Vec::new();
        let mut chip = IoApic::default();
        for (entry, low, high) in [(1, 0x0131, 0x0F00_0000), (2, 0x0932, 0x0300_0000), (3, 0x0033, 0xFF00_0000)] {
            write(&mut chip, 0x11 + 2 * entry, high);
            write(&mut chip, 0x10 + 2 * entry, low);
        }
        chip.set_levels(0b1110);
        chip.deliver(&mut |message| {
            all.push((message.destination, message.mode));
            true
        });
        let lowest = DeliveryMode::LowestPriority;
        assert_eq!(all[0], (Destination::Physical(0x0F), lowest));
        assert_eq!(all[1], (Destination::Logical(3), lowest));
        assert_eq!(all[2], (Destination::All, DeliveryMode::Fixed));
    }

    #[test]
    fn a_reserved_delivery_mode_sends_nothing() {
        let mut chip = IoApic::default();
        for (input, mode) in [(4, 0x300), (5, 0x600)] {
            write(&mut chip, 0x10 + 2 * input, 0x34 | mode);
        }
        chip.set_levels(3 << 4);
        assert!(chip.waiting() == 0);
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut IoApic::default());
    }
}
