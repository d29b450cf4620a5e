//! Partial remainders: FPREM and FPREM1. SDM Vol.2A "FPREM", "FPREM1", Tables 3-36 "FPREM Results" and 3-37.

use super::round::round;
use super::special::{after, denormal, invalid, propagate};
use super::{Class, Env, Extended, Format, Outcome, Parts};

/// How the quotient is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotient {
    /// Toward zero: FPREM.
    Truncated,
    /// To the nearest, ties to even: FPREM1, IEEE 754's remainder.
    Nearest,
}

/// A remainder, and what is known of the quotient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// What is left of the dividend.
    pub value: Extended,
    /// The quotient.
    pub quotient: Left,
}

/// What is known of a quotient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Its low three bits.
    Quotient(u8),
    /// The reduction is not complete.
    More,
    /// There is none: an operand is no number, or the operation is invalid.
    Nothing,
}

/// The remainder of a by b, exact. Where the exponents differ by 64 or more, the difference shrinks by 32 to 63, to a
/// multiple of 32, and the quotient is not known yet.
pub fn remainder(a: Extended, b: Extended, kind: Quotient, env: &Env) -> Outcome<Remainder> {
    let (a, b) = (a.parts(), b.parts());
    let env = &Env { precision: 64, ..*env };
    let none = |outcome: Outcome<Extended>| Outcome {
        value: Remainder { value: outcome.value, quotient: Left::Nothing },
        flags: outcome.flags,
    };
    if let Some(outcome) = propagate(&a, &b) {
        return none(outcome);
    }
    if a.class == Class::Infinity || b.class == Class::Zero {
        return none(invalid());
    }
    let flags = denormal(&a, &b);
    let mut quotient = Left::Quotient(0);
    let outcome = after(flags, env, || match (a.class, b.class) {
        (Class::Zero, _) => Outcome::exact(Extended::zero(a.sign)),
        (_, Class::Infinity) => round(a.sign, a.exponent, u128::from(a.significand) << 64, env),
        _ => {
            let (left, exponent, sign, bits) = reduce(&a, &b, kind);
            quotient = bits;
            if left == 0 {
                return Outcome::exact(Extended::zero(a.sign));
            }
            let shift = left.leading_zeros();
            round(sign, exponent - shift as i32, left << shift, env)
        }
    });
    Outcome { value: Remainder { value: outcome.value, quotient }, flags: outcome.flags }
}

/// What is left: a significand with the exponent of its bit 127, the sign, and the quotient's low bits.
fn reduce(a: &Parts, b: &Parts, kind: Quotient) -> (u128, i32, bool, Left) {
    let difference = a.exponent - b.exponent;
    let (dividend, divisor) = (u128::from(a.significand), u128::from(b.significand));
    match difference {
        64.. => {
            let taken = difference & 31 | 32;
            let left = (dividend << taken) % divisor;
            (left << 64, a.exponent - taken, a.sign, Left::More)
        }
        0.. => {
            let dividend = dividend << difference;
            let (quotient, left) = (dividend / divisor, dividend % divisor);
            let odd = quotient & 1 != 0;
            let up = kind == Quotient::Nearest && (2 * left > divisor || 2 * left == divisor && odd);
            let bits = (quotient + u128::from(up)) as u8 & 7;
            let left = if up { divisor - left } else { left };
            (left << 64, b.exponent, a.sign != up, Left::Quotient(bits))
        }
        // More than half of the divisor: the nearest quotient is 1.
        -1 if kind == Quotient::Nearest && dividend > divisor => {
            ((2 * divisor - dividend) << 63, b.exponent, !a.sign, Left::Quotient(1))
        }
        _ => (dividend << 64, a.exponent, a.sign, Left::Quotient(0)),
    }
}
