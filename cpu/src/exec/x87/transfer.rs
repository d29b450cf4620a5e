//! Loads, stores and conversions of integers. SDM Vol.1 8.3.3 "Data Transfer Instructions"; Vol.2A "FLD", "FST/FSTP",
//! "FILD", "FIST/FISTP", "FISTTP".

use ringwalk_mmu::Access;

use super::memory::{Integer, Source, as_loaded, integer, load_ten, store_ten, writable_ten};
use super::{Fault, push, stack_fault};
use crate::exception::Step;
use crate::exec::Exec;
use crate::float::{
    Env, Extended, F32, F64, Flags, Format, IntegerWidth, Outcome, Parts, Rounding, convert, integer_indefinite,
    to_integer,
};
use crate::fpu::{C1, Fpu};
use crate::insn::Insn;
use crate::width::Width;

/// FLD m32fp, m64fp. Faults: operand access.
pub fn fld<S: Source>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = S::load(cx, i)?;
    push_loaded(&mut cx.cpu.fpu, &source);
    Ok(())
}

/// Pushes what was read.
#[inline(always)]
pub fn push_loaded(fpu: &mut Fpu, source: &Parts) {
    push(fpu, as_loaded(source));
}

/// FLD m80fp: any encoding, silently. Faults: operand access.
pub fn fld_extended(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let bytes = load_ten(cx, i)?;
    push(&mut cx.cpu.fpu, Outcome::exact(Extended::from_bytes(bytes)));
    Ok(())
}

/// FLD ST(i).
#[inline(always)]
pub fn fld_register(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    let source = usize::from(i.dst);
    if fpu.duplicate(source) {
        return Ok(());
    }
    // A stack that is full and a source that is empty cannot be told apart by C1: the source goes first.
    if fpu.is_empty(source) {
        if stack_fault(fpu, Fault::Underflow) {
            fpu.push(Extended::indefinite());
        }
        return Ok(());
    }
    push(fpu, Outcome::exact(fpu.st(source)));
    Ok(())
}

/// FILD. Faults: operand access.
pub fn fild<I: Integer>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value = I::load(cx, i)?;
    push(&mut cx.cpu.fpu, Outcome::exact(integer(value)));
    Ok(())
}

/// Whether an instruction pops ST(0) when it has stored it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Keep,
    Pop,
}

/// Exceptions that keep a result from memory: all but an inexact one. SDM Vol.1 8.5.4 "Numeric Overflow Exception (#O)".
const NO_STORE: Flags = Flags(STORE.0 & Flags::EXCEPTIONS.0 & !Flags::PRECISION.0);

/// What a store can raise.
const STORE: Flags = Flags((Flags::EXCEPTIONS.0 | Flags::ROUNDED_UP.0) & !Flags::DENORMAL.0);

