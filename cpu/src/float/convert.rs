//! Conversions between formats, and to and from integers. SDM Vol.1 4.8.4.2 "Truncation with SSE, SSE2, and AVX
//! Conversion Instructions", 8.3.1 "Data Transfer Instructions"; Table 4-1 "Signed Integer Encodings" for the
//! indefinite.

use super::round::{goes_up, round, shift_right_jam};
use super::special::{after, denormal, propagate_one};
use super::{Class, Env, Extended, Flags, Format, Outcome, Parts};

/// Width of a signed integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerWidth {
    /// 16 bits.
    Word,
    /// 32 bits.
    Dword,
    /// 64 bits.
    Qword,
}

impl IntegerWidth {
    /// Bits of it.
    #[inline]
    pub const fn bits(self) -> u32 {
        match self {
            IntegerWidth::Word => 16,
            IntegerWidth::Dword => 32,
            IntegerWidth::Qword => 64,
        }
    }
}

/// To another format, rounded. NaNs become quiet (a signaling one is invalid).
#[inline]
pub fn convert<A: Format, R: Format>(a: A, env: &Env) -> Outcome<R> {
    let a = a.operand(env);
    if a.class == Class::Normal {
        return round(a.sign, a.exponent, u128::from(a.significand) << 64, env);
    }
    convert_special(&a, env)
}

#[inline(never)]
fn convert_special<R: Format>(a: &Parts, env: &Env) -> Outcome<R> {
    if let Some(outcome) = propagate_one(a) {
        return outcome;
    }
    match a.class {
        Class::Zero => Outcome::exact(R::zero(a.sign)),
        Class::Infinity => Outcome::exact(R::infinity(a.sign)),
        _ => after(denormal(a, a), env, || round(a.sign, a.exponent, u128::from(a.significand) << 64, env)),
    }
}

/// FLD m32, m64: every number of the narrower formats is one of the extended, whatever the precision control says.
/// A denormal raises the flag, a signaling NaN is invalid and becomes quiet.
#[inline]
pub fn load<A: Format>(a: A, env: &Env) -> Outcome<Extended> {
    convert(a, &Env { precision: 64, ..*env })
}

/// The extended number with these parts, which are a number's or an infinity's, or a NaN as it is.
#[inline]
pub fn exact_extended(a: &Parts) -> Extended {
    match a.class {
        Class::Zero => Extended::zero(a.sign),
        Class::Infinity | Class::QuietNan | Class::SignalingNan | Class::Unsupported => {
            Extended::pack(a.sign, Extended::TOP_FIELD, a.significand)
        }
        Class::Normal | Class::Denormal => {
            Extended::pack(a.sign, (a.exponent + Extended::MAX_EXPONENT) as u32, a.significand)
        }
    }
}

/// A signed integer as a number, rounded.
#[inline]
pub fn from_integer<R: Format>(value: i64, env: &Env) -> Outcome<R> {
    if value == 0 {
        return Outcome::exact(R::zero(false));
    }
    let magnitude = value.unsigned_abs();
    let shift = magnitude.leading_zeros();
    round(value < 0, 63 - shift as i32, u128::from(magnitude << shift) << 64, env)
}

/// What an invalid conversion gives: the most negative integer.
#[inline]
pub const fn integer_indefinite(width: IntegerWidth) -> i64 {
    i64::MIN >> (64 - width.bits())
}

/// A number as a signed integer, rounded. Invalid: NaNs, infinities, and what does not fit after rounding. A denormal
/// operand raises no flag of its own.
pub fn to_integer<A: Format>(a: A, width: IntegerWidth, env: &Env) -> Outcome<i64> {
    let a = a.operand(env);
    let invalid = Outcome { value: integer_indefinite(width), flags: Flags::INVALID };
    match a.class {
        Class::Zero => return Outcome::exact(0),
        Class::Normal | Class::Denormal if a.exponent < 64 => (),
        _ => return invalid,
    }
    // The integer part in bits 127 to 64, the fraction below.
    let (whole, flags) = whole_part(&a, env);
    let most = (1_u128 << (width.bits() - 1)) - u128::from(!a.sign);
    if whole > most {
        return invalid;
    }
    let value = if a.sign { (whole as i64).wrapping_neg() } else { whole as i64 };
    Outcome { value, flags }
}

/// The magnitude of a number below 2^64, rounded to an integer.
fn whole_part(a: &Parts, env: &Env) -> (u128, Flags) {
    let fixed = shift_right_jam(u128::from(a.significand) << 64, (63 - a.exponent) as u32);
    let (whole, rest) = (fixed >> 64, fixed << 64);
    let up = goes_up(a.sign, whole & 1 != 0, rest, env.rounding);
    let flags = Flags::when(rest != 0, Flags::PRECISION) | Flags::when(up, Flags::ROUNDED_UP);
    (whole + u128::from(up), flags)
}

/// The magnitude of a number below 2^64, rounded to an integer; `None` for anything else.
pub(super) fn whole_number(a: Extended, env: &Env) -> Option<Outcome<u128>> {
    let a = a.parts();
    match a.class {
        Class::Zero => Some(Outcome::exact(0)),
        Class::Normal | Class::Denormal if a.exponent < 64 => {
            let (value, flags) = whole_part(&a, env);
            Some(Outcome { value, flags })
        }
        _ => None,
    }
}

/// FRNDINT, ROUNDSD: a number rounded to an integer of the same format.
pub fn to_integral<F: Format>(a: F, env: &Env) -> Outcome<F> {
    let parts = a.operand(env);
    if let Some(outcome) = propagate_one(&parts) {
        return outcome;
    }
    match parts.class {
        Class::Zero => return Outcome::exact(F::zero(parts.sign)),
        Class::Infinity => return Outcome::exact(F::infinity(parts.sign)),
        _ if parts.exponent >= 63 => return Outcome::exact(a),
        _ => (),
    }
    after(denormal(&parts, &parts), env, || {
        let (whole, flags) = whole_part(&parts, env);
        if whole == 0 {
            return Outcome { value: F::zero(parts.sign), flags };
        }
        let shift = whole.leading_zeros();
        let exponent = 127 - shift as i32;
        let field = (exponent + F::MAX_EXPONENT) as u32;
        Outcome { value: F::pack(parts.sign, field, ((whole << shift) >> 64) as u64), flags }
    })
}
