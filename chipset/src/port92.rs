//! System Control Port A: the fast A20 gate and the fast reset.
//!
//! Intel *82371SB (PIIX3)* datasheet (order number 290550), "Port 92 Register". The A20 gate is one latch with two
//! handles, this port and the keyboard controller: the board shows each what the other did, and the last one holds.

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::{Cx, Device, Ranges, Reg, View};

/// FAST_INIT: a change from 0 to 1 resets the processor.
const FAST_INIT: u8 = 1 << 0;
/// FAST_A20: address bit 20 gets through.
const FAST_A20: u8 = 1 << 1;
/// What can be written; the rest reads as zero.
const WRITABLE: u8 = FAST_INIT | FAST_A20;

/// Port 92h.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Port92 {
    value: u8,
    init: bool,
}

impl Default for Port92 {
    /// After power-on the gate is open, for the fetch from FFFFFFF0h.
    fn default() -> Port92 {
        Port92 { value: FAST_A20, init: false }
    }
}

impl Port92 {
    /// True while the gate is open.
    pub fn a20(&self) -> bool {
        self.value & FAST_A20 != 0
    }

    /// The keyboard controller moved the gate.
    pub fn set_a20(&mut self, open: bool) {
        self.value = if open { self.value | FAST_A20 } else { self.value & !FAST_A20 };
    }

    /// Takes the request for a processor reset.
    pub fn take_init(&mut self) -> bool {
        std::mem::take(&mut self.init)
    }
}

impl Device for Port92 {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("control", 0x92, 1)])
    }

    /// The ports behind it are not its own and read as an open bus.
    fn read(&mut self, reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        if reg.offset == 0 { size.ones() & !0xFF | u64::from(self.value) } else { size.ones() }
    }

    fn write(&mut self, reg: Reg, _size: Size, value: u64, _cx: &mut Cx<'_>) {
        if reg.offset != 0 {
            return;
        }
        let value = value.to_le_bytes()[0] & WRITABLE;
        self.init |= value & !self.value & FAST_INIT != 0;
        self.value = value;
    }

    fn reset(&mut self) {
        *self = Port92::default();
    }

    fn show(&self) -> View {
        View::default().row("A20", if self.a20() { "open" } else { "shut" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, abuse};

    #[test]
    fn the_gate() {
        let (mut fake, mut port) = (Fake::new(), Port92::default());
        assert_eq!((fake.inb(&mut port, 0x92), port.a20()), (0x02, true));
        fake.outb(&mut port, 0x92, 0xFC);
        assert_eq!((fake.inb(&mut port, 0x92), port.a20()), (0x00, false));
        port.set_a20(true);
        assert_eq!(fake.inb(&mut port, 0x92), 0x02);
    }

    #[test]
    fn a_reset_needs_a_rising_bit() {
        let (mut fake, mut port) = (Fake::new(), Port92::default());
        fake.outb(&mut port, 0x92, 0x03);
        assert!(port.take_init());
        assert!(!port.take_init());
        fake.outb(&mut port, 0x92, 0x03);
        assert!(!port.take_init(), "the bit was set already");
        fake.outb(&mut port, 0x92, 0x02);
        fake.outb(&mut port, 0x92, 0x03);
        assert!(port.take_init());
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut Port92::default());
    }
}
