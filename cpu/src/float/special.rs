//! Operands that are no numbers, and flags that come before a computation. SDM Vol.1 Table 4-7 "Rules for Handling
//! NaNs", 4.9.2 "Floating-Point Exception Priority".

use super::{Class, Env, Flags, Format, Outcome, Parts};

/// An invalid operation: the indefinite NaN.
#[inline(never)]
pub(super) fn invalid<F: Format>() -> Outcome<F> {
    Outcome { value: F::indefinite(), flags: Flags::INVALID }
}

/// The result if an operand is a NaN or an encoding that is not supported.
#[inline(never)]
pub(super) fn propagate<F: Format>(a: &Parts, b: &Parts) -> Option<Outcome<F>> {
    if a.class == Class::Unsupported || b.class == Class::Unsupported {
        return Some(invalid());
    }
    let nan = match (a.is_nan(), b.is_nan()) {
        (false, false) => return None,
        (true, false) => a,
        (false, true) => b,
        (true, true) => of_two::<F>(a, b),
    };
    let signaling = a.class == Class::SignalingNan || b.class == Class::SignalingNan;
    Some(Outcome { value: F::quiet(nan), flags: Flags::when(signaling, Flags::INVALID) })
}

/// Which of two NaNs goes on.
fn of_two<'a, F: Format>(a: &'a Parts, b: &'a Parts) -> &'a Parts {
    if !F::LARGER_NAN {
        return a;
    }
    match (a.class, b.class) {
        (Class::QuietNan, Class::SignalingNan) => a,
        (Class::SignalingNan, Class::QuietNan) => b,
        _ if a.significand != b.significand => {
            if a.significand > b.significand {
                a
            } else {
                b
            }
        }
        _ if a.sign => b,
        _ => a,
    }
}

/// The result if the operand is a NaN or an encoding that is not supported.
#[inline(never)]
pub(super) fn propagate_one<F: Format>(a: &Parts) -> Option<Outcome<F>> {
    match a.class {
        Class::Unsupported => Some(invalid()),
        Class::SignalingNan => Some(Outcome { value: F::quiet(a), flags: Flags::INVALID }),
        Class::QuietNan => Some(Outcome::exact(F::quiet(a))),
        _ => None,
    }
}

/// The denormal-operand flag that operands call for.
#[inline]
pub(super) fn denormal(a: &Parts, b: &Parts) -> Flags {
    Flags::when(a.class == Class::Denormal || b.class == Class::Denormal, Flags::DENORMAL)
}

/// An outcome behind flags that came before the computation: if one of them is not masked, nothing was computed.
#[inline]
pub(super) fn after<F: Format>(before: Flags, env: &Env, compute: impl FnOnce() -> Outcome<F>) -> Outcome<F> {
    if before != Flags::NONE && env.refuses(before) {
        return Outcome { value: F::zero(false), flags: before };
    }
    let outcome = compute();
    Outcome { flags: outcome.flags | before, ..outcome }
}
