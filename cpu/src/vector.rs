//! The vector registers: XMM, YMM and ZMM share one file, beside it the opmasks and MXCSR.
//! SDM Vol.1 10.2 "SSE Programming Environment", 14.1 "Intel AVX Overview", 15.1 "Overview".

use serde::{Deserialize, Serialize};

/// MXCSR after power-on, reset and FXRSTOR's INIT: all exceptions masked. SDM Vol.1 10.2.3 "MXCSR Control and Status
/// Register".
pub const MXCSR_RESET: u32 = 0x1F80;
/// The bits of MXCSR that can be set once there is DAZ: what FXSAVE stores as MXCSR_MASK. SDM Vol.1 11.6.6 "Guidelines
/// for Writing to the MXCSR Register".
pub const MXCSR_MASK: u32 = 0xFFFF;
/// MXCSR_MASK of processors without DAZ: an image with a mask of 0 means this one.
pub const MXCSR_MASK_WITHOUT_DAZ: u32 = 0xFFBF;

/// MXCSR: invalid operation. The flags are bits 0 to 5.
pub const MXCSR_IE: u32 = 1;
/// MXCSR: denormal operand.
pub const MXCSR_DE: u32 = 1 << 1;
/// MXCSR: division by zero.
pub const MXCSR_ZE: u32 = 1 << 2;
/// MXCSR: overflow.
pub const MXCSR_OE: u32 = 1 << 3;
/// MXCSR: underflow.
pub const MXCSR_UE: u32 = 1 << 4;
/// MXCSR: precision.
pub const MXCSR_PE: u32 = 1 << 5;
/// MXCSR: denormals are zeros.
pub const MXCSR_DAZ: u32 = 1 << 6;
/// MXCSR: a flag's mask stands so many bits above it.
pub const MXCSR_MASK_SHIFT: u32 = 7;
/// MXCSR: where the rounding control stands, two bits.
pub const MXCSR_RC_SHIFT: u32 = 13;
/// MXCSR: flush to zero.
pub const MXCSR_FZ: u32 = 1 << 15;
/// All exception flags of MXCSR.
pub const MXCSR_FLAGS: u32 = 0x3F;

/// Vector registers that AVX-512 has.
pub const REGISTERS: usize = 32;

/// The registers of SSE, AVX and AVX-512.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorState {
    /// ZMM0 to ZMM31, least significant quadword first. XMM is the first two of them, YMM the first four.
    pub registers: [[u64; 8]; REGISTERS],
    /// K0 to K7.
    pub opmasks: [u64; 8],
    /// MXCSR.
    pub mxcsr: u32,
}

impl Default for VectorState {
    /// After power-on and reset. SDM Vol.3A Table 9-1.
    fn default() -> Self {
        VectorState { registers: [[0; 8]; REGISTERS], opmasks: [0; 8], mxcsr: MXCSR_RESET }
    }
}

impl VectorState {
    /// An XMM register.
    #[inline(always)]
    pub fn xmm(&self, number: u8) -> u128 {
        let [low, high, ..] = self.registers[usize::from(number) % REGISTERS];
        u128::from(low) | u128::from(high) << 64
    }

    /// Writes an XMM register; the rest of the YMM or ZMM register stays, as under all instructions without VEX.
    /// SDM Vol.1 14.1.2 "Instruction Syntax Enhancements".
    #[inline(always)]
    pub fn set_xmm(&mut self, number: u8, value: u128) {
        let register = &mut self.registers[usize::from(number) % REGISTERS];
        register[0] = value as u64;
        register[1] = (value >> 64) as u64;
    }

    /// An XMM register, as one value.
    #[inline(always)]
    pub fn xmm_part(&self, number: u8) -> [u128; 1] {
        [self.xmm(number)]
    }

    /// Writes an XMM register; the rest stays.
    #[inline(always)]
    pub fn set_xmm_part(&mut self, number: u8, [value]: [u128; 1]) {
        self.set_xmm(number, value);
    }

    /// Writes an XMM register; the rest of the YMM or ZMM register is cleared, as under VEX. SDM Vol.1 14.1.3 "VEX Prefix
    /// Instruction Encoding Support".
    #[inline(always)]
    pub fn set_vex_128(&mut self, number: u8, [value]: [u128; 1]) {
        self.set_ymm(number, [value, 0]);
    }

    /// A YMM register, the lower half first.
    #[inline(always)]
    pub fn ymm(&self, number: u8) -> [u128; 2] {
        let [a, b, c, d, ..] = self.registers[usize::from(number) % REGISTERS];
        [u128::from(a) | u128::from(b) << 64, u128::from(c) | u128::from(d) << 64]
    }

    /// Writes a YMM register; the rest of the ZMM register is cleared.
    #[inline(always)]
    pub fn set_ymm(&mut self, number: u8, [low, high]: [u128; 2]) {
        self.registers[usize::from(number) % REGISTERS] =
            [low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64, 0, 0, 0, 0];
    }

    /// The low quadword of a register.
    #[inline(always)]
    pub fn low(&self, number: u8) -> u64 {
        self.registers[usize::from(number) % REGISTERS][0]
    }

    /// The second quadword of a register.
    #[inline(always)]
    pub fn high(&self, number: u8) -> u64 {
        self.registers[usize::from(number) % REGISTERS][1]
    }

    /// Writes the low quadword of a register; the rest stays.
    #[inline(always)]
    pub fn set_low(&mut self, number: u8, value: u64) {
        self.registers[usize::from(number) % REGISTERS][0] = value;
    }

    /// Writes the second quadword of a register; the rest stays.
    #[inline(always)]
    pub fn set_high(&mut self, number: u8, value: u64) {
        self.registers[usize::from(number) % REGISTERS][1] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_xmm_register_is_the_low_part_of_a_zmm_register() {
        let mut state = VectorState::default();
        state.registers[3] = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(state.xmm(3), 2 << 64 | 1);
        state.set_xmm(3, u128::MAX);
        assert_eq!(state.registers[3], [u64::MAX, u64::MAX, 3, 4, 5, 6, 7, 8]);
        state.set_high(3, 9);
        state.set_low(3, 10);
        assert_eq!((state.low(3), state.high(3)), (10, 9));
    }
}
