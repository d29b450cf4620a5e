//! Moves of XMM registers. SDM Vol.1 10.4.1.1 "SSE Data Movement Instructions", 11.4.1.1 "SSE2 Packed and Scalar
//! Double Precision Floating-Point Instructions: Data Movement", 10.4.6 "SSE Cacheability Control".
//!
//! Flags: none. Faults of all: #UD, #NM, operand access; #GP(0) where 16 bytes must lie on 16.

use super::Exec;
use super::memory::Alignment;
use super::simd::{Registers, Vectors};
use crate::exception::Step;
use crate::insn::Insn;
use crate::value::packed::Packed;
use crate::width::Width;

/// MOVAPS, MOVAPD, MOVDQA xmm, xmm/m128. SDM Vol.2B "MOVAPS", "MOVAPD", "MOVDQA". Non-temporal MOVNTDQA too.
pub fn load_aligned<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_full::<R>(cx, i, Alignment::Required)
}

/// MOVUPS, MOVUPD, MOVDQU xmm, xmm/m128; LDDQU. SDM Vol.2B "MOVUPS", "MOVUPD", "MOVDQU", Vol.2A "LDDQU".
pub fn load_unaligned<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    load_full::<R>(cx, i, Alignment::Free)
}

#[inline(always)]
fn load_full<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, alignment: Alignment) -> Step {
    R::require(cx)?;
    let value = if i.is_memory() { R::load_at(cx, i, alignment)? } else { R::get(cx, i.src) };
    R::set(cx, i.dst, value);
    Ok(())
}

/// MOVAPS, MOVAPD, MOVDQA xmm/m128, xmm; MOVNTPS, MOVNTPD, MOVNTDQ: hints about caches have no effect here.
/// SDM Vol.2B "MOVAPS", "MOVAPD", "MOVDQA", "MOVNTPS", "MOVNTPD", "MOVNTDQ".
pub fn store_aligned<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_full::<R>(cx, i, Alignment::Required)
}

/// MOVUPS, MOVUPD, MOVDQU xmm/m128, xmm. SDM Vol.2B "MOVUPS", "MOVUPD", "MOVDQU".
pub fn store_unaligned<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    store_full::<R>(cx, i, Alignment::Free)
}

#[inline(always)]
fn store_full<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, alignment: Alignment) -> Step {
    R::require(cx)?;
    let value = R::get(cx, i.src);
    if i.is_memory() {
        return R::store_at(cx, i, alignment, value);
    }
    R::set(cx, i.dst, value);
    Ok(())
}

/// MOVSS, MOVSD xmm, xmm/m: from memory the rest is cleared, from a register it stays. SDM Vol.2B "MOVSS", "MOVSD".
pub fn load_scalar<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: W = cx.xmm_source_low(i)?;
    if i.is_memory() {
        R::set(cx, i.dst, R::whole(u128::from(value.as_())));
    } else {
        R::set_scalar(cx, i, value);
    }
    Ok(())
}

/// MOVSS, MOVSD xmm/m, xmm. SDM Vol.2B "MOVSS", "MOVSD".
pub fn store_scalar<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value = W::truncate(cx.cpu.vector.low(i.src));
    if i.is_memory() {
        return cx.store(i.segment(), cx.effective_address(i), value);
    }
    R::set_scalar(cx, i, value);
    Ok(())
}

/// Writes the destination: the first operand with other quadwords where they are given.
#[inline(always)]
fn set_quads<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, low: Option<u64>, high: Option<u64>) -> Step {
    let first = R::first(cx, i).as_ref()[0];
    let part = |given: Option<u64>, number: usize| given.unwrap_or_else(|| first.lane(number));
    let result = u128::from(part(low, 0)) | u128::from(part(high, 1)) << 64;
    R::set(cx, i.dst, R::whole(result));
    Ok(())
}

/// MOVLPS, MOVLPD xmm, m64: the upper half stays. SDM Vol.2B "MOVLPS", "MOVLPD".
pub fn load_low<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value = cx.load(i.segment(), cx.effective_address(i))?;
    set_quads::<R>(cx, i, Some(value), None)
}

/// MOVHPS, MOVHPD xmm, m64: the lower half stays. SDM Vol.2B "MOVHPS", "MOVHPD".
pub fn load_high<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value = cx.load(i.segment(), cx.effective_address(i))?;
    set_quads::<R>(cx, i, None, Some(value))
}

/// MOVLPS, MOVLPD m64, xmm. SDM Vol.2B "MOVLPS", "MOVLPD".
pub fn store_low<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    cx.store(i.segment(), cx.effective_address(i), cx.cpu.vector.low(i.src))
}

/// MOVHPS, MOVHPD m64, xmm. SDM Vol.2B "MOVHPS", "MOVHPD".
pub fn store_high<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    cx.store(i.segment(), cx.effective_address(i), cx.cpu.vector.high(i.src))
}

/// MOVHLPS xmm, xmm: high to low. SDM Vol.2B "MOVHLPS".
pub fn movhlps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value = cx.cpu.vector.high(i.src);
    set_quads::<R>(cx, i, Some(value), None)
}

/// MOVLHPS xmm, xmm: low to high. SDM Vol.2B "MOVLHPS".
pub fn movlhps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value = cx.cpu.vector.low(i.src);
    set_quads::<R>(cx, i, None, Some(value))
}

/// MOVQ xmm, xmm/m64: the upper half is cleared. SDM Vol.2B "MOVQ".
pub fn movq_load<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: u64 = cx.xmm_source_low(i)?;
    R::set(cx, i.dst, R::whole(u128::from(value)));
    Ok(())
}

/// MOVQ xmm/m64, xmm: of a register the upper half is cleared. SDM Vol.2B "MOVQ".
pub fn movq_store<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value = cx.cpu.vector.low(i.src);
    if i.is_memory() {
        return cx.store(i.segment(), cx.effective_address(i), value);
    }
    R::set(cx, i.dst, R::whole(u128::from(value)));
    Ok(())
}

/// MOVD, MOVQ mm or xmm, r/m: zero-extended. SDM Vol.2B "MOVD/MOVQ".
pub fn movd_load<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: W = cx.src(i)?;
    R::begin(cx);
    R::set(cx, i.dst, R::whole(R::Value::zero().with_lane(0, value)));
    Ok(())
}

/// MOVD, MOVQ r/m, mm or xmm. SDM Vol.2B "MOVD/MOVQ".
pub fn movd_store<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: W = R::low(cx, i.src).lane(0);
    cx.set_dst(i, value)?;
    R::begin(cx);
    Ok(())
}

/// MOVNTI m32, r32. SDM Vol.2B "MOVNTI". Faults: operand access only.
pub fn movnti<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let value: W = cx.reg(i.src);
    cx.store(i.segment(), cx.effective_address(i), value)
}

/// MASKMOVDQU xmm, xmm: the bytes whose mask is set go to DS:rDI. SDM Vol.2B "MASKMOVDQU".
pub fn maskmovdqu<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let (value, mask) = (cx.cpu.vector.xmm(i.dst), cx.cpu.vector.xmm(i.src));
    cx.store_masked(i, value, mask)
}
