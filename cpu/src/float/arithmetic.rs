//! Sum, product, quotient and root. SDM Vol.1 4.8.3.2 "Normalized and Denormalized Finite Numbers", 4.8.3.3 "Signed
//! Infinities", 4.9.1 "Floating-Point Exception Conditions".
//!
//! Each has a short way for two normal extended numbers and one for everything, which takes operands of any format
//! already taken apart: an operand from memory that is denormal in its own format raises the flag though the extended
//! format would hold it as a normal number.

use super::round::{round, shift_right_jam};
use super::special::{after, denormal, invalid, propagate, propagate_one};
use super::{Class, Env, Flags, Format, Outcome, Parts, Rounding};

/// Which of the two: the second operand's sign is turned around for a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// a + b.
    Add,
    /// a - b.
    Subtract,
}

/// a + b. Invalid: infinities of different signs.
#[inline]
pub fn add<F: Format>(a: F, b: F, env: &Env) -> Outcome<F> {
    add_parts(&a.operand(env), &b.operand(env), Sum::Add, env)
}

/// a - b. Invalid: infinities of the same sign.
#[inline]
pub fn subtract<F: Format>(a: F, b: F, env: &Env) -> Outcome<F> {
    add_parts(&a.operand(env), &b.operand(env), Sum::Subtract, env)
}

/// a * b. Invalid: zero by infinity.
#[inline]
pub fn multiply<F: Format>(a: F, b: F, env: &Env) -> Outcome<F> {
    multiply_parts(&a.operand(env), &b.operand(env), env)
}

/// a / b. Invalid: zero by zero, infinity by infinity. Division by zero: a number by zero.
#[inline]
pub fn divide<F: Format>(a: F, b: F, env: &Env) -> Outcome<F> {
    divide_parts(&a.operand(env), &b.operand(env), env)
}

/// Sum or difference of numbers taken apart.
#[inline(always)]
pub fn add_parts<F: Format>(a: &Parts, b: &Parts, which: Sum, env: &Env) -> Outcome<F> {
    if a.class == Class::Normal && b.class == Class::Normal {
        return add_numbers(a, b, b.sign != (which == Sum::Subtract), env);
    }
    add_special(a, b, which, env)
}

#[inline(never)]
fn add_special<F: Format>(a: &Parts, b: &Parts, which: Sum, env: &Env) -> Outcome<F> {
    if let Some(outcome) = propagate(a, b) {
        return outcome;
    }
    let b_sign = b.sign != (which == Sum::Subtract);
    let flags = denormal(a, b);
    match (a.class, b.class) {
        (Class::Infinity, Class::Infinity) if a.sign != b_sign => return invalid(),
        (Class::Infinity, _) => return after(flags, env, || Outcome::exact(F::infinity(a.sign))),
        (_, Class::Infinity) => return after(flags, env, || Outcome::exact(F::infinity(b_sign))),
        (Class::Zero, Class::Zero) if a.sign == b_sign => return Outcome::exact(F::zero(a.sign)),
        (Class::Zero, Class::Zero) => return Outcome::exact(F::zero(env.rounding == Rounding::Down)),
        _ => (),
    }
    after(flags, env, || match (a.class, b.class) {
        (Class::Zero, _) => round(b_sign, b.exponent, u128::from(b.significand) << 64, env),
        (_, Class::Zero) => round(a.sign, a.exponent, u128::from(a.significand) << 64, env),
        _ => add_numbers(a, b, b_sign, env),
    })
}

/// Both are numbers that are not zero.
#[inline(always)]
fn add_numbers<F: Format>(a: &Parts, b: &Parts, b_sign: bool, env: &Env) -> Outcome<F> {
    let a_less = (a.exponent, a.significand) < (b.exponent, b.significand);
    let (large, small, sign) = if a_less { (b, a, b_sign) } else { (a, b, a.sign) };
    // One bit of room above for the carry.
    let wide = u128::from(large.significand) << 63;
    let narrow = shift_right_jam(u128::from(small.significand) << 63, (large.exponent - small.exponent) as u32);
    if a.sign == b_sign {
        let sum = wide + narrow;
        let carry = (sum >> 127) as i32;
        return round(sign, large.exponent + carry, sum << (1 - carry), env);
    }
    let difference = wide - narrow;
    if difference == 0 {
        return Outcome::exact(F::zero(env.rounding == Rounding::Down));
    }
    let shift = difference.leading_zeros();
    round(sign, large.exponent + 1 - shift as i32, difference << shift, env)
}

