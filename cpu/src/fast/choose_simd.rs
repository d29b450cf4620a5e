//! Which handler an instruction on XMM registers gets.

use super::Fast;
use super::choose::form;
use super::choose_vex::{NONE, P66, PF2, PF3};
use super::handing::held;
use super::operand::{BASE, BASED, FLAT_BASE, FLAT_INDEX, INDEX, LONG_BASE, LONG_INDEX, LONG_RIP, LONG_SEGMENT, WORD};
use super::simd::{self, And, AndNot, Doubles, Low, LowAlone, Move, Or, Singles, UnpackHigh, UnpackLow, Xor};
use super::simd_integer::{self, Equal, Greater, Lanes, Left, Minus, OfLanes, Plus, Right, RightSigned};
use super::simd_packed::{self, by_opcode};
use crate::exec::sse_float::{Add, Divide, Multiply, Operation, SquareRoot, Subtract};
use crate::float::{F32, F64};
use crate::insn::{Insn, OPERAND_64, PLACE_MEMORY};
use crate::isa;

/// Picks a handler by addressing form: `by_form!(i, flat, simd::load_scalar<u64>)` is `load_scalar::<u64, BASE, 0>` and
/// so on.
macro_rules! by_form {
    ($i:expr, $flat:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)? $([$($value:literal),*])?) => {
        match (form($i, $flat), held($i) & BASED != 0) {
            (BASE, _) => $module::$handler::<$($($arg,)*)? $($($value,)*)? BASE, 0> as Fast,
            (INDEX, _) => $module::$handler::<$($($arg,)*)? $($($value,)*)? INDEX, 0>,
            (FLAT_BASE, true) => $module::$handler::<$($($arg,)*)? $($($value,)*)? FLAT_BASE, BASED>,
            (FLAT_BASE, false) => $module::$handler::<$($($arg,)*)? $($($value,)*)? FLAT_BASE, 0>,
            (FLAT_INDEX, true) => $module::$handler::<$($($arg,)*)? $($($value,)*)? FLAT_INDEX, BASED>,
            (FLAT_INDEX, false) => $module::$handler::<$($($arg,)*)? $($($value,)*)? FLAT_INDEX, 0>,
            (LONG_BASE, true) => $module::$handler::<$($($arg,)*)? $($($value,)*)? LONG_BASE, BASED>,
            (LONG_BASE, false) => $module::$handler::<$($($arg,)*)? $($($value,)*)? LONG_BASE, 0>,
            (LONG_INDEX, _) => $module::$handler::<$($($arg,)*)? $($($value,)*)? LONG_INDEX, 0>,
            (LONG_RIP, _) => $module::$handler::<$($($arg,)*)? $($($value,)*)? LONG_RIP, 0>,
            (LONG_SEGMENT, _) => $module::$handler::<$($($arg,)*)? $($($value,)*)? LONG_SEGMENT, 0>,
            _ => $module::$handler::<$($($arg,)*)? $($($value,)*)? WORD, 0>,
        }
    };
}

/// As `by_form!`, in flat and in 64-bit code only.
macro_rules! by_flat_form {
    ($i:expr, $flat:expr, $module:ident::$handler:ident $(< $($arg:ty),* >)? [$($value:literal),*]) => {
        match (form($i, $flat), held($i) & BASED != 0) {
            (FLAT_BASE, true) => Some($module::$handler::<$($($arg,)*)? $($value,)* FLAT_BASE, BASED> as Fast),
            (FLAT_BASE, false) => Some($module::$handler::<$($($arg,)*)? $($value,)* FLAT_BASE, 0>),
            (FLAT_INDEX, true) => Some($module::$handler::<$($($arg,)*)? $($value,)* FLAT_INDEX, BASED>),
            (FLAT_INDEX, false) => Some($module::$handler::<$($($arg,)*)? $($value,)* FLAT_INDEX, 0>),
            (LONG_BASE, true) => Some($module::$handler::<$($($arg,)*)? $($value,)* LONG_BASE, BASED>),
            (LONG_BASE, false) => Some($module::$handler::<$($($arg,)*)? $($value,)* LONG_BASE, 0>),
            (LONG_INDEX, _) => Some($module::$handler::<$($($arg,)*)? $($value,)* LONG_INDEX, 0>),
            (LONG_RIP, _) => Some($module::$handler::<$($($arg,)*)? $($value,)* LONG_RIP, 0>),
            _ => None,
        }
    };
}

