//! A comparison and the branch behind it in one dispatch: the condition is taken from the operands.

use super::Fast;
use super::alu::steps;
use super::branch::decide;
use super::choose::{CodeMode, form};
use super::flags::Kind;
use super::handing::{held, held_byte};
use super::links::{ANY_CODE, FLAT_CODE, LONG_CODE};
use super::operand::{
    DST, FLAT_BASE, FLAT_INDEX, LAST_REGISTER, LONG_BASE, LONG_RIP, LONG_SEGMENT, SRC, WORD, found, get, get_or,
    immediate, missed, put, read, readable,
};
use super::shift::make_ready;
use crate::exec::Hot;
use crate::insn::{CALM, Insn, PLACE_IMMEDIATE, PLACE_MEMORY};
use crate::isa::{Map, OperandSize};
use crate::state::CpuState;
use crate::width::Width;

/// What is compared.
pub(super) trait Compare {
    /// Notes the flags and says whether the condition holds.
    fn holds<W: Width, const CONDITION: u8>(h: &mut Hot, a: W, b: W) -> bool;
}
/// CMP.
pub(super) struct Cmp;
/// TEST.
pub(super) struct Test;

impl Compare for Cmp {
    #[inline(always)]
    fn holds<W: Width, const CONDITION: u8>(h: &mut Hot, a: W, b: W) -> bool {
        let result = a.wrapping_sub(&b);
        h.fast.lazy.set(Kind::Sub, a, result);
        let holds = match CONDITION >> 1 {
            1 => a < b,
            2 => a == b,
            3 => a <= b,
            4 => result.sign(),
            6 => a.sign_extend() < b.sign_extend(),
            _ => a.sign_extend() <= b.sign_extend(),
        };
        holds != (CONDITION & 1 != 0)
    }
}

impl Compare for Test {
    #[inline(always)]
    fn holds<W: Width, const CONDITION: u8>(h: &mut Hot, a: W, b: W) -> bool {
        let result = a & b;
        h.fast.lazy.set_logic(result);
        let holds = match CONDITION >> 1 {
            1 => false,
            2 | 3 => result.is_zero(),
            4 | 6 => result.sign(),
            _ => result.sign() || result.is_zero(),
        };
        holds != (CONDITION & 1 != 0)
    }
}

