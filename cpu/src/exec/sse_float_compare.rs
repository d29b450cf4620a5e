//! Comparisons of SSE and SSE2. SDM Vol.1 10.4.1.4 "SSE Comparison Instructions", 11.4.1.4 "SSE2 Compare Instructions",
//! Vol.2A Table 3-1 "Comparison Predicate for CMPPD and CMPPS Instructions", Vol.2B "MAXPD", "MINPD".
//!
//! Flags: MXCSR's; of EFLAGS where said. Faults as in `sse_float`.

use num_traits::Bounded;

use super::Exec;
use super::simd::Vectors;
use super::sse_float::{Lanes, each_lane, low_lane};
use crate::exception::Step;
use crate::flags::{CF, PF, ZF};
use crate::float::{Class, Comparison, Env, Native, Outcome, Relation, compare, compare_parts};
use crate::insn::Insn;
use crate::value::packed::Packed;

/// MINPS, MAXPS xmm, xmm/m128 and their forms for double precision. SDM Vol.2B "MINPS", "MAXPS".
pub fn extreme_packed<R: Vectors, F: Native, const GREATEST: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    each_lane::<R, _>(cx, i, |lanes, _, a: F, b| {
        let outcome = extreme::<F, GREATEST>(a, b, &lanes.env);
        lanes.take(outcome)
    })
}

/// MINSS, MAXSS xmm, xmm/m32 and their forms for double precision. SDM Vol.2B "MINSS", "MAXSS".
pub fn extreme_scalar<R: Vectors, F: Native, const GREATEST: bool>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    low_lane::<R, _>(cx, i, |lanes, a: F, b| {
        let outcome = extreme::<F, GREATEST>(a, b, &lanes.env);
        lanes.take(outcome)
    })
}

/// The first number if it is the lesser or greater one, otherwise the second as it is: also if they are equal, zeros of
/// different signs among them, or one is no number. NaNs of both kinds are invalid.
fn extreme<F: Native, const GREATEST: bool>(a: F, b: F, env: &Env) -> Outcome<F> {
    let (a_parts, b_parts) = (a.operand(env), b.operand(env));
    let Outcome { value, flags } = compare_parts(&a_parts, &b_parts, Comparison::Ordered);
    let first = value == if GREATEST { Relation::Greater } else { Relation::Less };
    let (number, parts) = if first { (a, a_parts) } else { (b, b_parts) };
    let value = if parts.class == Class::Zero { F::zero(parts.sign) } else { number };
    Outcome { value, flags }
}

/// CMPPS, CMPPD xmm, xmm/m128, imm8. SDM Vol.2A "CMPPS", "CMPPD".
pub fn compare_packed<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let predicate = predicate_of::<R>(i);
    each_lane::<R, _>(cx, i, |lanes, _, a: F, b| mask(lanes, predicate, a, b))
}

/// CMPSS, CMPSD xmm, xmm/m, imm8. SDM Vol.2A "CMPSS", "CMPSD".
pub fn compare_scalar<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let predicate = predicate_of::<R>(i);
    low_lane::<R, _>(cx, i, |lanes, a: F, b| mask(lanes, predicate, a, b))
}

/// The predicate: three bits, with VEX five.
fn predicate_of<R: Vectors>(i: &Insn) -> u8 {
    i.imm as u8 & if R::VEX { 31 } else { 7 }
}

/// All ones if the predicate holds, all zeros otherwise. Bit 3 turns around what an unordered relation gives, bit 4
/// whether a quiet NaN is silent. SDM Vol.2A Table 3-1 "Comparison Predicate for CMPPD and CMPPS Instructions".
fn mask<F: Native>(lanes: &mut Lanes, predicate: u8, a: F, b: F) -> F {
    // EQ, UNORD, NEQ and ORD are silent about quiet NaNs.
    let silent = matches!(predicate & 3, 0 | 3) != (predicate & 16 != 0);
    let kind = if silent { Comparison::Unordered } else { Comparison::Ordered };
    let outcome = compare(a, b, kind, &lanes.env);
    let relation = lanes.take(outcome);
    let unordered = relation == Relation::Unordered;
    let equal = relation == Relation::Equal;
    let less = relation == Relation::Less;
    let greater = relation == Relation::Greater;
    let holds = match predicate & 15 {
        0 => equal,
        1 => less,
        2 => less || equal,
        3 => unordered,
        4 => !equal,
        5 => !less,
        6 => greater || unordered,
        7 => !unordered,
        8 => equal || unordered,
        9 => less || unordered,
        10 => less || equal || unordered,
        11 => false,
        12 => less || greater,
        13 => greater || equal,
        14 => greater,
        _ => true,
    };
    F::of(if holds { Bounded::max_value() } else { Bounded::min_value() })
}

/// COMISS, COMISD xmm, xmm/m. EFLAGS: ZF, PF and CF tell; OF, SF and AF are cleared. SDM Vol.2A "COMISS", "COMISD".
pub fn comi<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    to_eflags::<R, F>(cx, i, Comparison::Ordered)
}

/// UCOMISS, UCOMISD xmm, xmm/m: quiet NaNs are no exception. EFLAGS as COMISS. SDM Vol.2B "UCOMISS", "UCOMISD".
pub fn ucomi<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    to_eflags::<R, F>(cx, i, Comparison::Unordered)
}

#[inline(always)]
fn to_eflags<R: Vectors, F: Native>(cx: &mut Exec<'_>, i: &Insn, kind: Comparison) -> Step {
    R::require(cx)?;
    let b = F::of(cx.xmm_source_low(i)?);
    let a = F::of(cx.cpu.vector.xmm(i.dst).lane(0));
    let mut lanes = Lanes::new(cx);
    let outcome = compare(a, b, kind, &lanes.env);
    let relation = lanes.take(outcome);
    lanes.end(cx)?;
    cx.cpu.flags.set_arith(match relation {
        Relation::Unordered => ZF | PF | CF,
        Relation::Greater => 0,
        Relation::Less => CF,
        Relation::Equal => ZF,
    });
    Ok(())
}
