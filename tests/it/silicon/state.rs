//! What a vector instruction can read and write, and random states that reach corners.

use ringwalk_cpu::state::CodeSize;

use super::corners::{octoword, quadword};
use crate::guest::Random;

/// Bytes of memory that an instruction can reach.
pub(super) const MEMORY_BYTES: usize = 64;
/// CF PF AF ZF SF OF.
pub(super) const ARITHMETIC_FLAGS: u32 = 0x8D5;
/// Registers that are no pointers: RAX RCX RDX RBP RSI, and what REX makes of their numbers.
pub(super) const FREE_REGISTERS: [usize; 10] = [0, 1, 2, 5, 6, 8, 9, 10, 13, 14];

/// Registers and memory. The registers of x87, MMX and SSE are an image of FXSAVE; of the general ones RBX and RDI point
/// to memory and RSP to a stack: they are left out of comparisons.
#[derive(Clone, PartialEq)]
pub(super) struct State {
    pub(super) image: [u8; 512],
    /// The upper halves of YMM registers.
    pub(super) upper: [[u8; 16]; 16],
    pub(super) gpr: [u64; 16],
    pub(super) flags: u32,
    pub(super) memory: [u8; MEMORY_BYTES],
}

/// Where the image of FXSAVE has what is compared: name, first byte, bytes. SDM Vol.2A Table 3-43.
const PARTS: [(&str, usize, usize); 4] = [("fcw", 0, 2), ("fsw", 2, 2), ("ftw", 4, 1), ("mxcsr", 24, 4)];
const ST_AT: usize = 32;
const XMM_AT: usize = 160;

impl State {
    /// A state that follows from a seed; without 64-bit code upper registers and halves are clear. Recorded vectors
    /// depend on it: see `recorded.rs`.
    pub(super) fn random(seed: u64, size: CodeSize) -> State {
        let mut random = Random(seed);
        let mut state =
            State { image: [0; 512], upper: [[0; 16]; 16], gpr: [0; 16], flags: 2, memory: [0; MEMORY_BYTES] };
        state.image[0..2].copy_from_slice(&0x037F_u16.to_le_bytes());
        // TOP; no exception of the x87 unit waits.
        state.image[3] = (random.below(8) as u8) << 3;
        state.image[4] = random.next() as u8;
        // All SIMD exceptions are masked: what an unmasked one does is a table test.
        let mxcsr = random.next() as u32 & 0xFFFF | 0x1F80;
        state.image[24..28].copy_from_slice(&mxcsr.to_le_bytes());
        for number in 0..8 {
            let st = quadword(&mut random);
            state.image[ST_AT + 16 * number..][..8].copy_from_slice(&st.to_le_bytes());
            state.image[ST_AT + 16 * number + 8..][..2].copy_from_slice(&(random.next() as u16).to_le_bytes());
        }
        let wide = size == CodeSize::Bits64;
        for number in 0..if wide { 16 } else { 8 } {
            state.image[XMM_AT + 16 * number..][..16].copy_from_slice(&octoword(&mut random));
        }
        for register in FREE_REGISTERS.into_iter().take(if wide { 10 } else { 5 }) {
            let value = quadword(&mut random);
            state.gpr[register] = if wide { value } else { value & 0xFFFF_FFFF };
        }
        state.flags |= random.next() as u32 & ARITHMETIC_FLAGS;
        for sixteen in state.memory.chunks_exact_mut(16) {
            sixteen.copy_from_slice(&octoword(&mut random));
        }
        for upper in state.upper.iter_mut().take(if wide { 16 } else { 8 }) {
            *upper = octoword(&mut random);
        }
        state
    }

    /// Makes the numbers in register 3, an index of gathers, small: lanes from 0 to 7 of any width, at most 3 in each
    /// quadword's lower half.
    pub(super) fn tame_numbers(&mut self) {
        for byte in 0..16 {
            let mask = if byte % 4 == 0 { 7 } else { 0 };
            self.image[XMM_AT + 48 + byte] &= if byte % 8 == 4 { 0 } else { mask };
            self.upper[3][byte] &= if byte % 8 == 4 { 0 } else { mask };
        }
    }

    /// Everything that is compared, as name and value in bytes.
    pub(super) fn parts(&self) -> Vec<(String, Vec<u8>)> {
        let mut parts = Vec::new();
        for (name, at, bytes) in PARTS {
            parts.push((name.to_owned(), self.image[at..at + bytes].to_vec()));
        }
        for number in 0..8 {
            parts.push((format!("st{number}"), self.image[ST_AT + 16 * number..][..10].to_vec()));
        }
        for number in 0..16 {
            parts.push((format!("xmm{number}"), self.image[XMM_AT + 16 * number..][..16].to_vec()));
        }
        for (number, upper) in self.upper.iter().enumerate() {
            parts.push((format!("ymm{number}h"), upper.to_vec()));
        }
        for register in FREE_REGISTERS {
            parts.push((format!("r{register}"), self.gpr[register].to_le_bytes().to_vec()));
        }
        parts.push(("flags".to_owned(), (self.flags & ARITHMETIC_FLAGS).to_le_bytes().to_vec()));
        parts.push(("memory".to_owned(), self.memory.to_vec()));
        parts
    }

    /// What differs from another state, `name=value` of this one.
    pub(super) fn changes_from(&self, before: &State) -> Vec<String> {
        let pairs = self.parts().into_iter().zip(before.parts());
        let changed = pairs.filter(|(now, then)| now != then);
        changed.map(|((name, value), _)| format!("{name}={}", hex(&value))).collect()
    }

    /// True if nothing that is compared differs.
    pub(super) fn same(&self, other: &State) -> bool {
        let image = |state: &State, at: usize, bytes: usize| state.image[at..at + bytes].to_vec();
        PARTS.iter().all(|(_, at, bytes)| image(self, *at, *bytes) == image(other, *at, *bytes))
            && (0..8).all(|n| image(self, ST_AT + 16 * n, 10) == image(other, ST_AT + 16 * n, 10))
            && self.image[XMM_AT..XMM_AT + 256] == other.image[XMM_AT..XMM_AT + 256]
            && self.upper == other.upper
            && FREE_REGISTERS.iter().all(|register| self.gpr[*register] == other.gpr[*register])
            && (self.flags ^ other.flags) & ARITHMETIC_FLAGS == 0
            && self.memory == other.memory
    }
}

/// Most significant byte first, as registers are read.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect()
}
