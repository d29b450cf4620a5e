//! Conversions of SSE and SSE2. SDM Vol.1 11.6.9 "SSE/SSE2 Conversion Instructions", Table 11-1 "Masked Responses of
//! SSE/SSE2/SSE3 Instructions to Invalid Arithmetic Operations", 4.8.4.2 "Truncation".
//!
//! Flags: MXCSR's. Faults as in `sse_float`; those that use MMX registers as MMX instructions too: #MF.

use super::Exec;
use super::simd::{Registers, Vectors, Vex128, Xmm, combine};
use super::sse_float::Lanes;
use crate::exception::{Exception, Step};
use crate::float::{self, Env, F32, F64, IntegerWidth, Native, Outcome, Rounding};
use crate::insn::Insn;
use crate::value::packed::Packed;
use crate::width::Width;

/// How a conversion to an integer rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// As MXCSR says.
    Rounded,
    /// Toward zero.
    Truncated,
}

impl To {
    const fn of(truncated: bool) -> To {
        if truncated { To::Truncated } else { To::Rounded }
    }

    fn env(self, env: Env) -> Env {
        if self == To::Truncated { Env { rounding: Rounding::Zero, ..env } } else { env }
    }
}

fn dword<F: Native>(lanes: &mut Lanes, to: To, number: F) -> u32 {
    let outcome = float::to_integer(number, IntegerWidth::Dword, &to.env(lanes.env));
    lanes.take(outcome) as u32
}

/// The source of a conversion to doubles: half a register.
#[inline(always)]
fn half_source<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Result<u128, Exception> {
    R::require(cx)?;
    match R::whole(0).as_ref().len() {
        1 => Ok(u128::from(cx.xmm_source_low::<u64>(i)?)),
        _ => Ok(Vex128::source(cx, i)?[0]),
    }
}

/// CVTPS2PD xmm, xmm/m64. SDM Vol.2A "CVTPS2PD".
pub fn cvtps2pd<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = half_source::<R>(cx, i)?;
    widen::<R>(cx, i, |lanes, number| {
        let outcome: Outcome<F64> = float::convert(F32(source.lane(number)), &lanes.env);
        lanes.take(outcome).0
    })
}

/// CVTDQ2PD xmm, xmm/m64. SDM Vol.2A "CVTDQ2PD". Exact.
pub fn cvtdq2pd<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = half_source::<R>(cx, i)?;
    widen::<R>(cx, i, |lanes, number| integer_to_double(lanes, source.lane(number)))
}

/// CVTPI2PD xmm, mm/m64. SDM Vol.2A "CVTPI2PD". Exact. A memory operand leaves the x87 unit alone.
pub fn cvtpi2pd(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: u64 = if i.is_memory() {
        cx.require_xmm()?;
        cx.load(i.segment(), cx.effective_address(i))?
    } else {
        cx.require_mmx_and_xmm()?;
        cx.cpu.fpu.enter_mmx();
        cx.cpu.fpu.mmx(i.src)
    };
    widen::<Xmm>(cx, i, |lanes, number| integer_to_double(lanes, source.lane(number)))
}

fn integer_to_double(lanes: &mut Lanes, integer: u32) -> u64 {
    let outcome: Outcome<F64> = float::from_integer(i64::from(integer as i32), &lanes.env);
    lanes.take(outcome).0
}

/// Doubles from as many of something.
#[inline(always)]
fn widen<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(&mut Lanes, usize) -> u64) -> Step {
    let mut lanes = Lanes::new(cx);
    let zero = R::whole(0);
    let result = combine::<R>(zero, zero, |value, _, _| u128::from_lanes(|number| act(&mut lanes, 2 * value + number)));
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// CVTPD2PS xmm, xmm/m128: the upper half becomes zero. SDM Vol.2A "CVTPD2PS".
pub fn cvtpd2ps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    narrow::<R>(cx, i, |lanes, number| {
        let outcome: Outcome<F32> = float::convert(number, &lanes.env);
        lanes.take(outcome).0
    })
}

/// CVTPD2DQ, CVTTPD2DQ xmm, xmm/m128: the upper half becomes zero. SDM Vol.2A "CVTPD2DQ", "CVTTPD2DQ".
pub fn cvtpd2dq<R: Vectors, const TRUNCATED: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    narrow::<R>(cx, i, |lanes, number| dword(lanes, To::of(TRUNCATED), number))
}

/// Dwords from as many doubles: the destination is an XMM register.
#[inline(always)]
fn narrow<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(&mut Lanes, F64) -> u32) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    let mut lanes = Lanes::new(cx);
    let mut result = 0;
    for (number, value) in source.as_ref().iter().enumerate() {
        let two = u64::from_lanes(|number| act(&mut lanes, F64(value.lane(number))));
        result |= u128::from(two) << (64 * number);
    }
    lanes.end(cx)?;
    R::set(cx, i.dst, R::whole(result));
    Ok(())
}

/// CVTDQ2PS xmm, xmm/m128. SDM Vol.2A "CVTDQ2PS".
pub fn cvtdq2ps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    dwords::<R>(cx, i, |lanes, integer| {
        let outcome: Outcome<F32> = float::from_integer(i64::from(integer as i32), &lanes.env);
        lanes.take(outcome).0
    })
}

