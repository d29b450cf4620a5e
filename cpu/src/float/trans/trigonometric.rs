//! FSIN, FCOS, FSINCOS and FPTAN. SDM Vol.1 8.3.6 "Trigonometric Instructions", Vol.2A Table 3-32 "FSIN Results",
//! Table 3-21 "FCOS Results", Table 3-33 "FSINCOS Results", Table 3-31 "FPTAN Results".

use super::angle::Angle;
use super::wide::Wide;
use super::{Class, Env, Extended, Flags, Format, Outcome, Parts, after, denormal, invalid, propagate_one, rounded};

/// Operands of this exponent are out of range.
const TOO_LARGE: i32 = 63;

/// 1.0, which FPTAN pushes.
pub const ONE: Extended = Extended { sign_exponent: 0x3FFF, significand: 1 << 63 };

/// FSIN: the sine of x; `None` if its magnitude is not below 2^63: then C2 is set and nothing else happens.
pub fn fsin(x: Extended, env: &Env) -> Option<Outcome<Extended>> {
    let parts = in_range(x)?;
    Some(special(x, &parts, x).unwrap_or_else(|| ordinary(&parts, env, || Angle::of(&parts).sine())))
}

/// FCOS: the cosine of x; `None` as of [`fsin`].
pub fn fcos(x: Extended, env: &Env) -> Option<Outcome<Extended>> {
    let parts = in_range(x)?;
    Some(special(x, &parts, ONE).unwrap_or_else(|| ordinary(&parts, env, || Angle::of(&parts).cosine())))
}

/// FSINCOS: the sine of x, which replaces it, and the cosine, which is pushed; `None` as of [`fsin`]. C1 tells how the
/// sine was rounded (measured).
pub fn fsincos(x: Extended, env: &Env) -> Option<Outcome<(Extended, Extended)>> {
    let parts = in_range(x)?;
    let (sine, cosine) = match (special(x, &parts, x), special(x, &parts, ONE)) {
        (Some(sine), Some(cosine)) => (sine, cosine),
        _ => {
            let angle = Angle::of(&parts);
            (ordinary(&parts, env, || angle.sine()), ordinary(&parts, env, || angle.cosine()))
        }
    };
    let flags = sine.flags | Flags(cosine.flags.0 & Flags::EXCEPTIONS.0);
    Some(Outcome { value: (sine.value, cosine.value), flags })
}

/// FPTAN: the tangent of x, which replaces it, and what is pushed: 1.0, or a NaN again; `None` as of [`fsin`].
pub fn fptan(x: Extended, env: &Env) -> Option<Outcome<(Extended, Extended)>> {
    let parts = in_range(x)?;
    let outcome = special(x, &parts, x).unwrap_or_else(|| ordinary(&parts, env, || Angle::of(&parts).tangent()));
    let pushed = if parts.is_finite_nonzero() || parts.class == Class::Zero { ONE } else { outcome.value };
    Some(Outcome { value: (outcome.value, pushed), flags: outcome.flags })
}

fn in_range(x: Extended) -> Option<Parts> {
    let parts = x.parts();
    (!parts.is_finite_nonzero() || parts.exponent < TOO_LARGE).then_some(parts)
}

/// What is no number but zero.
fn special(x: Extended, parts: &Parts, of_zero: Extended) -> Option<Outcome<Extended>> {
    debug_assert!(x.parts() == *parts, "the parts are those of x");
    match parts.class {
        Class::Zero => Some(Outcome::exact(of_zero)),
        Class::Infinity => Some(invalid()),
        _ => propagate_one(parts),
    }
}

fn ordinary(parts: &Parts, env: &Env, function: impl FnOnce() -> Wide) -> Outcome<Extended> {
    after(denormal(parts, parts), env, || rounded(function(), env))
}
