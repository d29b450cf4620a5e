//! Arithmetic as pure functions: a value and its flags. Both tiers call them.
//!
//! Every function answers the six arithmetic flags as a mask of the constants in [`crate::flags`]. A flag that the
//! manual leaves undefined follows what was measured on an Emerald Rapids Xeon (family 6, model CFh); the rows stand
//! in `tests/it/quirks_b/integer.rs`.

use crate::flags::{AF, CF, OF, PF, SF, ZF};
use crate::width::Width;

mod arithmetic;
mod bcd;
mod bit;
pub mod cipher;
mod logic;
mod multiply;
pub mod packed;
#[cfg(test)]
mod reference;
mod shift;
pub mod text;

pub use arithmetic::{add, dec, inc, neg, sub};
pub use bcd::{aaa, aad, aam, aas, daa, das};
pub use bit::{bsf, bsr, bswap, lzcnt, tzcnt};
pub use logic::{and, or, xor};
pub use multiply::{div, idiv, imul, mul};
pub use shift::{overflow_of_left_rotation, overflow_of_right_rotation, rcl, rcr, rol, ror, sar, shl, shld, shr, shrd};

/// SF, ZF and PF of a result. SDM Vol.1 3.4.3.1 "Status Flags".
#[inline(always)]
fn result_flags<W: Width>(result: W) -> u32 {
    let sign = if result.sign() { SF } else { 0 };
    let zero = if result.is_zero() { ZF } else { 0 };
    sign | zero | parity(result)
}

/// PF: set if the low byte has an even number of ones.
#[inline(always)]
pub(crate) fn parity<W: Width>(result: W) -> u32 {
    let byte = result.as_() as u32 & 0xFF;
    // Bit n of the constant is the parity of the nibble n.
    (0x9669 >> ((byte ^ byte >> 4) & 15) & 1) * PF
}

/// CF and AF from the carries out of each bit, OF from the sign of `overflow`.
#[inline(always)]
fn carry_flags<W: Width>(carries: W, overflow: W) -> u32 {
    let carry = if carries.sign() { CF } else { 0 };
    let over = if overflow.sign() { OF } else { 0 };
    let adjust = if carries.as_() & 8 != 0 { AF } else { 0 };
    carry | adjust | over
}
