//! PCI-to-ISA bridge: Intel 82371SB (PIIX3) function 0: interrupt routing and reset control.
//! *82371FB (PIIX) and 82371SB (PIIX3) PCI ISA IDE Xcelerator* datasheet, order number 290550, "Register Description".

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::device::{Cx, Device, Ranges, Reg, View};
use crate::pci::{ConfigSpace, Function, Register};

/// Where the bridge is: bus 0, device 1, function 0.
pub(crate) const FUNCTION: Function = Function::on_bus_0(1, 0);

/// Range 0: RC, reset control, port CF9h ("RC-Reset Control Register").
const RESET_CONTROL: u8 = 0;
/// RC bit 1, System Reset: 1 = hard reset, 0 = soft reset.
const SYSTEM_RESET: u8 = 1 << 1;
/// RC bit 2, Reset CPU: the change from 0 to 1 starts the reset.
const RESET_CPU: u8 = 1 << 2;

/// First of PIRQRC[A:D], 60h to 63h ("PIRQRC[A:D]-PIRQx Route Control Registers").
const PIRQ: u8 = 0x60;
/// PIRQRC bit 7: the line is not routed.
const PIRQ_OFF: u8 = 1 << 7;
/// ISA interrupts that a PIRQ line can be routed to (PIRQRC bits 3-0): 3-7, 9-12, 14, 15.
const PIRQ_TARGETS: u16 = 0b1101_1110_1111_1000;

/// PIIX3 function 0 registers.
const TABLE: [Register; 23] = [
    Register::fixed(0x00, 4, 0x7000_8086),
    Register::writable(0x04, 2, 0x0007, 0x0108),
    Register::writable(0x06, 2, 0x0200, 0).clears(0x7800),
    Register::fixed(0x08, 1, 0x00),
    Register::fixed(0x09, 3, 0x06_0100),
    Register::fixed(0x0E, 1, 0x80),
    Register::writable(0x4C, 1, 0x4D, 0x7F),
    Register::writable(0x4E, 2, 0x0003, 0x01F7),
    Register::writable(0x60, 4, 0x8080_8080, 0x8F8F_8F8F),
    Register::writable(0x69, 1, 0x02, 0xFE),
    Register::writable(0x6A, 2, 0x0000, 0x8096),
    Register::writable(0x70, 1, 0x80, 0xEF),
    Register::writable(0x76, 1, 0x0C, 0x8F),
    Register::writable(0x77, 1, 0x0C, 0x8F),
    Register::writable(0x78, 2, 0x0002, 0xFFF7),
    Register::writable(0x80, 1, 0x00, 0x7F),
    Register::writable(0x82, 1, 0x00, 0x0F),
    Register::writable(0xA0, 1, 0x08, 0x1F),
    Register::writable(0xA2, 2, 0x0000, 0x40FB),
    Register::writable(0xA4, 4, 0x0000_0000, 0xE000_FBFF),
    Register::writable(0xA8, 1, 0x0F, 0xFF),
    Register::writable(0xAC, 1, 0x00, 0xFF),
    Register::writable(0xAE, 1, 0x00, 0xFF),
];

/// A reset that the guest asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResetRequest {
    /// INIT to the processor: the devices keep their state.
    Soft,
    /// PCIRST# and RSTDRV: everything is reset.
    Hard,
}

/// PIIX3 function 0.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct IsaBridge {
    config: ConfigSpace,
    reset_control: u8,
    request: Option<ResetRequest>,
}

impl IsaBridge {
    /// The bridge after reset.
    pub(crate) fn new() -> IsaBridge {
        IsaBridge { config: ConfigSpace::new(&TABLE), reset_control: 0, request: None }
    }

    /// Takes the reset that was asked for through port CF9h.
    pub(crate) fn take_request(&mut self) -> Option<ResetRequest> {
        self.request.take()
    }

    /// The ISA interrupts that the asserted PIRQ lines (bit 0 = PIRQA#) drive, one bit each.
    pub(crate) fn routed(&self, pirq: u8) -> u16 {
        let line = |n: u8| match self.config.byte(PIRQ + n) {
            route if pirq & 1 << n == 0 || route & PIRQ_OFF != 0 => 0,
            route => (1 << (route & 15)) & PIRQ_TARGETS,
        };
        (0..4).map(line).fold(0, |joined, bits| joined | bits)
    }