/// The handler of an instruction on XMM registers, if it has one.
pub(super) fn choose(i: &Insn, flat: bool) -> Option<Fast> {
    let (prefix, opcode) = isa::two_byte_opcode(i.op)?;
    match (opcode, prefix) {
        (0x10, NONE | P66) => moved::<false>(i, flat),
        (0x28, NONE | P66) | (0x6F, P66) => moved::<true>(i, flat),
        (0x6F, PF3) => moved::<false>(i, flat),
        (0x11, NONE | P66) | (0x7F, PF3) => stored::<false>(i, flat),
        (0x29, NONE | P66) | (0x7F, P66) => stored::<true>(i, flat),
        (0x10, PF2) if i.src != PLACE_MEMORY => Some(simd::rr::<Low>),
        (0x10, PF2) => Some(by_form!(i, flat, simd::load_scalar<u64>)),
        (0x10, PF3) if i.src == PLACE_MEMORY => Some(by_form!(i, flat, simd::load_scalar<u32>)),
        (0x7E, PF3) if i.src != PLACE_MEMORY => Some(simd::rr::<LowAlone>),
        (0x7E, PF3) => Some(by_form!(i, flat, simd::load_scalar<u64>)),
        (0x11, PF2) | (0x13, NONE | P66) | (0xD6, P66) if i.dst == PLACE_MEMORY => {
            Some(by_form!(i, flat, simd::store_half<u64>[false]))
        }
        (0x11, PF3) if i.dst == PLACE_MEMORY => Some(by_form!(i, flat, simd::store_half<u32>[false])),
        (0x17, NONE | P66) if i.dst == PLACE_MEMORY => Some(by_form!(i, flat, simd::store_half<u64>[true])),
        (0x12, NONE | P66) if i.src == PLACE_MEMORY => Some(by_form!(i, flat, simd::load_half[false])),
        (0x16, NONE | P66) if i.src == PLACE_MEMORY => Some(by_form!(i, flat, simd::load_half[true])),
        (0x14, P66) | (0x6C, P66) => acted::<UnpackLow>(i, flat),
        (0x15, P66) | (0x6D, P66) => acted::<UnpackHigh>(i, flat),
        (0x54, NONE | P66) | (0xDB, P66) => acted::<And>(i, flat),
        (0x55, NONE | P66) | (0xDF, P66) => acted::<AndNot>(i, flat),
        (0x56, NONE | P66) | (0xEB, P66) => acted::<Or>(i, flat),
        (0x57, NONE | P66) | (0xEF, P66) => acted::<Xor>(i, flat),
        (0xFC..=0xFE, P66) => lanes::<Plus>(opcode & 3, i, flat),
        (0xD4, P66) => acted::<Lanes<Plus, u64>>(i, flat),
        (0xF8..=0xFA, P66) => lanes::<Minus>(opcode & 3, i, flat),
        (0xFB, P66) => acted::<Lanes<Minus, u64>>(i, flat),
        (0x74..=0x76, P66) => lanes::<Equal>(opcode & 3, i, flat),
        (0x64..=0x66, P66) => lanes::<Greater>(opcode & 3, i, flat),
        (0x73, P66) if i.op & 7 == 3 => Some(simd_packed::shift_bytes::<false>),
        (0x73, P66) if i.op & 7 == 7 => Some(simd_packed::shift_bytes::<true>),
        (0x71..=0x73, P66) => shifted(opcode, (i.op & 7) as u8),
        (0x70, P66) if i.src != PLACE_MEMORY => Some(simd_integer::shuffle_rr),
        (0xD7, P66) => Some(simd_integer::byte_signs_r),
        (0x6E, P66) => Some(match (i.src, i.has(OPERAND_64)) {
            (PLACE_MEMORY, true) => by_form!(i, flat, simd::load_scalar<u64>),
            (PLACE_MEMORY, false) => by_form!(i, flat, simd::load_scalar<u32>),
            (_, true) => simd_integer::load_r::<u64>,
            (_, false) => simd_integer::load_r::<u32>,
        }),
        (0x7E, P66) => Some(match (i.dst, i.has(OPERAND_64)) {
            (PLACE_MEMORY, true) => by_form!(i, flat, simd::store_half<u64>[false]),
            (PLACE_MEMORY, false) => by_form!(i, flat, simd::store_half<u32>[false]),
            (_, true) => simd_integer::store_r::<u64>,
            (_, false) => simd_integer::store_r::<u32>,
        }),
        (0x51, _) => arithmetic::<SquareRoot>(i, prefix, flat),
        (0x58, _) => arithmetic::<Add>(i, prefix, flat),
        (0x59, _) => arithmetic::<Multiply>(i, prefix, flat),
        (0x5C, _) => arithmetic::<Subtract>(i, prefix, flat),
        (0x5E, _) => arithmetic::<Divide>(i, prefix, flat),
        (0x2E | 0x2F, NONE) if i.src != PLACE_MEMORY => Some(simd::compare_rr::<F32>),
        (0x2E | 0x2F, NONE) => Some(by_form!(i, flat, simd::compare_rm<F32>)),
        (0x2E | 0x2F, P66) if i.src != PLACE_MEMORY => Some(simd::compare_rr::<F64>),
        (0x2E | 0x2F, P66) => Some(by_form!(i, flat, simd::compare_rm<F64>)),
        (0x2A, PF2) if i.has(OPERAND_64) => None,
        (0x2A, PF2) if i.src != PLACE_MEMORY => Some(simd::cvtsi2sd_r),
        (0x2A, PF2) => Some(by_form!(i, flat, simd::cvtsi2sd_m)),
        (0x2C, PF2) if i.src != PLACE_MEMORY && !i.has(OPERAND_64) => Some(simd::cvttsd2si_r),
        (_, P66) => by_opcode!(opcode, acted(i, flat)),
        _ => None,
    }
}

