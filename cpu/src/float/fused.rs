//! The product and sum that are rounded once. SDM Vol.1 14.5.2 "Fused-Multiply-ADD (FMA) Numeric Behavior".

use super::round::{round, shift_right_jam};
use super::special::after;
use super::{Class, Env, Flags, Format, Outcome, Parts, Rounding};

/// Whose signs are turned around before the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// That of the product.
    pub product: bool,
    /// That of the addend.
    pub addend: bool,
}

/// a * b + c of a format with at most 53 bits, with signs turned around as asked. Invalid: zero by infinity, infinities of
/// different signs. The first NaN of a, b and c goes on; a quiet one hides an invalid product.
pub fn multiply_add<F: Format>(a: F, b: F, c: F, signs: Signs, env: &Env) -> Outcome<F> {
    let (a, b, c) = (a.operand(env), b.operand(env), c.operand(env));
    let all = [&a, &b, &c];
    let product_sign = (a.sign != b.sign) != signs.product;
    let c_sign = c.sign != signs.addend;
    let is = |class| a.class == class || b.class == class;
    let invalid_product = is(Class::Infinity) && is(Class::Zero);
    if let Some(nan) = all.into_iter().find(|parts| parts.is_nan()) {
        let signaling = all.into_iter().any(|parts| parts.class == Class::SignalingNan);
        return Outcome { value: F::quiet(nan), flags: Flags::when(signaling, Flags::INVALID) };
    }
    let product_infinite = is(Class::Infinity);
    if invalid_product || product_infinite && c.class == Class::Infinity && product_sign != c_sign {
        return Outcome { value: F::indefinite(), flags: Flags::INVALID };
    }
    let denormal = all.into_iter().any(|parts| parts.class == Class::Denormal);
    after(Flags::when(denormal, Flags::DENORMAL), env, || {
        if product_infinite {
            return Outcome::exact(F::infinity(product_sign));
        }
        if c.class == Class::Infinity {
            return Outcome::exact(F::infinity(c_sign));
        }
        match (is(Class::Zero), c.class == Class::Zero) {
            (true, true) if product_sign == c_sign => Outcome::exact(F::zero(c_sign)),
            (true, true) => Outcome::exact(F::zero(env.rounding == Rounding::Down)),
            (true, false) => round(c_sign, c.exponent, u128::from(c.significand) << 64, env),
            (false, true) => product(&a, &b).rounded(product_sign, env),
            (false, false) => sum(product(&a, &b), product_sign, Number::of(&c), c_sign, env),
        }
    })
}

/// A number is `significand` / 2^126 * 2^`exponent`; bit 126 is set.
#[derive(Clone, Copy)]
struct Number {
    exponent: i32,
    significand: u128,
}

impl Number {
    fn of(parts: &Parts) -> Number {
        Number { exponent: parts.exponent, significand: u128::from(parts.significand) << 63 }
    }

    fn rounded<F: Format>(self, sign: bool, env: &Env) -> Outcome<F> {
        round(sign, self.exponent, self.significand << 1, env)
    }
}

/// Exact: operands of 53 bits leave at least 22 zeros.
fn product(a: &Parts, b: &Parts) -> Number {
    let product = u128::from(a.significand) * u128::from(b.significand);
    let carry = (product >> 127) as i32;
    Number { exponent: a.exponent + b.exponent + carry, significand: product >> carry }
}

fn sum<F: Format>(a: Number, a_sign: bool, b: Number, b_sign: bool, env: &Env) -> Outcome<F> {
    let a_less = (a.exponent, a.significand) < (b.exponent, b.significand);
    let (large, small, sign) = if a_less { (b, a, b_sign) } else { (a, b, a_sign) };
    // Bits are lost only where at most one leading bit can cancel.
    let narrow = shift_right_jam(small.significand, (large.exponent - small.exponent) as u32);
    if a_sign == b_sign {
        let sum = large.significand + narrow;
        let carry = (sum >> 127) as i32;
        return round(sign, large.exponent + carry, sum << (1 - carry), env);
    }
    let difference = large.significand - narrow;
    if difference == 0 {
        return Outcome::exact(F::zero(env.rounding == Rounding::Down));
    }
    let shift = difference.leading_zeros();
    round(sign, large.exponent + 1 - shift as i32, difference << shift, env)
}
