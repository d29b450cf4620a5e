//! Conversions to and from half precision. SDM Vol.1 14.4 "Half-Precision Floating-Point Conversion", Vol.2C "VCVTPH2PS",
//! "VCVTPS2PH".
//!
//! Flags: MXCSR's. Faults as in `sse_float`, with the conditions of VEX; memory may lie anywhere.

use super::Exec;
use super::simd::{Registers, Vectors, Vex128, combine};
use super::sse_float::Lanes;
use crate::exception::Step;
use crate::float::{self, Env, F16, F32, Flags, Outcome, Rounding};
use crate::insn::Insn;
use crate::value::packed::Packed;

/// VCVTPH2PS: MXCSR.DAZ means nothing, and a denormal is no exception. SDM Vol.2C "VCVTPH2PS".
pub fn vcvtph2ps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let values = R::whole(0).as_ref().len();
    let source = if values == 1 { u128::from(cx.xmm_source_low::<u64>(i)?) } else { Vex128::source(cx, i)?[0] };
    let mut lanes = Lanes::new(cx);
    let env = Env { masked: Flags::EXCEPTIONS, denormals_are_zeros: false, ..lanes.env };
    let zero = R::whole(0);
    let result = combine::<R>(zero, zero, |value, _, _| {
        u128::from_lanes(|number| {
            let outcome: Outcome<F32> = float::convert(F16(source.lane(4 * value + number)), &env);
            lanes.take(Outcome { flags: outcome.flags & Flags::INVALID, ..outcome }).0
        })
    });
    lanes.end(cx)?;
    R::set(cx, i.dst, result);
    Ok(())
}

/// VCVTPS2PH: the immediate says how to round, or leaves it to MXCSR; MXCSR.FTZ means nothing. SDM Vol.2C "VCVTPS2PH".
pub fn vcvtps2ph<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let source = R::get(cx, i.src);
    let mut lanes = Lanes::new(cx);
    let control = i.imm as u32;
    let rounding = if control & 4 != 0 { lanes.env.rounding } else { Rounding::from_bits(control) };
    let env = Env { rounding, flush_to_zero: false, ..lanes.env };
    let mut result = 0_u128;
    for (number, value) in source.as_ref().iter().enumerate() {
        let four = u64::from_lanes(|lane| {
            let outcome: Outcome<F16> = float::convert(F32(value.lane(lane)), &env);
            lanes.take(outcome).0
        });
        result |= u128::from(four) << (64 * number);
    }
    if i.is_memory() {
        // What cannot be stored raises no exception of numbers.
        let bytes = 8 * source.as_ref().len() as u64;
        let addr = cx.checked(i.segment(), cx.effective_address(i), bytes, ringwalk_mmu::Access::Write)?;
        cx.require_writable(addr, bytes, cx.class())?;
        lanes.end(cx)?;
        return match bytes {
            8 => cx.store(i.segment(), cx.effective_address(i), result as u64),
            _ => Vex128::store_at(cx, i, super::memory::Alignment::Free, [result]),
        };
    }
    lanes.end(cx)?;
    Vex128::set(cx, i.dst, [result]);
    Ok(())
}