pub(super) unsafe fn rr<O: Compare, W: Width, const CONDITION: u8, const HELD: u8, const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`; the branch and the end slot follow.
    unsafe {
        let holds = O::holds::<W, CONDITION>(
            &mut *h,
            get_or::<W, HELD, DST>(c, (*i).dst, v),
            get_or::<W, HELD, SRC>(c, (*i).src, v),
        );
        decide::<CODE>(c, h, i.add(1), holds)
    }
}

pub(super) unsafe fn ri<O: Compare, W: Width, const CONDITION: u8, const HELD: u8, const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        let holds = O::holds::<W, CONDITION>(&mut *h, get_or::<W, HELD, DST>(c, (*i).dst, v), immediate(i));
        decide::<CODE>(c, h, i.add(1), holds)
    }
}

pub(super) unsafe fn rm<O: Compare, W: Width, const CONDITION: u8, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let holds = O::holds::<W, CONDITION>(&mut *h, get::<W>(c, (*i).dst), read(at));
        decide_by::<FORM>(c, h, i.add(1), holds)
    }
}

pub(super) unsafe fn mr<O: Compare, W: Width, const CONDITION: u8, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let holds = O::holds::<W, CONDITION>(&mut *h, read(at), get(c, (*i).src));
        decide_by::<FORM>(c, h, i.add(1), holds)
    }
}

pub(super) unsafe fn mi<O: Compare, W: Width, const CONDITION: u8, const FORM: u8, const HELD: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let holds = O::holds::<W, CONDITION>(&mut *h, read(at), immediate(i));
        decide_by::<FORM>(c, h, i.add(1), holds)
    }
}

/// An operand of flat addressing is one of flat code, and one of 64-bit addressing of 64-bit code.
#[inline(always)]
unsafe fn decide_by<const FORM: u8>(c: *mut CpuState, h: *mut Hot, branch: *const Insn, holds: bool) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        match FORM {
            FLAT_BASE | FLAT_INDEX => decide::<FLAT_CODE>(c, h, branch, holds),
            LONG_BASE..=LONG_SEGMENT => decide::<LONG_CODE>(c, h, branch, holds),
            _ => decide::<ANY_CODE>(c, h, branch, holds),
        }
    }
}

/// INC or DEC and a branch on ZF.
pub(super) unsafe fn step_zero<W: Width, const KIND: u8, const CONDITION: u8, const HELD: u8, const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above; the target is looked at before the register changes.
    unsafe {
        if !steps(c, h) {
            return make_ready(c, h, i, v);
        }
        let a = get_or::<W, HELD, DST>(c, (*i).dst, v);
        let (kind, result) =
            if KIND == INC { (Kind::Inc, a.wrapping_add(&W::one())) } else { (Kind::Dec, a.wrapping_sub(&W::one())) };
        let cpu = &mut *c;
        (*h).fast.lazy.set_step(&mut cpu.flags, kind, result);
        put(c, (*i).dst, result);
        decide::<CODE>(c, h, i.add(1), result.is_zero() != (CONDITION & 1 != 0))
    }
}

pub(super) const INC: u8 = 0;
pub(super) const DEC: u8 = 1;
/// The condition numbers of JE and JNE.
const EQUAL: u8 = 4;
const NOT_EQUAL: u8 = 5;

/// The conditions that pairs have: not OF, not PF.
macro_rules! by_condition {
    ($number:expr, |$condition:ident| $handler:expr) => {
        match $number & 15 {
            2 => {
                const $condition: u8 = 2;
                Some($handler as Fast)
            }
            3 => {
                const $condition: u8 = 3;
                Some($handler as Fast)
            }
            4 => {
                const $condition: u8 = 4;
                Some($handler as Fast)
            }
            5 => {
                const $condition: u8 = 5;
                Some($handler as Fast)
            }
            6 => {
                const $condition: u8 = 6;
                Some($handler as Fast)
            }
            7 => {
                const $condition: u8 = 7;
                Some($handler as Fast)
            }
            8 => {
                const $condition: u8 = 8;
                Some($handler as Fast)
            }
            9 => {
                const $condition: u8 = 9;
                Some($handler as Fast)
            }
            12 => {
                const $condition: u8 = 12;
                Some($handler as Fast)
            }
            13 => {
                const $condition: u8 = 13;
                Some($handler as Fast)
            }
            14 => {
                const $condition: u8 = 14;
                Some($handler as Fast)
            }
            15 => {
                const $condition: u8 = 15;
                Some($handler as Fast)
            }
            _ => None,
        }
    };
}

fn compare<O: Compare, W: Width, const CODE: u8>(i: &Insn, flat: bool, condition: u8) -> Option<Fast> {
    let held = match W::BITS {
        8 => held_byte(i),
        16 => 0,
        _ => held(i),
    };
    match (i.dst, i.src, form(i, flat)) {
        (0..=LAST_REGISTER, 0..=LAST_REGISTER, _) if held & DST != 0 && held & SRC != 0 => {
            by_condition!(condition, |C| rr::<O, W, C, { DST | SRC }, CODE>)
        }
        (0..=LAST_REGISTER, 0..=LAST_REGISTER, _) if held & DST != 0 => {
            by_condition!(condition, |C| rr::<O, W, C, DST, CODE>)
        }
        (0..=LAST_REGISTER, 0..=LAST_REGISTER, _) if held & SRC != 0 => {
            by_condition!(condition, |C| rr::<O, W, C, SRC, CODE>)
        }
        (0..=LAST_REGISTER, 0..=LAST_REGISTER, _) => by_condition!(condition, |C| rr::<O, W, C, 0, CODE>),
        (0..=LAST_REGISTER, PLACE_IMMEDIATE, _) if held & DST != 0 => {
            by_condition!(condition, |C| ri::<O, W, C, DST, CODE>)
        }
        (0..=LAST_REGISTER, PLACE_IMMEDIATE, _) => by_condition!(condition, |C| ri::<O, W, C, 0, CODE>),
        (0..=LAST_REGISTER, PLACE_MEMORY, FLAT_BASE) => by_condition!(condition, |C| rm::<O, W, C, FLAT_BASE, 0>),
        (0..=LAST_REGISTER, PLACE_MEMORY, FLAT_INDEX) => by_condition!(condition, |C| rm::<O, W, C, FLAT_INDEX, 0>),
        (0..=LAST_REGISTER, PLACE_MEMORY, LONG_BASE) => by_condition!(condition, |C| rm::<O, W, C, LONG_BASE, 0>),
        (0..=LAST_REGISTER, PLACE_MEMORY, LONG_RIP) => by_condition!(condition, |C| rm::<O, W, C, LONG_RIP, 0>),
        (PLACE_MEMORY, 0..=LAST_REGISTER, FLAT_BASE) => by_condition!(condition, |C| mr::<O, W, C, FLAT_BASE, 0>),
        (PLACE_MEMORY, 0..=LAST_REGISTER, FLAT_INDEX) => by_condition!(condition, |C| mr::<O, W, C, FLAT_INDEX, 0>),
        (PLACE_MEMORY, 0..=LAST_REGISTER, LONG_BASE) => by_condition!(condition, |C| mr::<O, W, C, LONG_BASE, 0>),
        (PLACE_MEMORY, 0..=LAST_REGISTER, LONG_RIP) => by_condition!(condition, |C| mr::<O, W, C, LONG_RIP, 0>),
        (PLACE_MEMORY, PLACE_IMMEDIATE, FLAT_BASE) => by_condition!(condition, |C| mi::<O, W, C, FLAT_BASE, 0>),
        (PLACE_MEMORY, PLACE_IMMEDIATE, FLAT_INDEX) => by_condition!(condition, |C| mi::<O, W, C, FLAT_INDEX, 0>),
        (PLACE_MEMORY, PLACE_IMMEDIATE, LONG_BASE) => by_condition!(condition, |C| mi::<O, W, C, LONG_BASE, 0>),
        (PLACE_MEMORY, PLACE_IMMEDIATE, LONG_RIP) => by_condition!(condition, |C| mi::<O, W, C, LONG_RIP, 0>),
        (PLACE_MEMORY, PLACE_IMMEDIATE, WORD) => by_condition!(condition, |C| mi::<O, W, C, WORD, 0>),
        _ => None,
    }
}

fn compare_sized<O: Compare>(i: &Insn, byte: bool, mode: CodeMode, condition: u8) -> Option<Fast> {
    let flat = mode.flat;
    match (i.operand_size(), mode.flat && mode.is_32) {
        _ if byte && mode.is_64 => compare::<O, u8, LONG_CODE>(i, flat, condition),
        (_, true) if byte => compare::<O, u8, FLAT_CODE>(i, flat, condition),
        (_, false) if byte => compare::<O, u8, ANY_CODE>(i, flat, condition),
        (OperandSize::Bits64, _) => compare::<O, u64, LONG_CODE>(i, flat, condition),
        (OperandSize::Bits32, _) if mode.is_64 => compare::<O, u32, LONG_CODE>(i, flat, condition),
        (OperandSize::Bits32, true) => compare::<O, u32, FLAT_CODE>(i, flat, condition),
        (OperandSize::Bits32, false) => compare::<O, u32, ANY_CODE>(i, flat, condition),
        (OperandSize::Bits16, _) => compare::<O, u16, ANY_CODE>(i, flat, condition),
    }
}

/// The handler of a pair, if there is one: `branch` must have a fast handler of its own.
pub(super) fn choose(first: &Insn, branch: &Insn, mode: CodeMode) -> Option<Fast> {
    let condition = branch.condition();
    let is_jcc = branch.op >> 3 >= 0x70 && branch.op >> 3 < 0x80 || branch.op >> 3 >= 0x180 && branch.op >> 3 < 0x190;
    if !is_jcc || branch.covers & !CALM == 0 || first.covers & !CALM == 0 || first.op >> 11 != Map::One as u16 {
        return None;
    }
    let (byte, reg) = ((first.op >> 3) as u8, first.op & 7);
    match (byte, reg) {
        (0x38..=0x3D, _) => compare_sized::<Cmp>(first, byte & 1 == 0, mode, condition),
        (0x80..=0x83, 7) => compare_sized::<Cmp>(first, byte != 0x81 && byte != 0x83, mode, condition),
        (0x84 | 0x85 | 0xA8 | 0xA9, _) | (0xF6 | 0xF7, 0 | 1) => {
            compare_sized::<Test>(first, byte & 1 == 0, mode, condition)
        }
        (0x40..=0x47, _) | (0xFF, 0) if first.dst <= LAST_REGISTER => step::<INC>(first, mode, condition),
        (0x48..=0x4F, _) | (0xFF, 1) if first.dst <= LAST_REGISTER => step::<DEC>(first, mode, condition),
        _ => None,
    }
}

fn step<const KIND: u8>(i: &Insn, mode: CodeMode, condition: u8) -> Option<Fast> {
    use OperandSize::{Bits16, Bits32, Bits64};
    let flat = mode.flat && mode.is_32;
    match (i.operand_size(), condition, held(i) & DST != 0) {
        (Bits32, EQUAL, true) if flat => Some(step_zero::<u32, KIND, EQUAL, DST, FLAT_CODE>),
        (Bits32, EQUAL, false) if flat => Some(step_zero::<u32, KIND, EQUAL, 0, FLAT_CODE>),
        (Bits32, NOT_EQUAL, true) if flat => Some(step_zero::<u32, KIND, NOT_EQUAL, DST, FLAT_CODE>),
        (Bits32, NOT_EQUAL, false) if flat => Some(step_zero::<u32, KIND, NOT_EQUAL, 0, FLAT_CODE>),
        (Bits32, EQUAL, _) if mode.is_64 => Some(step_zero::<u32, KIND, EQUAL, 0, LONG_CODE>),
        (Bits32, NOT_EQUAL, _) if mode.is_64 => Some(step_zero::<u32, KIND, NOT_EQUAL, 0, LONG_CODE>),
        (Bits32, EQUAL, _) => Some(step_zero::<u32, KIND, EQUAL, 0, ANY_CODE>),
        (Bits32, NOT_EQUAL, _) => Some(step_zero::<u32, KIND, NOT_EQUAL, 0, ANY_CODE>),
        (Bits64, EQUAL, _) => Some(step_zero::<u64, KIND, EQUAL, 0, LONG_CODE>),
        (Bits64, NOT_EQUAL, _) => Some(step_zero::<u64, KIND, NOT_EQUAL, 0, LONG_CODE>),
        (Bits16, EQUAL, _) => Some(step_zero::<u16, KIND, EQUAL, 0, ANY_CODE>),
        (Bits16, NOT_EQUAL, _) => Some(step_zero::<u16, KIND, NOT_EQUAL, 0, ANY_CODE>),
        _ => None,
    }
}
