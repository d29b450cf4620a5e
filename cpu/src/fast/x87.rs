//! The x87 unit: loads, stores, arithmetic and exchanges, by the same functions that the canonical handlers call.

use super::dispatch::{bail, next};
use super::operand::{FLAT_INDEX, HostAddress, LONG_INDEX, offset, read, readable_any, writable_any, write};
use super::{CodeMode, Fast};
use crate::exec::x87::arithmetic::{self, Add, Div, DivReverse, Mul, Operation, Sub, SubReverse};
use crate::exec::x87::{compare, stack, transfer};
use crate::exec::{Exec, Hot};
use crate::float::{F32, F64, Format, Parts};
use crate::fpu::{FarPointer, Fpu};
use crate::insn::Insn;
use crate::isa::Map;
use crate::segment::SegReg;
use crate::state::{CR0_EM, CR0_TS, CpuState};
use crate::width::Width;

use super::calm::X87_REGISTERS;
use super::choose::{form, is_plain_address};

/// An instruction on registers of the unit alone, as a type: it cannot fault.
trait OnRegisters {
    /// It leaves its result in EFLAGS.
    const IN_FLAGS: bool = false;
    /// Does it, if that takes no more than a few instructions; false, and nothing done, otherwise.
    #[inline(always)]
    fn quick(_: &mut Fpu, _: &Insn) -> bool {
        false
    }
    fn run(cx: &mut Exec<'_>, i: &Insn);
}

/// `on_registers!(Fxch, false, stack::fxch, Fpu::exchange)`: the canonical handler's own function, and what of it is quick.
macro_rules! on_registers {
    ($($name:ident, $in_flags:literal, $run:path $(, $quick:expr)?;)*) => {$(
        struct $name;
        impl OnRegisters for $name {
            const IN_FLAGS: bool = $in_flags;
            $(
                #[inline(always)]
                fn quick(fpu: &mut Fpu, i: &Insn) -> bool {
                    $quick(fpu, usize::from(i.dst))
                }
            )?
            #[inline(always)]
            fn run(cx: &mut Exec<'_>, i: &Insn) {
                let done = $run(cx, i);
                debug_assert!(done.is_ok(), "the unit's registers raise no fault");
            }
        }
    )*};
}
on_registers! {
    Fxch, false, stack::fxch, Fpu::exchange;
    Fld, false, transfer::fld_register, Fpu::duplicate;
    Fld1, false, stack::fld1;
    Fldz, false, stack::fldz;
    Fchs, false, arithmetic::fchs;
    Fabs, false, arithmetic::fabs;
    Fst, false, transfer::fst_register, Fpu::copy_top;
    Fstp, false, transfer::fstp_register, move_top;
    Fcomi, true, compare::fcomi;
    Fcomip, true, compare::fcomip;
    Fucomi, true, compare::fucomi;
    Fucomip, true, compare::fucomip;
}

/// FSTP ST(i).
#[inline(always)]
fn move_top(fpu: &mut Fpu, number: usize) -> bool {
    let moved = fpu.copy_top(number);
    if moved {
        fpu.pop();
    }
    moved
}

/// ST(0) with ST(i).
struct ToTop<O>(O);
/// ST(i) with ST(0).
struct FromTop<O>(O);
/// ST(i) with ST(0), and pop.
struct FromTopAndPop<O>(O);

impl<O: Operation> OnRegisters for ToTop<O> {
    #[inline(always)]
    fn quick(fpu: &mut Fpu, i: &Insn) -> bool {
        O::IS_SHORT && arithmetic::usually::<O>(fpu, 0, usize::from(i.dst)).is_some()
    }

    #[inline(always)]
    fn run(cx: &mut Exec<'_>, i: &Insn) {
        let done = arithmetic::to_top::<O>(cx, i);
        debug_assert!(done.is_ok(), "the unit's registers raise no fault");
    }
}

impl<O: Operation> OnRegisters for FromTop<O> {
    #[inline(always)]
    fn quick(fpu: &mut Fpu, i: &Insn) -> bool {
        O::IS_SHORT && arithmetic::usually::<O>(fpu, usize::from(i.dst), 0).is_some()
    }

    #[inline(always)]
    fn run(cx: &mut Exec<'_>, i: &Insn) {
        let done = arithmetic::from_top::<O>(cx, i);
        debug_assert!(done.is_ok(), "the unit's registers raise no fault");
    }
}

impl<O: Operation> OnRegisters for FromTopAndPop<O> {
    #[inline(always)]
    fn quick(fpu: &mut Fpu, i: &Insn) -> bool {
        if !O::IS_SHORT {
            return false;
        }
        let Some(has_result) = arithmetic::usually::<O>(fpu, usize::from(i.dst), 0) else { return false };
        if has_result {
            fpu.pop();
        }
        true
    }

