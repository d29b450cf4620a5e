//! FYL2X and FYL2XP1: logarithms to base two. SDM Vol.2A "FYL2X", "FYL2XP1".
//!
//! log2(f) = 2/ln 2 x artanh(s) with s = (f - 1)/(f + 1).

use super::constants::LN_2;
use super::wide::{Wide, inverse_odds, multiply_high, positive};

/// 1/3, 1/5, ...: s is at most 0.1716 and what is left out below 2^-122.
const TERMS: [u128; 23] = inverse_odds();

/// The significand of the square root of two.
const SQUARE_ROOT_OF_2: u128 = 0xB504_F333_F9DE_6484_597D_89B3_754A_BE9F;

/// log2(x) for x above zero; `None` for one, whose logarithm is zero.
pub(super) fn binary_logarithm(x: Wide) -> Option<Wide> {
    // x = f x 2^whole, where f lies between the square roots of 1/2 and 2.
    let lowered = x.significand > SQUARE_ROOT_OF_2;
    let whole = x.exponent + i32::from(lowered);
    let f = x.significand >> 1;
    let one = 1_u128 << (126 + u32::from(lowered));
    let part = (f != one).then(|| {
        let difference = Wide::normal(f < one, 127, f.abs_diff(one));
        artanh_times_2_over_ln_2(difference.over(Wide::normal(false, 127, f + one)))
    });
    match (whole, part) {
        (0, part) => part,
        (whole, None) => Some(Wide::normal(whole < 0, 127, u128::from(whole.unsigned_abs()))),
        (whole, Some(part)) => Some(whole_and_part(whole, part)),
    }
}

/// log2(1 + x) for x above -1 and not zero.
pub(super) fn binary_logarithm_of_one_more(x: Wide) -> Option<Wide> {
    let size = x.with_sign(false);
    let one = Wide::normal(false, 127, 1);
    if x.exponent >= -2 {
        // The sum has its leading bits, or x has none that matter.
        return binary_logarithm(match (x.negative, x.exponent < 0) {
            (true, _) => one.minus(size),
            (false, true) => one.plus(size),
            (false, false) => size.plus(one),
        });
    }
    let two = Wide::normal(false, 127, 2);
    let sum = if x.negative { two.minus(size) } else { two.plus(size) };
    Some(artanh_times_2_over_ln_2(x.over(sum)))
}

fn artanh_times_2_over_ln_2(s: Wide) -> Wide {
    let fraction = s.to_fraction();
    let z = multiply_high(fraction, fraction);
    let artanh = s.grown(multiply_high(positive(&TERMS, z), z));
    let doubled = Wide { exponent: artanh.exponent + 1, ..artanh };
    doubled.over(LN_2)
}

/// The sum of a whole number that is not zero and a part between -1/2 and 1/2.
fn whole_and_part(whole: i32, part: Wide) -> Wide {
    let size = Wide::normal(false, 127, u128::from(whole.unsigned_abs()));
    let change = part.with_sign(false);
    let sum = if part.negative == (whole < 0) { size.plus(change) } else { size.minus(change) };
    sum.with_sign(whole < 0)
}
