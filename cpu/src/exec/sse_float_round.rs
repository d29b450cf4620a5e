//! Rounding to integers and dot products of SSE4.1. SDM Vol.1 12.8.2 "Packed Blending Instructions" and following:
//! 12.8.4 "Floating-Point Dot Product Instructions", 12.8.9 "Floating-Point Round Instructions with Selectable Rounding
//! Mode".
//!
//! Flags: MXCSR's. Faults as in `sse_float`.

use super::Exec;
use super::simd::{Vectors, combine};
use super::sse_float::{Add, Lanes, Multiply, each_lane, low_lane};
use crate::exception::Step;
use crate::float::{self, Env, Flags, Native, Outcome, Rounding};
use crate::insn::Insn;
use crate::value::packed::Packed;

/// ROUNDPS, ROUNDPD xmm, xmm/m128, imm8. SDM Vol.2C "ROUNDPS", "ROUNDPD".
pub fn round_packed<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let control = i.imm as u8;
    each_lane::<R, _>(cx, i, |lanes, _, _, b: F| rounded(lanes, control, b))
}

/// ROUNDSS, ROUNDSD xmm, xmm/m, imm8: the rest of the destination stays. SDM Vol.2C "ROUNDSS", "ROUNDSD".
pub fn round_scalar<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let control = i.imm as u8;
    low_lane::<R, _>(cx, i, |lanes, _, b: F| rounded(lanes, control, b))
}

/// Bits 1:0 of the control say how, unless bit 2 leaves it to MXCSR; with bit 3 an inexact result is no exception. A
/// denormal operand never is. SDM Vol.2C Table 4-17 "Rounding Modes and Encoding of Rounding Control (RC) Field".
fn rounded<F: Native>(lanes: &mut Lanes, control: u8, number: F) -> F {
    let rounding = if control & 4 != 0 { lanes.env.rounding } else { Rounding::from_bits(control.into()) };
    let env = Env { masked: lanes.env.masked | Flags::DENORMAL, rounding, ..lanes.env };
    let outcome = float::to_integral(number, &env);
    let silent = Flags::DENORMAL | Flags::when(control & 8 != 0, Flags::PRECISION);
    lanes.take(Outcome { flags: Flags(outcome.flags.0 & !silent.0), ..outcome })
}

/// DPPS, DPPD xmm, xmm/m128, imm8: bits from 4 on choose the products, those from 0 on the lanes that take the sum.
/// Neighbours are added first. SDM Vol.2A "DPPS", "DPPD".
pub fn dot<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    let choice = i.imm as u8;
    // The exceptions of the products come before those of the sums.
    let mut lanes = Lanes::new(cx);
    let products = combine::<R>(R::first(cx, i), source, |_, a, b| {
        u128::from_lanes(|number| match choice >> (4 + number) & 1 {
            0 => F::zero(false).bits(),
            _ => lanes.operate::<F, Multiply>(F::of(a.lane(number)), F::of(b.lane(number))).bits(),
        })
    });
    lanes.end(cx)?;
    let mut lanes = Lanes::new(cx);
    let result = combine::<R>(products, products, |_, products, _| {
        let sum = sum_of::<F>(&mut lanes, products);
        u128::from_lanes(|number| if choice >> number & 1 != 0 { sum.bits() } else { F::zero(false).bits() })
    });
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// The sum of two or four lanes.
fn sum_of<F: Native>(lanes: &mut Lanes, all: u128) -> F {
    let lane = |number: usize| F::of(all.lane(number));
    let low = lanes.operate::<F, Add>(lane(0), lane(1));
    if u128::lanes::<F::Bits>() == 2 {
        return low;
    }
    let high = lanes.operate::<F, Add>(lane(2), lane(3));
    lanes.operate::<F, Add>(low, high)
}
