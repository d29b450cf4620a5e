//! Handlers for what systems need more often than loops do: bits, scans, products and quotients, strings.

use super::Fast;
use super::bits::{self, Bit, Bt, Btc, Btr, Bts, Lzcnt, Scan, Tzcnt};
use super::by::{Wide, by_condition, by_form, by_width, held_in, wide_size};
use super::choose::{CodeMode, Opcode, form};
use super::dispatch::Dispatch;
use super::exchange;
use super::handing::held;
use super::moves;
use super::muldiv::{self, Divide, Multiply};
use super::operand::{
    BASE, BASED, DST, FLAT_BASE, FLAT_INDEX, INDEX, INDEXED, LAST_REGISTER, LONG_BASE, LONG_INDEX, LONG_RIP,
    LONG_SEGMENT, SRC, WORD,
};
use super::shift::{self, DoubleShift};
use super::string;
use crate::insn::{ADDRESS_32, Insn, OPERAND_32, PLACE_IMMEDIATE, PLACE_MEMORY};
use crate::isa::{OperandSize, row_of};
use crate::segment::SegReg;

/// Picks by element size, a byte if there is none: `sized!(size, string::movs, u64)` is `movs::<u8, u64>` and so on.
macro_rules! sized {
    ($size:expr, $module:ident::$handler:ident, $address:ty) => {
        match $size {
            None => $module::$handler::<u8, $address> as Fast,
            Some(OperandSize::Bits16) => $module::$handler::<u16, $address>,
            Some(OperandSize::Bits32) => $module::$handler::<u32, $address>,
            Some(OperandSize::Bits64) => $module::$handler::<u64, $address>,
        }
    };
}

/// CMPXCHG on memory.
pub(super) fn compare_and_exchange(i: &Insn, byte: bool, flat: bool) -> Option<Fast> {
    (i.dst == PLACE_MEMORY).then(|| by_form!(byte, i, flat, exchange::compare))
}

/// XADD on memory.
pub(super) fn exchange_and_add(i: &Insn, byte: bool, flat: bool) -> Option<Fast> {
    (i.dst == PLACE_MEMORY).then(|| by_form!(byte, i, flat, exchange::add))
}

/// CMOVcc from memory, in flat and in 64-bit code.
pub(super) fn conditional_load(i: &Insn, condition: u8, flat: bool) -> Option<Fast> {
    match (form(i, flat), i.operand_size()) {
        (FLAT_BASE, OperandSize::Bits32) => Some(by_condition!(condition, moves::cmov_rm, u32, FLAT_BASE, Dispatch)),
        (FLAT_INDEX, OperandSize::Bits32) => Some(by_condition!(condition, moves::cmov_rm, u32, FLAT_INDEX, Dispatch)),
        (LONG_BASE, OperandSize::Bits32) => Some(by_condition!(condition, moves::cmov_rm, u32, LONG_BASE, Dispatch)),
        (LONG_BASE, OperandSize::Bits64) => Some(by_condition!(condition, moves::cmov_rm, u64, LONG_BASE, Dispatch)),
        (LONG_INDEX, OperandSize::Bits32) => Some(by_condition!(condition, moves::cmov_rm, u32, LONG_INDEX, Dispatch)),
        (LONG_INDEX, OperandSize::Bits64) => Some(by_condition!(condition, moves::cmov_rm, u64, LONG_INDEX, Dispatch)),
        (LONG_RIP, OperandSize::Bits32) => Some(by_condition!(condition, moves::cmov_rm, u32, LONG_RIP, Dispatch)),
        (LONG_RIP, OperandSize::Bits64) => Some(by_condition!(condition, moves::cmov_rm, u64, LONG_RIP, Dispatch)),
        _ => None,
    }
}