/// Product of numbers taken apart.
#[inline(always)]
pub fn multiply_parts<F: Format>(a: &Parts, b: &Parts, env: &Env) -> Outcome<F> {
    if a.class == Class::Normal && b.class == Class::Normal {
        return multiply_numbers(a, b, env);
    }
    multiply_special(a, b, env)
}

#[inline(never)]
fn multiply_special<F: Format>(a: &Parts, b: &Parts, env: &Env) -> Outcome<F> {
    if let Some(outcome) = propagate(a, b) {
        return outcome;
    }
    let sign = a.sign != b.sign;
    let any = |class| a.class == class || b.class == class;
    if any(Class::Infinity) && any(Class::Zero) {
        return invalid();
    }
    after(denormal(a, b), env, || {
        if any(Class::Infinity) {
            return Outcome::exact(F::infinity(sign));
        }
        if any(Class::Zero) {
            return Outcome::exact(F::zero(sign));
        }
        multiply_numbers(a, b, env)
    })
}

#[inline(always)]
fn multiply_numbers<F: Format>(a: &Parts, b: &Parts, env: &Env) -> Outcome<F> {
    let product = u128::from(a.significand) * u128::from(b.significand);
    let carry = (product >> 127) as i32;
    round(a.sign != b.sign, a.exponent + b.exponent + carry, product << (1 - carry), env)
}

/// Quotient of numbers taken apart.
#[inline]
pub fn divide_parts<F: Format>(a: &Parts, b: &Parts, env: &Env) -> Outcome<F> {
    if a.class == Class::Normal && b.class == Class::Normal {
        return divide_numbers(a, b, env);
    }
    divide_special(a, b, env)
}

#[inline(never)]
fn divide_special<F: Format>(a: &Parts, b: &Parts, env: &Env) -> Outcome<F> {
    if let Some(outcome) = propagate(a, b) {
        return outcome;
    }
    let sign = a.sign != b.sign;
    match (a.class, b.class) {
        (Class::Infinity, Class::Infinity) | (Class::Zero, Class::Zero) => return invalid(),
        // A division by zero comes before a denormal operand.
        (Class::Normal | Class::Denormal, Class::Zero) => {
            return Outcome { value: F::infinity(sign), flags: Flags::ZERO_DIVIDE };
        }
        _ => (),
    }
    after(denormal(a, b), env, || match (a.class, b.class) {
        (Class::Infinity, _) => Outcome::exact(F::infinity(sign)),
        (Class::Zero, _) | (_, Class::Infinity) => Outcome::exact(F::zero(sign)),
        _ => divide_numbers(a, b, env),
    })
}

#[inline(always)]
fn divide_numbers<F: Format>(a: &Parts, b: &Parts, env: &Env) -> Outcome<F> {
    let divisor = u128::from(b.significand);
    // The dividend is kept below the divisor, so that the quotient has 64 bits, the first of them set.
    let less = a.significand < b.significand;
    let dividend = u128::from(a.significand) << (63 + u32::from(less));
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    // The next bit of the quotient, and whether anything is left behind it.
    let (next, left) = if 2 * rest >= divisor { (1, 2 * rest - divisor) } else { (0, rest) };
    let significand = quotient << 64 | next << 63 | u128::from(left != 0);
    round(a.sign != b.sign, a.exponent - b.exponent - i32::from(less), significand, env)
}

/// The square root. Invalid: of a number below zero.
#[inline]
pub fn square_root<F: Format>(a: F, env: &Env) -> Outcome<F> {
    let a = a.operand(env);
    if let Some(outcome) = propagate_one(&a) {
        return outcome;
    }
    match a.class {
        Class::Zero => return Outcome::exact(F::zero(a.sign)),
        _ if a.sign => return invalid(),
        Class::Infinity => return Outcome::exact(F::infinity(false)),
        _ => (),
    }
    after(denormal(&a, &a), env, || {
        // With an odd exponent half of the significand's value moves over. Then the root has 64 bits.
        let odd = a.exponent & 1;
        let square = u128::from(a.significand) << (63 + odd);
        let root = square.isqrt();
        let rest = square - root * root;
        // (root + 1/2)^2 is root^2 + root + 1/4.
        let significand = root << 64 | u128::from(rest > root) << 63 | u128::from(rest != 0);
        round(false, (a.exponent - odd) / 2, significand, env)
    })
}
