//! Fused multiplications and additions. SDM Vol.1 14.5 "Fused-Multiply-ADD (FMA) Extensions", Vol.2C "VFMADD132PD" and
//! its kin.
//!
//! Flags: MXCSR's. Faults as in `sse_float`, with the conditions of VEX.

use super::Exec;
use super::simd::{Vectors, combine};
use super::sse_float::Lanes;
use crate::exception::Step;
use crate::float::{self, Native, Signs};
use crate::insn::Insn;
use crate::value::packed::Packed;

/// Which operand is which: the three digits of the mnemonic name the first factor, the second one and the addend.
pub const ORDER_132: u8 = 0;
/// The second operand by the first, and the third.
pub const ORDER_213: u8 = 1;
/// The second operand by the third, and the first.
pub const ORDER_231: u8 = 2;

/// VFMADD.
pub const ADD: u8 = 0;
/// VFMSUB.
pub const SUBTRACT: u8 = 1;
/// VFNMADD.
pub const NEGATED_ADD: u8 = 2;
/// VFNMSUB.
pub const NEGATED_SUBTRACT: u8 = 3;
/// VFMADDSUB: odd lanes are added.
pub const ADD_SUBTRACT: u8 = 4;
/// VFMSUBADD: even lanes are added.
pub const SUBTRACT_ADD: u8 = 5;

const fn signs(kind: u8, lane: usize) -> Signs {
    let addend = match kind {
        SUBTRACT | NEGATED_SUBTRACT => true,
        ADD_SUBTRACT => lane.is_multiple_of(2),
        SUBTRACT_ADD => !lane.is_multiple_of(2),
        _ => false,
    };
    Signs { product: matches!(kind, NEGATED_ADD | NEGATED_SUBTRACT), addend }
}

#[inline(always)]
fn fused<F: Native>(lanes: &mut Lanes, kind: u8, order: u8, lane: usize, first: F, second: F, third: F) -> F {
    let (a, b, c) = match order {
        ORDER_132 => (first, third, second),
        ORDER_213 => (second, first, third),
        _ => (second, third, first),
    };
    let outcome = float::multiply_add(a, b, c, signs(kind, lane), &lanes.env);
    lanes.take(outcome)
}

/// VFMADD132PS and its kin xmm, xmm, xmm/m128 and ymm, ymm, ymm/m256. SDM Vol.2C "VFMADD132PS".
pub fn packed<R: Vectors, F: Native, const KIND: u8, const ORDER: u8>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let third = R::source(cx, i)?;
    let mut lanes = Lanes::new(cx);
    let (first, second) = (R::get(cx, i.dst), R::first(cx, i));
    let mut value = 0;
    let result = combine::<R>(first, second, |_, first, second| {
        let third = third.as_ref()[value];
        value += 1;
        u128::from_lanes(|lane| {
            let [a, b, c] = [first, second, third].map(|register| F::of(register.lane(lane)));
            fused(&mut lanes, KIND, ORDER, lane, a, b, c).bits()
        })
    });
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// VFMADD132SS and its kin xmm, xmm, xmm/m: the rest of the destination stays, that of the YMM register is cleared. SDM
/// Vol.2C "VFMADD132SS".
pub fn scalar<R: Vectors, F: Native, const KIND: u8, const ORDER: u8>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let third = F::of(cx.xmm_source_low(i)?);
    let mut lanes = Lanes::new(cx);
    let first = R::low(cx, i.dst);
    let second = F::of(R::first(cx, i).as_ref()[0].lane(0));
    let result = fused(&mut lanes, KIND, ORDER, 0, F::of(first.lane(0)), second, third);
    lanes.end(cx)?;
    R::set(cx, i.dst, R::whole(first.with_lane(0, result.bits())));
    Ok(())
}
