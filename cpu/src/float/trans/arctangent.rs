//! FPATAN: the angle of the point (x, y). SDM Vol.2A "FPATAN".
//!
//! The lesser of the two over the greater is brought near zero by taking off the angle whose tangent is the next
//! sixteenth: atan(q) = atan(c) + atan((q - c)/(1 + qc)).

use std::cmp::Ordering;

use super::constants::{HALF_PI, PI};
use super::wide::{BELOW_ONE, Wide, alternating, inverse_odds, multiply_high};

/// 1/3, 1/5, ...: the argument is at most 1/32 and what is left out below 2^-119.
const TERMS: [u128; 11] = inverse_odds();

/// atan(n/16) as fractions, each from the one before: their difference has the tangent 16/(256 + n(n - 1)).
const SIXTEENTHS: [u128; 17] = {
    let mut angles = [0; 17];
    let mut n = 1;
    while n < 17 {
        angles[n] = angles[n - 1] + inverse_tangent(16, 256 + n as u128 * (n as u128 - 1));
        n += 1;
    }
    angles
};

/// atan(numerator/denominator) for at most 1/16, at build time.
const fn inverse_tangent(numerator: u128, denominator: u128) -> u128 {
    let tangent = u128::MAX / denominator * numerator;
    let square = multiply_high(tangent, tangent);
    let (mut sum, mut power, mut n) = (tangent, tangent, 1);
    while power > 0 {
        power = multiply_high(power, square);
        let term = power / (2 * n + 1);
        sum = if n.is_multiple_of(2) { sum + term } else { sum - term };
        n += 1;
    }
    sum
}

/// The angle of the point (x, y), between -pi and pi.
pub(super) fn angle_of(y: Wide, x: Wide) -> Wide {
    let steep = (y.exponent, y.significand) > (x.exponent, x.significand);
    let (lesser, greater) = if steep { (x, y) } else { (y, x) };
    let first = within_an_eighth(lesser.with_sign(false), greater.with_sign(false));
    // Behind the eighth of a turn, and behind the quarter, angles are counted back.
    let angle = match (steep, x.negative) {
        (false, false) => first,
        (false, true) => PI.minus(first),
        (true, false) => HALF_PI.minus(first),
        (true, true) => HALF_PI.plus(first),
    };
    angle.with_sign(y.negative)
}

/// atan(lesser/greater).
fn within_an_eighth(lesser: Wide, greater: Wide) -> Wide {
    let apart = greater.exponent - lesser.exponent;
    // Operands have 64 bits: with five more for the difference of exponents, and five for sixteenths, all is exact.
    let (a, b) = match apart < 6 {
        true => (lesser.significand >> (10 + apart), greater.significand >> 10),
        false => (0, 1),
    };
    let sixteenth = ((a >> 50) * 32 / (b >> 50).max(1)).div_ceil(2);
    if sixteenth == 0 {
        return near_zero(lesser.over(greater));
    }
    let base = Wide::of_fraction(SIXTEENTHS[sixteenth as usize]);
    let (a, b, crossed) = (16 * a, 16 * b + sixteenth * a, sixteenth * b);
    let change = |distance: u128| near_zero(Wide::normal(false, 127, distance).over(Wide::normal(false, 127, b)));
    match a.cmp(&crossed) {
        Ordering::Less => base.minus(change(crossed - a)),
        Ordering::Equal => base,
        Ordering::Greater => base.plus(change(a - crossed)),
    }
}

/// atan(q) for at most 1/32.
fn near_zero(q: Wide) -> Wide {
    let fraction = q.to_fraction();
    let z = multiply_high(fraction, fraction);
    q.scaled(BELOW_ONE - multiply_high(alternating(&TERMS, z), z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_sixteenths_are_a_quarter_of_pi() {
        let quarter = PI.significand;
        assert!(SIXTEENTHS[16].abs_diff(quarter) < 1 << 8, "{:X} {quarter:X}", SIXTEENTHS[16]);
    }
}
