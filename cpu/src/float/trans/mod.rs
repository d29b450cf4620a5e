//! The transcendental instructions of the x87 unit as pure functions of operands and environment.
//! SDM Vol.1 8.3.7 "Trigonometric Instructions", 8.3.9 "Logarithmic, Exponential, and Scale", 8.3.10 "Transcendental
//! Instruction Accuracy"; special operands by the tables of Vol.2A at each instruction.
//!
//! Results are correctly rounded for an argument reduced by the processors' own pi, whatever the precision control says.
//! Processors use approximations of their own, within one unit in the last place of these. They report every result but
//! zeros, infinities and NaNs as inexact, and so do we.

mod angle;
mod arctangent;
mod constants;
mod exponential;
mod logarithm;
mod pair;
mod trigonometric;
#[cfg(test)]
mod vectors;
mod wide;

pub use exponential::f2xm1;
pub use pair::{fpatan, fyl2x, fyl2xp1};
pub use trigonometric::{ONE, fcos, fptan, fsin, fsincos};

use super::special::{after, denormal, invalid, propagate, propagate_one};
use super::{Class, Env, Extended, Flags, Format, Outcome, Parts, round};
use wide::Wide;

/// A result with 64 bits, which counts as inexact even where it happens to be exact.
fn rounded(number: Wide, env: &Env) -> Outcome<Extended> {
    let env = &Env { precision: 64, ..*env };
    let outcome: Outcome<Extended> = round(number.negative, number.exponent, number.significand, env);
    let denormal = outcome.value.field() == 0 && !env.unmasked(Flags::UNDERFLOW);
    let flags = Flags::PRECISION | Flags::when(denormal, Flags::UNDERFLOW);
    Outcome { flags: outcome.flags | flags, ..outcome }
}
