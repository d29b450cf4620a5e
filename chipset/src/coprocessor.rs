//! The coprocessor's error line: FERR# becomes IRQ 13, and a write to port F0h lets the processor go on.
//!
//! Intel *82371SB (PIIX3)* datasheet (order number 290550), "Coprocessor Error Register"; SDM Vol.1 D.2.1 "MS-DOS
//! Compatibility Sub-mode: Recommended External Hardware".

use ringwalk_mmu::Size;
use serde::{Deserialize, Serialize};

use crate::{Cx, Device, Ranges, Reg, View};

/// The interrupt line.
const IRQ: u8 = 13;

/// Latch and flip-flop between FERR#, IRQ 13 and IGNNE#.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Coprocessor {
    /// FERR# is asserted.
    error: bool,
    /// IRQ 13: from the error's edge to the write.
    interrupt: bool,
    /// IGNNE#: from the write to the end of the error.
    ignored: bool,
}

impl Coprocessor {
    /// The processor drives FERR#. The line shows what follows when the device is brought forward.
    pub fn set_error(&mut self, asserted: bool) {
        self.interrupt |= asserted && !self.error;
        self.ignored &= asserted;
        self.error = asserted;
    }

    /// IGNNE#: the processor executes floating-point instructions although an error is pending.
    pub fn is_ignored(&self) -> bool {
        self.ignored
    }
}

impl Device for Coprocessor {
    fn ranges(&self) -> Ranges {
        Ranges::ports([("error", 0xF0, 1)])
    }

    /// The register can be written only.
    fn read(&mut self, _reg: Reg, size: Size, _cx: &mut Cx<'_>) -> u64 {
        size.ones()
    }

    fn write(&mut self, _reg: Reg, _size: Size, _value: u64, cx: &mut Cx<'_>) {
        self.interrupt = false;
        self.ignored = self.error;
        self.advance(cx);
    }

    fn advance(&mut self, cx: &mut Cx<'_>) {
        cx.lines.set_irq(IRQ, self.interrupt);
    }

    fn reset(&mut self) {
        *self = Coprocessor::default();
    }

    fn show(&self) -> View {
        let level = |asserted| if asserted { "asserted" } else { "-" };
        View::default()
            .row("FERR#", level(self.error))
            .row("IRQ 13", level(self.interrupt))
            .row("IGNNE#", level(self.ignored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, abuse};

    #[test]
    fn an_error_interrupts_once_and_is_ignored_from_the_write_to_its_end() {
        let (mut fake, mut port) = (Fake::new(), Coprocessor::default());
        fake.outb(&mut port, 0xF0, 0);
        assert!(!port.is_ignored(), "there is no error");
        port.set_error(true);
        port.advance(&mut fake.cx());
        assert!(fake.irq(IRQ) && !port.is_ignored());
        fake.outb(&mut port, 0xF0, 0);
        assert!(!fake.irq(IRQ) && port.is_ignored());
        port.set_error(true);
        port.advance(&mut fake.cx());
        assert!(!fake.irq(IRQ), "it is the same error");
        port.set_error(false);
        assert!(!port.is_ignored());
        port.set_error(true);
        port.advance(&mut fake.cx());
        assert!(fake.irq(IRQ) && !port.is_ignored(), "a new error");
    }

    #[test]
    fn any_access_is_survived() {
        abuse(&mut Coprocessor::default());
    }
}
