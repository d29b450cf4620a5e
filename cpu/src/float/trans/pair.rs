//! Instructions with two operands: FYL2X, FYL2XP1 and FPATAN. SDM Vol.2A Table 3-36 "FYL2X Results", Table 3-37
//! "FYL2XP1 Results", Table 3-30 "FPATAN Results".

use super::arctangent::angle_of;
use super::constants::{HALF_PI, PI, QUARTER_PI};
use super::logarithm::{binary_logarithm, binary_logarithm_of_one_more};
use super::wide::Wide;
use super::{Class, Env, Extended, Flags, Format, Outcome, Parts, after, denormal, invalid, propagate, rounded};

/// FYL2X: y x log2(x).
pub fn fyl2x(y: Extended, x: Extended, env: &Env) -> Outcome<Extended> {
    let (y, x) = (y.parts(), x.parts());
    if let Some(outcome) = propagate(&y, &x) {
        return outcome;
    }
    match (x.class, y.class) {
        (Class::Zero, Class::Zero) => invalid(),
        (Class::Zero, Class::Infinity) => Outcome::exact(Extended::infinity(!y.sign)),
        (Class::Zero, _) => Outcome { value: Extended::infinity(!y.sign), flags: Flags::ZERO_DIVIDE },
        _ if x.sign => invalid(),
        (Class::Infinity, _) => times_infinity(&y, env),
        _ => product(&y, &x, binary_logarithm(Wide::of(&x)), env),
    }
}

/// FYL2XP1: y x log2(x + 1). Beyond the manual's range, -(1 - sqrt(2)/2) to sqrt(2) - 1, the result is undefined; we
/// give the logarithm as far as there is one (measured).
pub fn fyl2xp1(y: Extended, x: Extended, env: &Env) -> Outcome<Extended> {
    let (number, y, x) = (x, y.parts(), x.parts());
    if let Some(outcome) = propagate(&y, &x) {
        return outcome;
    }
    match (x.class, y.class) {
        (Class::Zero, Class::Infinity) => invalid(),
        (Class::Zero, _) => after(denormal(&y, &y), env, || Outcome::exact(Extended::zero(x.sign != y.sign))),
        (Class::Infinity, _) if x.sign => invalid(),
        (Class::Infinity, _) => times_infinity(&y, env),
        _ if x.sign && x.exponent >= 0 => below_the_range(&y, number, env),
        _ => product(&y, &x, binary_logarithm_of_one_more(Wide::of(&x)), env),
    }
}

/// y times a logarithm; `None` is a logarithm of zero.
fn product(y: &Parts, x: &Parts, logarithm: Option<Wide>, env: &Env) -> Outcome<Extended> {
    let sign = y.sign != logarithm.is_some_and(|logarithm| logarithm.negative);
    if y.class == Class::Infinity && logarithm.is_none() {
        return invalid();
    }
    after(denormal(y, x), env, || match (y.class, logarithm) {
        (Class::Infinity, _) => Outcome::exact(Extended::infinity(sign)),
        (Class::Zero, _) | (_, None) => Outcome::exact(Extended::zero(sign)),
        (_, Some(logarithm)) => rounded(Wide::of(y).times(logarithm), env),
    })
}

/// y times the logarithm of infinity.
fn times_infinity(y: &Parts, env: &Env) -> Outcome<Extended> {
    match y.class {
        Class::Zero => invalid(),
        _ => after(denormal(y, y), env, || Outcome::exact(Extended::infinity(y.sign))),
    }
}

/// FYL2XP1 for -1 and less, where there is no logarithm: x itself (measured); zeros and infinities of y as if it were
/// negative.
fn below_the_range(y: &Parts, x: Extended, env: &Env) -> Outcome<Extended> {
    after(denormal(y, y), env, || match y.class {
        Class::Infinity => Outcome::exact(Extended::infinity(!y.sign)),
        Class::Zero => Outcome::exact(Extended::zero(!y.sign)),
        _ => Outcome { value: x, flags: Flags::PRECISION },
    })
}

/// FPATAN: the angle of the point (x, y).
pub fn fpatan(y: Extended, x: Extended, env: &Env) -> Outcome<Extended> {
    let (y, x) = (y.parts(), x.parts());
    if let Some(outcome) = propagate(&y, &x) {
        return outcome;
    }
    let angle = || match (y.class, x.class) {
        (Class::Infinity, Class::Infinity) if x.sign => Some(PI.minus(QUARTER_PI)),
        (Class::Infinity, Class::Infinity) => Some(QUARTER_PI),
        (Class::Infinity, _) => Some(HALF_PI),
        (Class::Zero, _) | (_, Class::Infinity) => x.sign.then_some(PI),
        (_, Class::Zero) => Some(HALF_PI),
        _ => Some(angle_of(Wide::of(&y), Wide::of(&x))),
    };
    after(denormal(&y, &x), env, || match angle() {
        Some(angle) => rounded(angle.with_sign(y.sign), env),
        None => Outcome::exact(Extended::zero(y.sign)),
    })
}
