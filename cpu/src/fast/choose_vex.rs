//! Which handler an instruction with VEX gets, and one behind 0Fh 38h or 0Fh 3Ah: in 64-bit code, where most of them are.

use super::choose::{CodeMode, form};
use super::general_vex::{self, Andn, Bextr, Bits, Blsi, Blsmsk, Blsr, Bzhi, Rorx, Sarx, Shlx, Shrx};
use super::operand::{LONG_BASE, LONG_INDEX, LONG_RIP};
use super::simd::{Act, And, AndNot, Doubles, Move, Or, Singles, UnpackHigh, UnpackLow, Xor};
use super::simd_integer::{Equal, Greater, Lanes, Left, Minus, OfLanes, Plus, Right, RightSigned, ShiftLanes};
use super::simd_packed::{self, by_opcode};
use super::{Fast, vex};
use crate::exec::sse_float::{Add, Divide, Multiply, Operation, Subtract};
use crate::insn::{Insn, OPERAND_64, PLACE_MEMORY};
use crate::isa::{self, Escape, OperandSize};
use crate::width::Width;

/// Mandatory prefixes.
pub(super) const NONE: u8 = 0;
pub(super) const P66: u8 = 1;
pub(super) const PF3: u8 = 2;
pub(super) const PF2: u8 = 3;

/// Picks a handler by length and addressing: `by_length!(i, vex::rm<A>[true])` is `rm::<A, true, false, LONG_INDEX>` and so
/// on. An address without an index has that which is always zero.
macro_rules! by_length {
    ($i:expr, $module:ident::$handler:ident < $($arg:ty),* > [$($value:literal),*]) => {
        match (form($i, true), is_long($i)) {
            (LONG_BASE | LONG_INDEX, false) => Some($module::$handler::<$($arg,)* $($value,)* false, LONG_INDEX> as Fast),
            (LONG_BASE | LONG_INDEX, true) => Some($module::$handler::<$($arg,)* $($value,)* true, LONG_INDEX>),
            (LONG_RIP, false) => Some($module::$handler::<$($arg,)* $($value,)* false, LONG_RIP>),
            (LONG_RIP, true) => Some($module::$handler::<$($arg,)* $($value,)* true, LONG_RIP>),
            _ => None,
        }
    };
}
pub(super) use by_length;

/// VEX.L, of a row that has handlers of both lengths.
pub(super) fn is_long(i: &Insn) -> bool {
    i.canonical == isa::handler_number(i.op, OperandSize::Bits32)
}

/// The handler, if there is one.
pub(super) fn choose(i: &Insn, mode: CodeMode) -> Option<Fast> {
    #[cfg(target_arch = "x86_64")]
    if let Some(fast) = super::choose_host::choose(i, mode) {
        return Some(fast);
    }
    if !mode.is_64 {
        return None;
    }
    if let Some((opcode, number)) = isa::vex_group(i.op) {
        return group(opcode, number, i);
    }
    match isa::vex_opcode(i.op)? {
        (Escape::Vex0F, prefix, opcode) => vectors(prefix, opcode, i),
        (Escape::Vex0F38, prefix, opcode) => general(prefix, opcode, i),
        (_, PF2, 0xF0) => general_registers::<Rorx>(i),
        _ => None,
    }
}

fn vectors(prefix: u8, opcode: u8, i: &Insn) -> Option<Fast> {
    match (opcode, prefix) {
        (0x10, NONE | P66) | (0x6F, PF3) => moved::<false>(i),
        (0x28, NONE | P66) | (0x6F, P66) => moved::<true>(i),
        (0x11, NONE | P66) | (0x7F, PF3) => stored::<false>(i),
        (0x29, NONE | P66) | (0x7F, P66) => stored::<true>(i),
        (0x14, P66) | (0x6C, P66) => acted::<UnpackLow>(i),
        (0x15, P66) | (0x6D, P66) => acted::<UnpackHigh>(i),
        (0x54, NONE | P66) | (0xDB, P66) => acted::<And>(i),
        (0x55, NONE | P66) | (0xDF, P66) => acted::<AndNot>(i),
        (0x56, NONE | P66) | (0xEB, P66) => acted::<Or>(i),
        (0x57, NONE | P66) | (0xEF, P66) => acted::<Xor>(i),
        (0xFC..=0xFE, P66) => lanes::<Plus>(opcode & 3, i),
        (0xD4, P66) => acted::<Lanes<Plus, u64>>(i),
        (0xF8..=0xFA, P66) => lanes::<Minus>(opcode & 3, i),
        (0xFB, P66) => acted::<Lanes<Minus, u64>>(i),
        (0x74..=0x76, P66) => lanes::<Equal>(opcode & 3, i),
        (0x64..=0x66, P66) => lanes::<Greater>(opcode & 3, i),
        (0x58, NONE | P66) => arithmetic::<Add>(i, prefix),
        (0x59, NONE | P66) => arithmetic::<Multiply>(i, prefix),
        (0x5C, NONE | P66) => arithmetic::<Subtract>(i, prefix),
        (0x5E, NONE | P66) => arithmetic::<Divide>(i, prefix),
        (0x6E, P66) if i.src != PLACE_MEMORY && i.has(OPERAND_64) => Some(vex::load_r::<u64>),
        (0x6E, P66) if i.src != PLACE_MEMORY => Some(vex::load_r::<u32>),
        (0x77, NONE) if !is_long(i) => Some(vex::zero_upper),
        (0xD7, P66) if is_long(i) => Some(vex::byte_signs_r::<true>),
        (0xD7, P66) => Some(vex::byte_signs_r::<false>),
        (0x70, P66) if i.src != PLACE_MEMORY && is_long(i) => Some(vex::shuffle_rr::<true>),
        (0x70, P66) if i.src != PLACE_MEMORY => Some(vex::shuffle_rr::<false>),
        (_, P66) => by_opcode!(opcode, acted(i)),
        _ => None,
    }
}