    /// The PIRQ lines that a slot's INTA# to INTD# are wired to: the board rotates them by one a slot, and slot 1,
    /// the bridge's own, begins with PIRQA#.
    pub(crate) const fn pirq_of_slot(slot: u8, pins: u8) -> u8 {
        let turn = slot.wrapping_sub(1) & 3;
        (pins << turn | (pins & 15) >> (4 - turn)) & 15
    }

    fn write_reset_control(&mut self, value: u8) {
        let rises = value & !self.reset_control & RESET_CPU != 0;
        self.reset_control = value & (SYSTEM_RESET | RESET_CPU);
        if rises {
            let hard = value & SYSTEM_RESET != 0;
            self.request = Some(if hard { ResetRequest::Hard } else { ResetRequest::Soft });
        }
    }
}

impl Default for IsaBridge {
    fn default() -> IsaBridge {
        IsaBridge::new()
    }
}

impl Device for IsaBridge {
    fn ranges(&self) -> Ranges {
        let mut ranges = Ranges::ports([("RC", 0xCF9, 1)]);
        ranges.0.push(FUNCTION.config_range());
        ranges
    }

    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        match reg.range {
            RESET_CONTROL => u64::from(self.reset_control),
            _ => self.config.read(reg.offset, size),
        }
    }

    fn write(&mut self, reg: Reg, size: Size, value: u64, _cx: &mut Cx<'_>) {
        match reg.range {
            // The register has 8 bits.
            RESET_CONTROL => self.write_reset_control(value as u8),
            _ => self.config.write(&TABLE, reg.offset, size, value),
        }
    }

    fn reset(&mut self) {
        *self = IsaBridge::new();
    }

    fn show(&self) -> View {
        let mut view = View::default();
        for (n, name) in ["PIRQA", "PIRQB", "PIRQC", "PIRQD"].into_iter().enumerate() {
            // n is below 4.
            let route = self.config.byte(PIRQ + n as u8);
            let text = if route & PIRQ_OFF != 0 { "off".to_owned() } else { format!("IRQ {}", route & 15) };
            view = view.row(name, text);
        }
        view.row("RC", format!("{:02X}", self.reset_control))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pirq_routes_to_the_written_interrupt_only() {
        let mut bridge = IsaBridge::new();
        assert_eq!(bridge.routed(15), 0, "routing is off after reset");
        bridge.config.write(&TABLE, 0x60, Size::Dword, 0x0B05_0A8B);
        assert_eq!(bridge.routed(0b0001), 0, "bit 7 switches the line off");
        assert_eq!(bridge.routed(0b0010), 1 << 10);
        assert_eq!(bridge.routed(0b1100), 1 << 5 | 1 << 11);
        bridge.config.write(&TABLE, 0x60, Size::Byte, 8);
        assert_eq!(bridge.routed(0b0001), 0, "IRQ 8 is reserved");
    }

    #[test]
    fn slots_rotate_their_pins() {
        assert_eq!(IsaBridge::pirq_of_slot(1, 0b0001), 0b0001);
        assert_eq!(IsaBridge::pirq_of_slot(2, 0b0001), 0b0010);
        assert_eq!(IsaBridge::pirq_of_slot(4, 0b0010), 0b0001);
        assert_eq!(IsaBridge::pirq_of_slot(0, 0b0001), 0b1000);
    }

    #[test]
    fn reset_starts_when_bit_2_rises() {
        let mut bridge = IsaBridge::new();
        bridge.write_reset_control(0x02);
        assert_eq!(bridge.take_request(), None);
        bridge.write_reset_control(0x06);
        assert_eq!(bridge.take_request(), Some(ResetRequest::Hard));
        bridge.write_reset_control(0x06);
        assert_eq!(bridge.take_request(), None, "no new edge");
        bridge.write_reset_control(0x00);
        bridge.write_reset_control(0x04);
        assert_eq!(bridge.take_request(), Some(ResetRequest::Soft));
    }
}
