//! String comparisons of SSE4.2. SDM Vol.1 12.8.3 "Packed Comparison SIMD Integer Instructions".
//!
//! Flags of all: CF any bit of the result, ZF the second string ends in its register, SF the first does, OF bit 0 of the
//! result; AF and PF are cleared. Faults of all: #UD, #NM, operand access; memory may lie anywhere.

use super::Exec;
use super::memory::Alignment;
use super::simd::Vectors;
use crate::exception::{Exception, Step};
use crate::flags::{CF, OF, SF, ZF};
use crate::insn::Insn;
use crate::value::text::{self, Comparison};
use crate::width::Width;

/// PCMPISTRI: strings end at a zero; the index goes to ECX. SDM Vol.2B "PCMPISTRI".
pub fn pcmpistri<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let comparison = implicit::<R>(cx, i)?;
    give_index(cx, &comparison);
    Ok(())
}

/// PCMPISTRM: strings end at a zero; the mask goes to XMM0. SDM Vol.2B "PCMPISTRM".
pub fn pcmpistrm<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let comparison = implicit::<R>(cx, i)?;
    give_mask::<R>(cx, &comparison);
    Ok(())
}

/// PCMPESTRI: lengths in EAX and EDX, with REX.W in RAX and RDX; the index goes to ECX. SDM Vol.2B "PCMPESTRI".
pub fn pcmpestri<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let comparison = explicit::<R, W>(cx, i)?;
    give_index(cx, &comparison);
    Ok(())
}

/// PCMPESTRM: lengths in EAX and EDX, with REX.W in RAX and RDX; the mask goes to XMM0. SDM Vol.2B "PCMPESTRM".
pub fn pcmpestrm<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let comparison = explicit::<R, W>(cx, i)?;
    give_mask::<R>(cx, &comparison);
    Ok(())
}

fn operands<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Result<(u128, u128), Exception> {
    R::require(cx)?;
    let b = if i.is_memory() { cx.load_128(i, Alignment::Free)? } else { cx.cpu.vector.xmm(i.src) };
    Ok((cx.cpu.vector.xmm(i.dst), b))
}

fn implicit<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Result<Comparison, Exception> {
    let (a, b) = operands::<R>(cx, i)?;
    let control = i.imm as u8;
    let length = |register| text::implicit_length(control, register);
    Ok(Comparison { control, a, b, a_length: length(a), b_length: length(b) })
}

fn explicit<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Result<Comparison, Exception> {
    let (a, b) = operands::<R>(cx, i)?;
    let control = i.imm as u8;
    let length = |register: u8| text::explicit_length(control, cx.reg::<W>(register).sign_extend());
    Ok(Comparison { control, a, b, a_length: length(0), b_length: length(2) })
}

fn give_index(cx: &mut Exec<'_>, comparison: &Comparison) {
    let result = comparison.result();
    cx.set_reg::<u32>(1, comparison.index(result));
    set_flags(cx, comparison, result);
}

fn give_mask<R: Vectors>(cx: &mut Exec<'_>, comparison: &Comparison) {
    let result = comparison.result();
    R::set(cx, 0, R::whole(comparison.mask(result)));
    set_flags(cx, comparison, result);
}

fn set_flags(cx: &mut Exec<'_>, comparison: &Comparison, result: u32) {
    let full = text::elements(comparison.control);
    let flag = |holds: bool, flag: u32| if holds { flag } else { 0 };
    let flags = flag(result != 0, CF)
        | flag(comparison.b_length < full, ZF)
        | flag(comparison.a_length < full, SF)
        | flag(result & 1 != 0, OF);
    cx.cpu.flags.set_arith(flags);
}