    #[inline(always)]
    fn run(cx: &mut Exec<'_>, i: &Insn) {
        let done = arithmetic::from_top_and_pop::<O>(cx, i);
        debug_assert!(done.is_ok(), "the unit's registers raise no fault");
    }
}

/// The unit is there, and no error waits.
#[inline(always)]
fn is_ready(cpu: &CpuState) -> bool {
    cpu.cr0 & (CR0_EM | CR0_TS) == 0 && !cpu.fpu.error_pending()
}

/// SDM Vol.1 8.1.8 "x87 FPU Instruction and Data (Operand) Pointers".
#[inline(always)]
unsafe fn remember(c: *mut CpuState, h: *mut Hot, i: *const Insn) {
    // SAFETY: a handler's.
    unsafe {
        let at = (*c).rip.wrapping_add(u64::from((*i).at)) & (*h).fast.rip_mask;
        (*c).fpu.instruction = FarPointer { offset: at, selector: (*c).seg(SegReg::Cs).selector.0 };
        (*c).fpu.opcode = (*i).imm as u16;
    }
}

unsafe fn on_registers<O: OnRegisters>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`; the context is alive, and `c` and `h` are not used while it is.
    unsafe {
        if !is_ready(&*c) {
            return bail(c, h, i);
        }
        if O::quick(&mut (*c).fpu, &*i) {
            remember(c, h, i);
        } else {
            run_on_registers::<O>(c, h, i);
        }
        next(c, h, i, v)
    }
}

/// What takes the address of anything on the stack has a frame of its own: the handler's would stay otherwise.
#[inline(never)]
unsafe fn run_on_registers<O: OnRegisters>(c: *mut CpuState, h: *mut Hot, i: *const Insn) {
    // SAFETY: a handler's.
    unsafe {
        O::run(&mut *(*h).fast.exec, &*i);
        if O::IN_FLAGS {
            let loaded = (*h).fast.lazy.load((*c).flags);
            debug_assert!(loaded, "a comparison clears SF");
        }
        remember(c, h, i);
    }
}

/// A number in memory, as a type.
trait Number {
    /// Its bits.
    type Bits: Width;
    fn parts(bits: Self::Bits) -> Parts;
    /// What a store gives: see [`transfer::store_with`].
    fn store(cx: &mut Exec<'_>, pops: bool, write: impl FnOnce(Self::Bits));
}

impl Number for F32 {
    type Bits = u32;
    #[inline(always)]
    fn parts(bits: u32) -> Parts {
        F32(bits).parts()
    }
    #[inline(always)]
    fn store(cx: &mut Exec<'_>, pops: bool, write: impl FnOnce(u32)) {
        transfer::store_number::<F32>(cx, pops, |value| write(value.0));
    }
}

impl Number for F64 {
    type Bits = u64;
    #[inline(always)]
    fn parts(bits: u64) -> Parts {
        F64(bits).parts()
    }
    #[inline(always)]
    fn store(cx: &mut Exec<'_>, pops: bool, write: impl FnOnce(u64)) {
        transfer::store_number::<F64>(cx, pops, |value| write(value.0));
    }
}

/// An instruction with a source in memory, as a type.
trait FromMemory {
    fn run(cx: &mut Exec<'_>, source: &Parts);
}

/// FLD.
struct Load;
/// Arithmetic with ST(0).
struct Compute<O>(O);

impl FromMemory for Load {
    #[inline(always)]
    fn run(cx: &mut Exec<'_>, source: &Parts) {
        transfer::push_loaded(&mut cx.cpu.fpu, source);
    }
}

impl<O: Operation> FromMemory for Compute<O> {
    #[inline(always)]
    fn run(cx: &mut Exec<'_>, source: &Parts) {
        arithmetic::with_source::<O>(&mut cx.cpu.fpu, source);
    }
}

unsafe fn remember_operand<const FORM: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn) {
    // SAFETY: a handler's.
    unsafe {
        remember(c, h, i);
        let offset = offset::<FORM, 0>(c, i, 0);
        (*c).fpu.operand = FarPointer { offset, selector: (*c).seg((*i).segment()).selector.0 };
    }
}

unsafe fn from_memory<O: FromMemory, N: Number, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        if !is_ready(&*c) {
            return bail(c, h, i);
        }
        let Some(at) = readable_any::<N::Bits, FORM, 0>(c, h, i, v) else { return bail(c, h, i) };
        run_from_memory::<O, N>(h, at);
        remember_operand::<FORM>(c, h, i);
        next(c, h, i, v)
    }
}

#[inline(never)]
unsafe fn run_from_memory<O: FromMemory, N: Number>(h: *mut Hot, at: HostAddress) {
    // SAFETY: a handler's, and the place is fresh.
    unsafe {
        let source = N::parts(read(at));
        O::run(&mut *(*h).fast.exec, &source);
    }
}

unsafe fn store<N: Number, const POPS: bool, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: as above.
    unsafe {
        if !is_ready(&*c) {
            return bail(c, h, i);
        }
        let Some(at) = writable_any::<N::Bits, FORM, 0>(c, h, i, v) else { return bail(c, h, i) };
        run_store::<N, POPS>(h, at);
        remember_operand::<FORM>(c, h, i);
        next(c, h, i, v)
    }
}

#[inline(never)]
unsafe fn run_store<N: Number, const POPS: bool>(h: *mut Hot, at: HostAddress) {
    // SAFETY: a handler's, and the place is fresh.
    unsafe { N::store(&mut *(*h).fast.exec, POPS, |bits| write(at, bits)) }
}

/// The handler of an instruction of the unit, if there is one.
pub(super) fn choose(i: &Insn, mode: CodeMode) -> Option<Fast> {
    let op = i.op;
    match op >> 11 {
        X87_REGISTERS => registers(op >> 6 & 7, op >> 3 & 7, op & 7),
        map if map == Map::One as u16 && i.is_memory() => memory(i, mode),
        _ => None,
    }
}

fn registers(escape: u16, reg: u16, rm: u16) -> Option<Fast> {
    match (escape, reg, rm) {
        (0, 0, _) => Some(on_registers::<ToTop<Add>>),
        (0, 1, _) => Some(on_registers::<ToTop<Mul>>),
        (0, 4, _) => Some(on_registers::<ToTop<Sub>>),
        (0, 5, _) => Some(on_registers::<ToTop<SubReverse>>),
        (0, 6, _) => Some(on_registers::<ToTop<Div>>),
        (0, 7, _) => Some(on_registers::<ToTop<DivReverse>>),
        (1, 0, _) => Some(on_registers::<Fld>),
        (1, 1, _) => Some(on_registers::<Fxch>),
        (1, 4, 0) => Some(on_registers::<Fchs>),
        (1, 4, 1) => Some(on_registers::<Fabs>),
        (1, 5, 0) => Some(on_registers::<Fld1>),
        (1, 5, 6) => Some(on_registers::<Fldz>),
        (3, 5, _) => Some(on_registers::<Fucomi>),
        (3, 6, _) => Some(on_registers::<Fcomi>),
        (4, 0, _) => Some(on_registers::<FromTop<Add>>),
        (4, 1, _) => Some(on_registers::<FromTop<Mul>>),
        (4, 4, _) => Some(on_registers::<FromTop<SubReverse>>),
        (4, 5, _) => Some(on_registers::<FromTop<Sub>>),
        (4, 6, _) => Some(on_registers::<FromTop<DivReverse>>),
        (4, 7, _) => Some(on_registers::<FromTop<Div>>),
        (5, 2, _) => Some(on_registers::<Fst>),
        (5, 3, _) => Some(on_registers::<Fstp>),
        (6, 0, _) => Some(on_registers::<FromTopAndPop<Add>>),
        (6, 1, _) => Some(on_registers::<FromTopAndPop<Mul>>),
        (6, 4, _) => Some(on_registers::<FromTopAndPop<SubReverse>>),
        (6, 5, _) => Some(on_registers::<FromTopAndPop<Sub>>),
        (6, 6, _) => Some(on_registers::<FromTopAndPop<DivReverse>>),
        (6, 7, _) => Some(on_registers::<FromTopAndPop<Div>>),
        (7, 5, _) => Some(on_registers::<Fucomip>),
        (7, 6, _) => Some(on_registers::<Fcomip>),
        _ => None,
    }
}

fn memory(i: &Insn, mode: CodeMode) -> Option<Fast> {
    // A missing index counts as zero, so that one form does for both.
    match form(i, mode.flat) {
        super::operand::FLAT_BASE | FLAT_INDEX => memory_of::<FLAT_INDEX>(i),
        super::operand::LONG_BASE | LONG_INDEX if is_plain_address(i, mode) => memory_of::<LONG_INDEX>(i),
        _ => None,
    }
}

fn memory_of<const FORM: u8>(i: &Insn) -> Option<Fast> {
    let escape = i.op >> 3 & 0xFF;
    match escape {
        0xD8 => arithmetic_of::<F32, FORM>(i.op & 7),
        0xDC => arithmetic_of::<F64, FORM>(i.op & 7),
        0xD9 => transfer_of::<F32, FORM>(i.op & 7),
        0xDD => transfer_of::<F64, FORM>(i.op & 7),
        _ => None,
    }
}

fn arithmetic_of<N: Number, const FORM: u8>(reg: u16) -> Option<Fast> {
    match reg {
        0 => Some(from_memory::<Compute<Add>, N, FORM>),
        1 => Some(from_memory::<Compute<Mul>, N, FORM>),
        4 => Some(from_memory::<Compute<Sub>, N, FORM>),
        5 => Some(from_memory::<Compute<SubReverse>, N, FORM>),
        6 => Some(from_memory::<Compute<Div>, N, FORM>),
        7 => Some(from_memory::<Compute<DivReverse>, N, FORM>),
        _ => None,
    }
}

fn transfer_of<N: Number, const FORM: u8>(reg: u16) -> Option<Fast> {
    match reg {
        0 => Some(from_memory::<Load, N, FORM>),
        2 => Some(store::<N, false, FORM>),
        3 => Some(store::<N, true, FORM>),
        _ => None,
    }
}