fn acted<A: Act>(i: &Insn) -> Option<Fast> {
    match (i.src, is_long(i)) {
        (PLACE_MEMORY, _) => by_length!(i, vex::rm<A>[false]),
        (_, false) => Some(vex::rr::<A, false>),
        (_, true) => Some(vex::rr::<A, true>),
    }
}

fn lanes<O: OfLanes>(width: u8, i: &Insn) -> Option<Fast> {
    match width {
        0 => acted::<Lanes<O, u8>>(i),
        1 => acted::<Lanes<O, u16>>(i),
        _ => acted::<Lanes<O, u32>>(i),
    }
}

fn arithmetic<O: Operation>(i: &Insn, prefix: u8) -> Option<Fast> {
    if prefix == P66 { acted::<Doubles<O>>(i) } else { acted::<Singles<O>>(i) }
}

fn moved<const ALIGNED: bool>(i: &Insn) -> Option<Fast> {
    match (i.src, ALIGNED) {
        (PLACE_MEMORY, true) => by_length!(i, vex::rm<Move>[true]),
        _ => acted::<Move>(i),
    }
}

fn stored<const ALIGNED: bool>(i: &Insn) -> Option<Fast> {
    match (i.dst, ALIGNED) {
        (PLACE_MEMORY, true) => by_length!(i, vex::store<>[true]),
        (PLACE_MEMORY, false) => by_length!(i, vex::store<>[false]),
        _ => acted::<Move>(i),
    }
}

/// Shifts by an immediate, and the lowest bits of general registers.
fn group(opcode: u8, number: u8, i: &Insn) -> Option<Fast> {
    match (opcode, number) {
        (0x71, 2) => shifted::<Right, u16>(i),
        (0x71, 4) => shifted::<RightSigned, u16>(i),
        (0x71, 6) => shifted::<Left, u16>(i),
        (0x72, 2) => shifted::<Right, u32>(i),
        (0x72, 4) => shifted::<RightSigned, u32>(i),
        (0x72, 6) => shifted::<Left, u32>(i),
        (0x73, 2) => shifted::<Right, u64>(i),
        (0x73, 6) => shifted::<Left, u64>(i),
        (0xF3, 1) => general_registers::<Blsr>(i),
        (0xF3, 2) => general_registers::<Blsmsk>(i),
        (0xF3, 3) => general_registers::<Blsi>(i),
        _ => None,
    }
}

fn shifted<S: ShiftLanes, W: Width>(i: &Insn) -> Option<Fast> {
    Some(if is_long(i) { vex::shift_i::<S, W, true> } else { vex::shift_i::<S, W, false> })
}

fn broadcast<W: Width>(i: &Insn) -> Option<Fast> {
    match (i.src, is_long(i)) {
        (PLACE_MEMORY, _) => None,
        (_, true) => Some(vex::broadcast_rr::<W, true>),
        (_, false) => Some(vex::broadcast_rr::<W, false>),
    }
}

/// Behind 0Fh 38h: broadcasts, and bits of general registers.
fn general(prefix: u8, opcode: u8, i: &Insn) -> Option<Fast> {
    match (opcode, prefix) {
        (0x58, P66) => broadcast::<u32>(i),
        (0x59, P66) => broadcast::<u64>(i),
        (0x78, P66) => broadcast::<u8>(i),
        (0x79, P66) => broadcast::<u16>(i),
        (0xF2, NONE) => general_registers::<Andn>(i),
        (0xF5, NONE) => general_registers::<Bzhi>(i),
        (0xF6, PF2) if i.src == PLACE_MEMORY => None,
        (0xF6, PF2) if i.has(OPERAND_64) => Some(general_vex::mulx::<u64>),
        (0xF6, PF2) => Some(general_vex::mulx::<u32>),
        (0xF7, NONE) => general_registers::<Bextr>(i),
        (0xF7, P66) => general_registers::<Shlx>(i),
        (0xF7, PF3) => general_registers::<Sarx>(i),
        (0xF7, PF2) => general_registers::<Shrx>(i),
        _ => None,
    }
}

fn general_registers<O: Bits>(i: &Insn) -> Option<Fast> {
    match (i.src, i.has(OPERAND_64)) {
        (PLACE_MEMORY, _) => None,
        (_, true) => Some(general_vex::rr::<O, u64>),
        (_, false) => Some(general_vex::rr::<O, u32>),
    }
}
