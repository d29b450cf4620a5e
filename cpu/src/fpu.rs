//! The control side of the floating-point unit: control, status and tag words. Arithmetic is a later stage.
//! SDM Vol.1 8.1 "x87 FPU Execution Environment".

use serde::{Deserialize, Serialize};

/// Control registers of the x87 unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FpuControl {
    /// Control word.
    pub control: u16,
    /// Status word.
    pub status: u16,
    /// Tag word, two bits a register; 11 is empty.
    pub tags: u16,
}

impl Default for FpuControl {
    /// After power-on: SDM Vol.3A Table 9-1 gives 0040h, 0 and 5555h.
    fn default() -> Self {
        FpuControl { control: 0x0040, status: 0, tags: 0x5555 }
    }
}

/// Exception flags of the status word and masks of the control word.
pub const EXCEPTIONS: u16 = 0x3F;
/// Status bit 7: an unmasked exception is pending.
pub const ERROR_SUMMARY: u16 = 1 << 7;
/// Status bit 15, a copy of the error summary.
pub const BUSY: u16 = 1 << 15;

impl FpuControl {
    /// FNINIT. SDM Vol.2A "FINIT/FNINIT".
    pub fn initialise(&mut self) {
        *self = FpuControl { control: 0x037F, status: 0, tags: 0xFFFF };
    }

    /// FNCLEX. SDM Vol.2A "FCLEX/FNCLEX".
    pub fn clear_exceptions(&mut self) {
        self.status &= 0x7F00;
    }

    /// FLDCW: bit 6 reads as set; the error summary follows the new masks.
    pub fn load_control(&mut self, value: u16) {
        self.control = (value & 0x1F3F) | 0x0040;
        let pending = self.status & EXCEPTIONS & !self.control != 0;
        self.status &= !(ERROR_SUMMARY | BUSY);
        if pending {
            self.status |= ERROR_SUMMARY | BUSY;
        }
    }

    /// True if a waiting instruction must raise the error first.
    pub fn error_pending(&self) -> bool {
        self.status & ERROR_SUMMARY != 0
    }
}
