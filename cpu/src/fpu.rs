//! The state of the floating-point unit: control, status and tag words, registers, pointers. Arithmetic is a later
//! stage: until then only FXRSTOR loads a register.
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
    /// Opcode of the last instruction, 11 bits.
    pub opcode: u16,
    /// Its offset and selector, as FXSAVE has them.
    pub instruction: [u8; 6],
    /// Offset and selector of its operand.
    pub operand: [u8; 6],
    /// R0 to R7: 80 bits each.
    pub registers: [[u8; 10]; 8],
}

impl Default for FpuControl {
    /// After power-on: SDM Vol.3A Table 9-1 gives 0040h, 0 and 5555h.
    fn default() -> Self {
        FpuControl {
            control: 0x0040,
            status: 0,
            tags: 0x5555,
            opcode: 0,
            instruction: [0; 6],
            operand: [0; 6],
            registers: [[0; 10]; 8],
        }
    }
}

/// Exception flags of the status word and masks of the control word.
pub const EXCEPTIONS: u16 = 0x3F;
/// Status bit 7: an unmasked exception is pending.
pub const ERROR_SUMMARY: u16 = 1 << 7;
/// Status bit 15, a copy of the error summary.
pub const BUSY: u16 = 1 << 15;

impl FpuControl {
    /// FNINIT. SDM Vol.2A "FINIT/FNINIT": the registers keep their contents, though all are empty.
    pub fn initialise(&mut self) {
        let registers = self.registers;
        *self = FpuControl { control: 0x037F, status: 0, tags: 0xFFFF, registers, ..FpuControl::default() };
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

    /// The register that ST(i) is: R(TOP + i).
    pub fn physical(&self, number: usize) -> usize {
        (usize::from(self.status >> 11) + number) % 8
    }

    /// The tag word as FXSAVE has it: one bit a register R0 to R7, set unless it is empty.
    pub fn abridged_tags(&self) -> u8 {
        (0..8).fold(0, |bits, number| bits | u8::from(self.tags >> (2 * number) & 3 != 3) << number)
    }

    /// FXRSTOR: the two bits of each register follow from its contents. SDM Vol.2A Table 3-44 "Recreating FSAVE
    /// Format".
    pub fn set_abridged_tags(&mut self, bits: u8) {
        let tag = |number: usize| match bits >> number & 1 {
            0 => 3,
            _ => tag_of(&self.registers[number]),
        };
        self.tags = (0..8).fold(0, |tags, number| tags | tag(number) << (2 * number));
    }

    /// True if a waiting instruction must raise the error first.
    pub fn error_pending(&self) -> bool {
        self.status & ERROR_SUMMARY != 0
    }
}

/// 0 valid, 1 zero, 2 special: infinities, numbers that are none, denormal and unsupported ones.
fn tag_of(register: &[u8; 10]) -> u16 {
    let exponent = u16::from_le_bytes([register[8], register[9]]) & 0x7FFF;
    let significand = &register[..8];
    match exponent {
        0 if significand.iter().all(|byte| *byte == 0) => 1,
        0 | 0x7FFF => 2,
        _ if significand[7] & 0x80 == 0 => 2,
        _ => 0,
    }
}
