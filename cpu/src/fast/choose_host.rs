//! Which instructions get a handler that asks the host's own: see `simd_host`.

use super::Fast;
use super::choose::{CodeMode, form};
use super::choose_vex::{NONE, P66, PF2, PF3, by_length, is_long};
use super::operand::{FLAT_BASE, FLAT_INDEX, LONG_BASE, LONG_INDEX, LONG_RIP};
use super::simd_host::{self, *};
use crate::insn::{Insn, OPERAND_64, PLACE_MEMORY};
use crate::isa::{self, Escape};

/// The handler, if there is one and the host can do it.
pub(super) fn choose(i: &Insn, mode: CodeMode) -> Option<Fast> {
    if let Some((escape, prefix, opcode)) = isa::three_byte_opcode(i.op) {
        return legacy(escape, prefix, opcode, i, mode.flat).filter(|_| has_all());
    }
    let (escape, prefix, opcode) = isa::vex_opcode(i.op).filter(|_| mode.is_64)?;
    with_vex(escape, prefix, opcode, i).filter(|_| has_all())
}

/// The operation of an opcode behind 66h that is the same without VEX and with it.
macro_rules! by_opcode {
    ($escape:expr, $opcode:expr, $pick:ident($($arg:expr),*)) => {
        match ($escape, $opcode) {
            (Escape::Three38 | Escape::Vex0F38, 0x00) => $pick::<Shuffle>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x01) => $pick::<AddWords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x02) => $pick::<AddDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x04) => $pick::<MultiplyAddBytes>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x0B) => $pick::<MultiplyRounded>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x1C) => $pick::<AbsoluteBytes>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x1D) => $pick::<AbsoluteWords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x1E) => $pick::<AbsoluteDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x29) => $pick::<EqualQuads>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x2B) => $pick::<PackUnsignedDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x37) => $pick::<GreaterQuads>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x38) => $pick::<LeastSignedBytes>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x39) => $pick::<LeastSignedDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x3A) => $pick::<LeastUnsignedWords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x3B) => $pick::<LeastUnsignedDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x3C) => $pick::<MostSignedBytes>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x3D) => $pick::<MostSignedDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x3E) => $pick::<MostUnsignedWords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x3F) => $pick::<MostUnsignedDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0x40) => $pick::<MultiplyLowDwords>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0xDC) => $pick::<Encrypt>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0xDD) => $pick::<EncryptLast>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0xDE) => $pick::<Decrypt>($($arg),*),
            (Escape::Three38 | Escape::Vex0F38, 0xDF) => $pick::<DecryptLast>($($arg),*),
            (Escape::Three3A | Escape::Vex0F3A, 0x0F) => $pick::<Align>($($arg),*),
            (Escape::Three3A | Escape::Vex0F3A, 0x44) => $pick::<Carryless>($($arg),*),
            _ => None,
        }
    };
}

fn legacy(escape: Escape, prefix: u8, opcode: u8, i: &Insn, flat: bool) -> Option<Fast> {
    match (escape, prefix, opcode) {
        (Escape::Three38, NONE, 0xCB) => made::<Sha256Rounds>(i, flat),
        (Escape::Three38, NONE, 0xCC) => made::<Sha256Message1>(i, flat),
        (Escape::Three38, NONE, 0xCD) => made::<Sha256Message2>(i, flat),
        (Escape::Three38, P66, 0x10) => made::<BlendByXmm0>(i, flat),
        (_, P66, _) => by_opcode!(escape, opcode, made(i, flat)),
        _ => None,
    }
}

fn with_vex(escape: Escape, prefix: u8, opcode: u8, i: &Insn) -> Option<Fast> {
    match (escape, prefix, opcode) {
        (Escape::Vex0F38, PF2 | PF3, 0xF5) => scattered(i, prefix == PF2),
        (Escape::Vex0F38, P66, 0x45) if !isa::vex_variant(i.op) => made_with_vex::<ShiftRightEach>(i),
        (Escape::Vex0F38, P66, 0x46) if !isa::vex_variant(i.op) => made_with_vex::<ShiftRightSignedEach>(i),
        (Escape::Vex0F38, P66, 0x47) if !isa::vex_variant(i.op) => made_with_vex::<ShiftLeftEach>(i),
        (Escape::Vex0F3A, P66, 0x4C) if !isa::vex_variant(i.op) => made_with_vex::<BlendByFourth>(i),
        (_, P66, _) => by_opcode!(escape, opcode, made_with_vex(i)),
        _ => None,
    }
}

fn made<M: Make>(i: &Insn, flat: bool) -> Option<Fast> {
    if i.src != PLACE_MEMORY {
        return Some(simd_host::rr::<M>);
    }
    match form(i, flat) {
        FLAT_BASE | FLAT_INDEX => Some(simd_host::rm::<M, FLAT_INDEX>),
        LONG_BASE | LONG_INDEX => Some(simd_host::rm::<M, LONG_INDEX>),
        LONG_RIP => Some(simd_host::rm::<M, LONG_RIP>),
        _ => None,
    }
}

fn made_with_vex<M: Make>(i: &Insn) -> Option<Fast> {
    match (i.src, is_long(i)) {
        (PLACE_MEMORY, _) => by_length!(i, simd_host::vex_rm<M>[]),
        (_, false) => Some(simd_host::vex_rr::<M, false>),
        (_, true) => Some(simd_host::vex_rr::<M, true>),
    }
}

/// PDEP and PEXT.
fn scattered(i: &Insn, deposit: bool) -> Option<Fast> {
    match (i.src, i.has(OPERAND_64), deposit) {
        (PLACE_MEMORY, ..) => None,
        (_, true, true) => Some(simd_host::scatter::<u64, true>),
        (_, true, false) => Some(simd_host::scatter::<u64, false>),
        (_, false, true) => Some(simd_host::scatter::<u32, true>),
        (_, false, false) => Some(simd_host::scatter::<u32, false>),
    }
}