/// Stores what a conversion of ST(0) gives, unless an exception forbids it. `write` is called in any case: faults of memory go
/// before exceptions of the unit. SDM Vol.3A Table 6-2 "Priority Among Concurrent Events".
#[inline(always)]
fn store<T>(
    cx: &mut Exec<'_>,
    after: After,
    indefinite: T,
    convert: impl FnOnce(Extended, &Env) -> Outcome<T>,
    write: impl FnOnce(&mut Exec<'_>, Option<T>) -> Step,
) -> Step {
    let fpu = &cx.cpu.fpu;
    if fpu.is_empty(0) {
        return store_empty(cx, after, indefinite, write);
    }
    // No store raises the denormal-operand exception.
    let env = fpu.env();
    let env = Env { masked: env.masked | Flags::DENORMAL, ..env };
    let Outcome { value, flags } = convert(fpu.st(0), &env);
    let refused = env.unmasked(flags & NO_STORE);
    // What is not stored is neither inexact nor rounded.
    let flags = flags & if refused { NO_STORE } else { STORE };
    write(cx, (!refused).then_some(value))?;
    cx.cpu.fpu.raise(flags);
    if !refused && after == After::Pop {
        cx.cpu.fpu.pop();
    }
    Ok(())
}

#[cold]
fn store_empty<T>(
    cx: &mut Exec<'_>,
    after: After,
    indefinite: T,
    write: impl FnOnce(&mut Exec<'_>, Option<T>) -> Step,
) -> Step {
    let masked = cx.cpu.fpu.env().masked.any(Flags::INVALID);
    write(cx, masked.then_some(indefinite))?;
    stack_fault(&mut cx.cpu.fpu, Fault::Underflow);
    if masked && after == After::Pop {
        cx.cpu.fpu.pop();
    }
    Ok(())
}

/// FST, FSTP to where `write` puts it, which cannot fault.
#[inline(always)]
pub fn store_number<F: Format>(cx: &mut Exec<'_>, pops: bool, write: impl FnOnce(F)) {
    let after = if pops { After::Pop } else { After::Keep };
    let done = store(cx, after, F::indefinite(), convert::<Extended, F>, |_, value| {
        if let Some(value) = value {
            write(value);
        }
        Ok(())
    });
    debug_assert!(done.is_ok(), "only the write could have faulted");
}

/// Stores a value, or makes sure that it could be stored.
#[inline(always)]
fn store_or_check<W: Width>(cx: &mut Exec<'_>, i: &Insn, value: Option<W>) -> Step {
    match value {
        Some(value) => cx.store(i.segment(), cx.effective_address(i), value),
        None => refuse_store(cx, i, W::BYTES),
    }
}

#[cold]
fn refuse_store(cx: &mut Exec<'_>, i: &Insn, bytes: u64) -> Step {
    let addr = cx.checked(i.segment(), cx.effective_address(i), bytes, Access::Write)?;
    cx.require_writable(addr, bytes, cx.class())
}

fn store_single(cx: &mut Exec<'_>, i: &Insn, after: After) -> Step {
    store(cx, after, F32::indefinite(), convert::<Extended, F32>, |cx, value| {
        store_or_check(cx, i, value.map(|value| value.0))
    })
}

fn store_double(cx: &mut Exec<'_>, i: &Insn, after: After) -> Step {
    store(cx, after, F64::indefinite(), convert::<Extended, F64>, |cx, value| {
        store_or_check(cx, i, value.map(|value| value.0))
    })
}

/// FST m32fp. Faults: operand access.
pub fn fst_single(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_single(cx, i, After::Keep)
}

/// FSTP m32fp. Faults: operand access.
pub fn fstp_single(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_single(cx, i, After::Pop)
}

/// FST m64fp. Faults: operand access.
pub fn fst_double(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_double(cx, i, After::Keep)
}

/// FSTP m64fp. Faults: operand access.
pub fn fstp_double(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_double(cx, i, After::Pop)
}

/// Ten bytes made of ST(0), then a pop.
pub(super) fn store_ten_and_pop(
    cx: &mut Exec<'_>,
    i: &Insn,
    indefinite: [u8; 10],
    convert: impl FnOnce(Extended, &Env) -> Outcome<[u8; 10]>,
) -> Step {
    store(cx, After::Pop, indefinite, convert, |cx, bytes| {
        let addr = writable_ten(cx, i)?;
        bytes.map_or(Ok(()), |bytes| store_ten(cx, addr, bytes))
    })
}

/// FSTP m80fp: as it is, silently. Faults: operand access.
pub fn fstp_extended(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_ten_and_pop(cx, i, Extended::indefinite().to_bytes(), |value, _| Outcome::exact(value.to_bytes()))
}

fn store_register(cx: &mut Exec<'_>, i: &Insn, after: After) -> Step {
    let fpu = &mut cx.cpu.fpu;
    let destination = usize::from(i.dst);
    if !fpu.copy_top(destination) && !super::underflow(fpu, destination) {
        return Ok(());
    }
    if after == After::Pop {
        fpu.pop();
    }
    Ok(())
}

/// FSTP1 ST(i): as FSTP, but an empty ST(0) is popped silently (measured).
pub fn fstp1(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let fpu = &mut cx.cpu.fpu;
    if !fpu.is_empty(0) {
        return fstp_register(cx, i);
    }
    fpu.status &= !C1;
    fpu.pop();
    Ok(())
}

/// FST ST(i).
pub fn fst_register(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_register(cx, i, After::Keep)
}

/// FSTP ST(i).
pub fn fstp_register(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_register(cx, i, After::Pop)
}

fn store_integer(cx: &mut Exec<'_>, i: &Insn, width: IntegerWidth, rounding: Option<Rounding>, after: After) -> Step {
    let convert = |value, env: &Env| to_integer(value, width, &env.with_rounding(rounding.unwrap_or(env.rounding)));
    store(cx, after, integer_indefinite(width), convert, |cx, value| match width {
        IntegerWidth::Word => store_or_check(cx, i, value.map(|value| value as u16)),
        IntegerWidth::Dword => store_or_check(cx, i, value.map(|value| value as u32)),
        IntegerWidth::Qword => store_or_check(cx, i, value.map(|value| value as u64)),
    })
}

/// FIST m16int. Faults: operand access.
pub fn fist_word(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Word, None, After::Keep)
}

/// FIST m32int. Faults: operand access.
pub fn fist_dword(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Dword, None, After::Keep)
}

/// FISTP m16int. Faults: operand access.
pub fn fistp_word(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Word, None, After::Pop)
}

/// FISTP m32int. Faults: operand access.
pub fn fistp_dword(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Dword, None, After::Pop)
}

/// FISTP m64int. Faults: operand access.
pub fn fistp_qword(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Qword, None, After::Pop)
}

/// FISTTP m16int: toward zero whatever the rounding control says. Faults: operand access.
pub fn fisttp_word(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Word, Some(Rounding::Zero), After::Pop)
}

/// FISTTP m32int. Faults: operand access.
pub fn fisttp_dword(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Dword, Some(Rounding::Zero), After::Pop)
}

/// FISTTP m64int. Faults: operand access.
pub fn fisttp_qword(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_integer(cx, i, IntegerWidth::Qword, Some(Rounding::Zero), After::Pop)
}
