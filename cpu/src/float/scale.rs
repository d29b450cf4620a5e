//! Exponents: FSCALE and FXTRACT. SDM Vol.2A Table 3-38 "FSCALE Results", "FXTRACT"; Vol.1 8.5.3 "Divide-By-Zero
//! Exception (#Z)".

use super::round::round;
use super::special::{after, denormal, invalid, propagate, propagate_one};
use super::{Class, Env, Extended, Flags, Format, Outcome, Parts, from_integer};

/// A scale beyond this moves every number out of every range.
const FAR: i32 = 0x1_0000;

/// a * 2^b, with b cut to an integer. Invalid: zero by 2^infinity, infinity by 2^-infinity.
pub fn scale(a: Extended, b: Extended, env: &Env) -> Outcome<Extended> {
    let (a, b) = (a.parts(), b.parts());
    if let Some(outcome) = propagate(&a, &b) {
        return outcome;
    }
    let env = &Env { precision: 64, ..*env };
    match (a.class, b.class) {
        (Class::Infinity, Class::Infinity) if b.sign => return invalid(),
        (Class::Zero, Class::Infinity) if !b.sign => return invalid(),
        _ => (),
    }
    after(denormal(&a, &b), env, || match (a.class, b.class) {
        (Class::Infinity, _) => Outcome::exact(Extended::infinity(a.sign)),
        (Class::Zero, _) => Outcome::exact(Extended::zero(a.sign)),
        (_, Class::Infinity) if b.sign => Outcome::exact(Extended::zero(a.sign)),
        (_, Class::Infinity) => Outcome::exact(Extended::infinity(a.sign)),
        _ => round(a.sign, a.exponent + power(&b), u128::from(a.significand) << 64, env),
    })
}

/// A number cut to an integer, as far as it matters.
fn power(b: &Parts) -> i32 {
    let magnitude = match b.exponent {
        _ if b.class == Class::Zero => 0,
        ..0 => 0,
        0..=15 => (b.significand >> (63 - b.exponent)) as i32,
        _ => FAR,
    };
    if b.sign { -magnitude } else { magnitude }
}

/// Exponent and significand of a number, each as a number. Division by zero: of a zero, whose exponent is -infinity.
pub fn extract(a: Extended, env: &Env) -> Outcome<(Extended, Extended)> {
    let parts = a.parts();
    if let Some(Outcome { value, flags }) = propagate_one(&parts) {
        return Outcome { value: (value, value), flags };
    }
    match parts.class {
        Class::Zero => Outcome { value: (Extended::infinity(true), a), flags: Flags::ZERO_DIVIDE },
        Class::Infinity => Outcome::exact((Extended::infinity(false), a)),
        _ => {
            let exponent = from_integer(parts.exponent.into(), &Env { precision: 64, ..*env }).value;
            let significand = Extended::pack(parts.sign, Extended::MAX_EXPONENT as u32, parts.significand);
            Outcome { value: (exponent, significand), flags: denormal(&parts, &parts) }
        }
    }
}
