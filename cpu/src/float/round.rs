//! From the exact value to a format's number. SDM Vol.1 4.8.4 "Rounding", 4.9.1.4 "Numeric Overflow Exception (#O)",
//! 4.9.1.5 "Numeric Underflow Exception (#U)", 8.5.4 and 8.5.5 for what the x87 does with them.

use super::{Env, Flags, Format, Outcome, Rounding};

/// A significand cut to some bits.
struct Cut {
    /// The bits that stay, from bit 63 downward.
    kept: u64,
    /// One more at the last place carried out of the top: the exponent grows by one.
    carried: bool,
    inexact: bool,
    up: bool,
}

/// Rounds the nonzero number `significand` / 2^127 * 2^`exponent`; bit 127 of the significand is set, and bits lost on
/// the way here are collected in its lowest bit.
///
/// Underflow is detected after rounding; while it is masked it is raised only if the result is inexact too.
#[inline(always)]
pub fn round<F: Format>(sign: bool, exponent: i32, significand: u128, env: &Env) -> Outcome<F> {
    debug_assert!(significand >> 127 == 1, "the significand is normalised");
    let cut = cut(sign, significand, F::result_precision(env), env.rounding);
    let rounded = exponent + i32::from(cut.carried);
    if exponent < F::MIN_EXPONENT {
        return below::<F>(sign, exponent, significand, &cut, env);
    }
    if rounded > F::MAX_EXPONENT {
        return overflow::<F>(sign, rounded, &cut, env);
    }
    Outcome { value: F::pack(sign, (rounded + F::MAX_EXPONENT) as u32, cut.kept), flags: cut.flags() }
}

impl Cut {
    #[inline(always)]
    fn flags(&self) -> Flags {
        Flags::when(self.inexact, Flags::PRECISION) | Flags::when(self.up, Flags::ROUNDED_UP)
    }
}

/// Cuts to the top `precision` bits.
#[inline(always)]
fn cut(sign: bool, significand: u128, precision: u32, rounding: Rounding) -> Cut {
    let unit = 1_u64 << (64 - precision);
    let kept = (significand >> 64) as u64 & !(unit - 1);
    // What is cut off, from bit 127 downward.
    let rest = significand << precision;
    let up = goes_up(sign, kept & unit != 0, rest, rounding);
    let (kept, carried) = if up { kept.overflowing_add(unit) } else { (kept, false) };
    Cut { kept: kept | u64::from(carried) << 63, carried, inexact: rest != 0, up }
}

/// True if the magnitude grows by one at the last place.
#[inline(always)]
pub(super) fn goes_up(sign: bool, odd: bool, rest: u128, rounding: Rounding) -> bool {
    const HALF: u128 = 1 << 127;
    match rounding {
        Rounding::Nearest => rest > HALF || rest == HALF && odd,
        Rounding::Down => sign && rest != 0,
        Rounding::Up => !sign && rest != 0,
        Rounding::Zero => false,
    }
}

/// The exponent before rounding is below the smallest: tiny, unless rounding carried into the smallest normal number.
#[cold]
fn below<F: Format>(sign: bool, exponent: i32, significand: u128, cut: &Cut, env: &Env) -> Outcome<F> {
    let tiny = exponent + i32::from(cut.carried) < F::MIN_EXPONENT;
    if tiny && env.unmasked(Flags::UNDERFLOW) {
        return wrapped(sign, exponent + i32::from(cut.carried), Flags::UNDERFLOW, cut);
    }
    if tiny && env.flush_to_zero {
        return Outcome { value: F::zero(sign), flags: Flags::UNDERFLOW | Flags::PRECISION };
    }
    let shifted = shift_right_jam(significand, (F::MIN_EXPONENT - exponent) as u32);
    let cut = self::cut(sign, shifted, F::result_precision(env), env.rounding);
    // Rounded into the smallest normal number, or denormal: the integer bit is the exponent field.
    let field = (cut.kept >> 63) as u32;
    let underflow = Flags::when(tiny && cut.inexact, Flags::UNDERFLOW);
    Outcome { value: F::pack(sign, field, cut.kept), flags: cut.flags() | underflow }
}

#[cold]
fn overflow<F: Format>(sign: bool, exponent: i32, cut: &Cut, env: &Env) -> Outcome<F> {
    if env.unmasked(Flags::OVERFLOW) {
        return wrapped(sign, exponent, Flags::OVERFLOW, cut);
    }
    let to_infinity = match env.rounding {
        Rounding::Nearest => true,
        Rounding::Down => sign,
        Rounding::Up => !sign,
        Rounding::Zero => false,
    };
    let value = if to_infinity { F::infinity(sign) } else { greatest::<F>(sign, F::result_precision(env)) };
    let up = Flags::when(to_infinity, Flags::ROUNDED_UP);
    Outcome { value, flags: Flags::OVERFLOW | Flags::PRECISION | up }
}

/// The greatest finite number with so many bits.
fn greatest<F: Format>(sign: bool, precision: u32) -> F {
    F::pack(sign, F::TOP_FIELD - 1, u64::MAX << (64 - precision))
}

/// The result of an unmasked overflow or underflow: its exponent moved into range. One that is too far away even then,
/// as FSCALE can make it, becomes an infinity or zero whatever the rounding control says, and is inexact (measured).
fn wrapped<F: Format>(sign: bool, exponent: i32, exception: Flags, cut: &Cut) -> Outcome<F> {
    let Some(wrap) = F::WRAP else {
        return Outcome { value: F::zero(sign), flags: cut.flags() | exception };
    };
    let exponent = if exception == Flags::OVERFLOW { exponent - wrap } else { exponent + wrap };
    if exponent > F::MAX_EXPONENT {
        return Outcome { value: F::infinity(sign), flags: exception | Flags::PRECISION | Flags::ROUNDED_UP };
    }
    if exponent < F::MIN_EXPONENT {
        return Outcome { value: F::zero(sign), flags: exception | Flags::PRECISION };
    }
    let field = (exponent + F::MAX_EXPONENT) as u32;
    Outcome { value: F::pack(sign, field, cut.kept), flags: cut.flags() | exception }
}

/// Shifts right; what is lost is collected in the lowest bit.
#[inline(always)]
pub(super) fn shift_right_jam(value: u128, shift: u32) -> u128 {
    if shift >= 128 {
        return u128::from(value != 0);
    }
    let lost = value & ((1 << shift) - 1) != 0;
    value >> shift | u128::from(lost)
}
