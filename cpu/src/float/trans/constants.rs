//! Pi and the natural logarithm of two to 128 bits. What argument reduction takes for pi is another, shorter number:
//! see `angle`.

use super::wide::Wide;

/// Pi, cut off behind 2^-126.
pub(super) const PI: Wide =
    Wide { negative: false, exponent: 1, significand: 0xC90F_DAA2_2168_C234_C4C6_628B_80DC_1CD1 };

/// Half of it.
pub(super) const HALF_PI: Wide = Wide { exponent: 0, ..PI };

/// The natural logarithm of two, cut off behind 2^-128.
pub(super) const LN_2: Wide =
    Wide { negative: false, exponent: -1, significand: 0xB172_17F7_D1CF_79AB_C9E3_B398_03F2_F6AF };

/// And a quarter.
pub(super) const QUARTER_PI: Wide = Wide { exponent: -1, ..PI };