fn acted<A: simd::Act>(i: &Insn, flat: bool) -> Option<Fast> {
    match i.src {
        PLACE_MEMORY => by_flat_form!(i, flat, simd::rm<A>[true]),
        _ => Some(simd::rr::<A>),
    }
}

/// Lanes of 8, 16 or 32 bits, by the low bits of the opcode.
fn lanes<O: OfLanes>(width: u8, i: &Insn, flat: bool) -> Option<Fast> {
    match width {
        0 => acted::<Lanes<O, u8>>(i, flat),
        1 => acted::<Lanes<O, u16>>(i, flat),
        _ => acted::<Lanes<O, u32>>(i, flat),
    }
}

/// Groups 12 to 14, but for the shifts of whole registers.
fn shifted(opcode: u8, number: u8) -> Option<Fast> {
    match (opcode, number) {
        (0x71, 2) => Some(simd_integer::shift_i::<Right, u16>),
        (0x71, 4) => Some(simd_integer::shift_i::<RightSigned, u16>),
        (0x71, 6) => Some(simd_integer::shift_i::<Left, u16>),
        (0x72, 2) => Some(simd_integer::shift_i::<Right, u32>),
        (0x72, 4) => Some(simd_integer::shift_i::<RightSigned, u32>),
        (0x72, 6) => Some(simd_integer::shift_i::<Left, u32>),
        (0x73, 2) => Some(simd_integer::shift_i::<Right, u64>),
        (0x73, 6) => Some(simd_integer::shift_i::<Left, u64>),
        _ => None,
    }
}

fn moved<const ALIGNED: bool>(i: &Insn, flat: bool) -> Option<Fast> {
    match (i.src, ALIGNED) {
        (PLACE_MEMORY, true) => by_flat_form!(i, flat, simd::rm<Move>[true]),
        (PLACE_MEMORY, false) => by_flat_form!(i, flat, simd::rm<Move>[false]),
        _ => Some(simd::rr::<Move>),
    }
}

fn stored<const ALIGNED: bool>(i: &Insn, flat: bool) -> Option<Fast> {
    match (i.dst, ALIGNED) {
        (PLACE_MEMORY, true) => by_flat_form!(i, flat, simd::store[true]),
        (PLACE_MEMORY, false) => by_flat_form!(i, flat, simd::store[false]),
        _ => Some(simd::rr::<Move>),
    }
}

fn arithmetic<O: Operation>(i: &Insn, prefix: u8, flat: bool) -> Option<Fast> {
    let memory = i.src == PLACE_MEMORY;
    match (prefix, memory) {
        (NONE, false) => Some(simd::rr::<Singles<O>>),
        (NONE, true) => by_flat_form!(i, flat, simd::rm<Singles<O>>[true]),
        (P66, false) => Some(simd::rr::<Doubles<O>>),
        (P66, true) => by_flat_form!(i, flat, simd::rm<Doubles<O>>[true]),
        (PF3, false) => Some(simd::scalar_rr::<F32, O>),
        (PF3, true) => Some(by_form!(i, flat, simd::scalar_rm<F32, O>)),
        (_, false) => Some(simd::scalar_rr::<F64, O>),
        (_, true) => Some(by_form!(i, flat, simd::scalar_rm<F64, O>)),
    }
}
