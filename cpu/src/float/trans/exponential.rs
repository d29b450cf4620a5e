//! F2XM1: two to the power of x, less one. SDM Vol.2A "F2XM1", Table 3-17 "Results Obtained from F2XM1".

use super::constants::LN_2;
use super::wide::{BELOW_ONE, Wide, alternating, inverse_factorials, multiply_high, positive};
use super::{Class, Env, Extended, Flags, Format, Outcome, after, denormal, propagate_one, rounded};

/// 1/2!, 1/3!, ... of (e^t - 1)/t; t is at most ln 2 and what is left out below 2^-118.
const TERMS: [u128; 27] = inverse_factorials(2, 1);

/// The significand of powers of two.
const POWER: u64 = 1 << 63;

/// F2XM1: 2^x - 1. Outside of -1 to 1, where the manual leaves the result undefined, x stays (measured).
pub fn f2xm1(x: Extended, env: &Env) -> Outcome<Extended> {
    let parts = x.parts();
    if let Some(outcome) = propagate_one(&parts) {
        return outcome;
    }
    match (parts.class, parts.sign) {
        (Class::Zero, _) | (Class::Infinity, false) => return Outcome::exact(x),
        (Class::Infinity, true) => return Outcome::exact(Extended::pack(true, Extended::MAX_EXPONENT as u32, POWER)),
        _ => (),
    }
    after(denormal(&parts, &parts), env, || match (parts.sign, parts.exponent, parts.significand) {
        (_, ..0, _) => rounded(power_less_one(Wide::of(&parts)), env),
        // Just below one where results are cut off (measured); and -1/2 exactly.
        (false, 0, POWER) => rounded(Wide::of_fraction(BELOW_ONE), env),
        (true, 0, POWER) => rounded(Wide::of_fraction(1 << 127).with_sign(true), env),
        _ => Outcome { value: x, flags: Flags::PRECISION },
    })
}

/// 2^x - 1 for |x| < 1.
fn power_less_one(x: Wide) -> Wide {
    let t = x.times(LN_2);
    let fraction = t.to_fraction();
    match x.negative {
        // 1 - t/2! + t^2/3! - ...
        true => t.scaled(BELOW_ONE - multiply_high(alternating(&TERMS, fraction), fraction)),
        false => t.grown(multiply_high(positive(&TERMS, fraction), fraction)),
    }
}