/// MOVS and STOS with flat segments.
pub(super) fn strings(i: &Insn, byte: u8, mode: CodeMode) -> Option<Fast> {
    let plain_source = !matches!(i.segment(), SegReg::Fs | SegReg::Gs) && (mode.is_64 || i.segment() != SegReg::Cs);
    let moves = byte < 0xA8;
    if !mode.flat || moves && !plain_source {
        return None;
    }
    let size = if byte & 1 == 0 { None } else { Some(i.operand_size()) };
    match (moves, mode.is_64) {
        (true, true) if i.address_64() => Some(sized!(size, string::movs, u64)),
        (false, true) if i.address_64() => Some(sized!(size, string::stos, u64)),
        (true, false) if i.has(ADDRESS_32) => Some(sized!(size, string::movs, u32)),
        (false, false) if i.has(ADDRESS_32) => Some(sized!(size, string::stos, u32)),
        _ => None,
    }
}

/// BT, BTS, BTR, BTC.
pub(super) fn numbered_bits(i: &Insn, opcode: &Opcode, flat: bool) -> Option<Fast> {
    match (opcode.byte, opcode.reg) {
        (0xA3, _) | (0xBA, 4) => bit_of::<Bt>(i, flat),
        (0xAB, _) | (0xBA, 5) => bit_of::<Bts>(i, flat),
        (0xB3, _) | (0xBA, 6) => bit_of::<Btr>(i, flat),
        (0xBB, _) | (0xBA, 7) => bit_of::<Btc>(i, flat),
        _ => None,
    }
}

/// A numbered bit. A number in a register reaches beyond an operand in memory: that is left to the canonical handler.
fn bit_of<O: Bit>(i: &Insn, flat: bool) -> Option<Fast> {
    match (i.dst, i.src) {
        (0..=LAST_REGISTER, 0..=LAST_REGISTER) => Some(by_width!(false, i, bits::rr<O>, [DST, SRC])),
        (0..=LAST_REGISTER, PLACE_IMMEDIATE) => Some(by_width!(false, i, bits::ri<O>, [DST])),
        (PLACE_MEMORY, PLACE_IMMEDIATE) => Some(by_form!(false, i, flat, bits::mi<O>)),
        _ => None,
    }
}

pub(super) fn scan<O: Scan>(i: &Insn, flat: bool) -> Fast {
    match i.src {
        PLACE_MEMORY => by_form!(false, i, flat, bits::scan_rm<O>),
        _ => by_width!(false, i, bits::scan_rr<O>, [SRC]),
    }
}

/// TZCNT and LZCNT, which a prefix makes of the scans.
pub(super) fn counts(i: &Insn, flat: bool) -> Option<Fast> {
    if !matches!(i.op >> 3 & 0xFF, 0xBC | 0xBD) {
        return None;
    }
    match row_of(i.op)?.name {
        "tzcnt" => Some(scan::<Tzcnt>(i, flat)),
        "lzcnt" => Some(scan::<Lzcnt>(i, flat)),
        _ => None,
    }
}

pub(super) fn multiply<O: Multiply>(i: &Insn, byte: bool, flat: bool) -> Fast {
    match i.dst {
        PLACE_MEMORY => by_form!(byte, i, flat, muldiv::multiply_m<O>),
        _ => by_width!(byte, i, muldiv::multiply<O>),
    }
}

pub(super) fn divide<O: Divide>(i: &Insn, byte: bool, flat: bool) -> Fast {
    match i.dst {
        PLACE_MEMORY => by_form!(byte, i, flat, muldiv::divide_m<O>),
        _ => by_width!(byte, i, muldiv::divide<O>),
    }
}

pub(super) fn double_shifts<O: DoubleShift>(i: &Insn, by_cl: bool) -> Option<Fast> {
    match (i.operand_size(), by_cl) {
        _ if i.dst > LAST_REGISTER => None,
        (OperandSize::Bits64, true) => Some(shift::rr_cl::<O, u64>),
        (OperandSize::Bits64, false) => Some(shift::rr_imm::<O, u64>),
        (OperandSize::Bits32, true) => Some(shift::rr_cl::<O, u32>),
        (OperandSize::Bits32, false) => Some(shift::rr_imm::<O, u32>),
        (OperandSize::Bits16, _) => None,
    }
}