/// CVTPS2DQ, CVTTPS2DQ xmm, xmm/m128. SDM Vol.2A "CVTPS2DQ", "CVTTPS2DQ".
pub fn cvtps2dq<R: Vectors, const TRUNCATED: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    dwords::<R>(cx, i, |lanes, number| dword(lanes, To::of(TRUNCATED), F32(number)))
}

/// Dwords from as many.
#[inline(always)]
fn dwords<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(&mut Lanes, u32) -> u32) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    let mut lanes = Lanes::new(cx);
    let result =
        combine::<R>(source, source, |_, value, _| u128::from_lanes(|number| act(&mut lanes, value.lane(number))));
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// CVTSS2SD xmm, xmm/m32 and CVTSD2SS xmm, xmm/m64: the rest of the destination stays. SDM Vol.2A "CVTSS2SD",
/// "CVTSD2SS".
pub fn scalar_to_scalar<R: Vectors, A: Native, T: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let source = A::of(cx.xmm_source_low(i)?);
    let mut lanes = Lanes::new(cx);
    let outcome: Outcome<T> = float::convert(source, &lanes.env);
    let result = lanes.take(outcome);
    lanes.end(cx)?;
    R::set_scalar(cx, i, result.bits());
    Ok(())
}

/// CVTSI2SS, CVTSI2SD xmm, r/m. SDM Vol.2A "CVTSI2SS", "CVTSI2SD".
pub fn integer_to_scalar<R: Vectors, T: Native, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let source: W = cx.src(i)?;
    let mut lanes = Lanes::new(cx);
    let outcome: Outcome<T> = float::from_integer(source.sign_extend(), &lanes.env);
    let result = lanes.take(outcome);
    lanes.end(cx)?;
    R::set_scalar(cx, i, result.bits());
    Ok(())
}

/// CVTSS2SI, CVTSD2SI r, xmm/m. SDM Vol.2A "CVTSS2SI", "CVTSD2SI".
pub fn rounded_to_integer<R: Vectors, A: Native, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    scalar_to_integer::<R, A, W>(cx, i, To::Rounded)
}

/// CVTTSS2SI, CVTTSD2SI r, xmm/m. SDM Vol.2A "CVTTSS2SI", "CVTTSD2SI".
pub fn truncated_to_integer<R: Vectors, A: Native, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    scalar_to_integer::<R, A, W>(cx, i, To::Truncated)
}

#[inline(always)]
fn scalar_to_integer<R: Vectors, A: Native, W: Width>(cx: &mut Exec<'_>, i: &Insn, to: To) -> Step {
    R::require(cx)?;
    let source = A::of(cx.xmm_source_low(i)?);
    let width = if W::BITS == 64 { IntegerWidth::Qword } else { IntegerWidth::Dword };
    let mut lanes = Lanes::new(cx);
    let outcome = float::to_integer(source, width, &to.env(lanes.env));
    let result = lanes.take(outcome);
    lanes.end(cx)?;
    cx.set_reg(i.dst, W::truncate(result as u64));
    Ok(())
}

/// CVTPI2PS xmm, mm/m64: the upper half stays. SDM Vol.2A "CVTPI2PS". A memory operand leaves the x87 unit alone, and an
/// exception that waits there waits on, as measured.
pub fn cvtpi2ps(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: u64 = if i.is_memory() {
        cx.require_xmm()?;
        cx.load(i.segment(), cx.effective_address(i))?
    } else {
        cx.require_mmx_and_xmm()?;
        cx.cpu.fpu.mmx(i.src)
    };
    let mut lanes = Lanes::new(cx);
    let result = u64::from_lanes(|number| {
        let integer = source.lane::<u32>(number) as i32;
        let outcome: Outcome<F32> = float::from_integer(integer.into(), &lanes.env);
        lanes.take(outcome).0
    });
    lanes.end(cx)?;
    if !i.is_memory() {
        cx.cpu.fpu.enter_mmx();
    }
    cx.cpu.vector.set_low(i.dst, result);
    Ok(())
}

/// CVTPS2PI, CVTTPS2PI mm, xmm/m64. SDM Vol.2A "CVTPS2PI", "CVTTPS2PI".
pub fn cvtps2pi<const TRUNCATED: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx_and_xmm()?;
    let source: u64 = cx.xmm_source_low(i)?;
    to_mmx(cx, i, |lanes, number| dword(lanes, To::of(TRUNCATED), F32(source.lane(number))))
}

/// CVTPD2PI, CVTTPD2PI mm, xmm/m128. SDM Vol.2A "CVTPD2PI", "CVTTPD2PI".
pub fn cvtpd2pi<const TRUNCATED: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx_and_xmm()?;
    let source = cx.xmm_source(i)?;
    to_mmx(cx, i, |lanes, number| dword(lanes, To::of(TRUNCATED), F64(source.lane(number))))
}

#[inline(always)]
fn to_mmx(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(&mut Lanes, usize) -> u32) -> Step {
    let mut lanes = Lanes::new(cx);
    let result = u64::from_lanes(|number| act(&mut lanes, number));
    lanes.end(cx)?;
    cx.cpu.fpu.enter_mmx();
    cx.cpu.fpu.set_mmx(i.dst, result);
    Ok(())
}
