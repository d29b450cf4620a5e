//! Model-specific registers of AMD's processors that systems read or write at start. AMD APM Vol.2 "MSR Cross-Reference",
//! AMD 32559 "BIOS and Kernel Developer's Guide for AMD NPT Family 0Fh Processors".

use serde::{Deserialize, Serialize};

const SYSCFG: u32 = 0xC001_0010;
const HWCR: u32 = 0xC001_0015;
const TOP_MEM: u32 = 0xC001_001A;
const TOP_MEM2: u32 = 0xC001_001D;
const INTERRUPT_PENDING: u32 = 0xC001_0055;

/// SYSCFG: MtrrFixDramEn, MtrrFixDramModEn, MtrrVarDramEn, MtrrTom2En, Tom2ForceMemTypeWB.
const SYSCFG_BITS: u64 = 0x1F << 18;
/// Tops of memory are multiples of 8 MiB.
const TOP_BITS: u64 = 0x000F_FFFF_FF80_0000;

/// What they hold. Nothing here depends on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmdMsrs {
    /// SYSCFG.
    pub system: u64,
    /// HWCR.
    pub hardware: u64,
    /// TOP_MEM.
    pub top_mem: u64,
    /// TOP_MEM2.
    pub top_mem2: u64,
    /// Interrupt Pending Message.
    pub interrupt_pending: u64,
}

/// True for a register of this file.
pub(crate) const fn is_amd(number: u32) -> bool {
    matches!(number, SYSCFG | HWCR | TOP_MEM | TOP_MEM2 | INTERRUPT_PENDING)
}

impl AmdMsrs {
    /// Reads a register that [`is_amd`] knows.
    pub(crate) const fn read(&self, number: u32) -> u64 {
        match number {
            SYSCFG => self.system,
            HWCR => self.hardware,
            TOP_MEM => self.top_mem,
            TOP_MEM2 => self.top_mem2,
            _ => self.interrupt_pending,
        }
    }

    /// Writes such a register. False for reserved bits.
    pub(crate) const fn write(&mut self, number: u32, value: u64) -> bool {
        let (register, bits) = match number {
            SYSCFG => (&mut self.system, SYSCFG_BITS),
            HWCR => (&mut self.hardware, 0xFFFF_FFFF),
            TOP_MEM => (&mut self.top_mem, TOP_BITS),
            TOP_MEM2 => (&mut self.top_mem2, TOP_BITS),
            _ => (&mut self.interrupt_pending, 0x1FFF_FFFF),
        };
        let allowed = value & !bits == 0;
        if allowed {
            *register = value;
        }
        allowed
    }
}
