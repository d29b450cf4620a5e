//! Arithmetic wide enough for transcendental functions: fractions of 128 bits and floating-point numbers on them.
//!
//! Integers alone, so every host gives the same bits. A *fraction* is a `u128` that stands for itself / 2^128. What is
//! lost below its last bit is cut off: some 2^-120 in a result, far below half a unit in the last place of an 80-bit
//! number (2^-65).

use super::Parts;

/// A number that is not zero: `significand` x 2^(`exponent` - 127), with bit 127 of the significand set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    pub(super) negative: bool,
    pub(super) exponent: i32,
    pub(super) significand: u128,
}

/// The greatest fraction: one less the smallest step.
pub(super) const BELOW_ONE: u128 = u128::MAX;

const LOW: u128 = u64::MAX as u128;

impl Wide {
    /// A number that is neither zero nor infinite.
    pub(super) fn of(parts: &Parts) -> Wide {
        Wide { negative: parts.sign, exponent: parts.exponent, significand: u128::from(parts.significand) << 64 }
    }

    /// `significand` x 2^(`exponent` - 127), whose significand may begin with zeros but is not zero.
    pub(super) fn normal(negative: bool, exponent: i32, significand: u128) -> Wide {
        let zeros = significand.leading_zeros();
        Wide { negative, exponent: exponent - zeros as i32, significand: significand << zeros }
    }

    /// A positive fraction that is not zero.
    pub(super) fn of_fraction(fraction: u128) -> Wide {
        Wide::normal(false, -1, fraction)
    }

    /// The absolute value as a fraction; it must be below one.
    pub(super) fn to_fraction(self) -> u128 {
        debug_assert!(self.exponent < 0, "a fraction is below one");
        self.below(-1)
    }

    pub(super) fn times(self, other: Wide) -> Wide {
        let product = multiply_high(self.significand, other.significand);
        Wide::normal(self.negative != other.negative, self.exponent + other.exponent + 1, product)
    }

    pub(super) fn over(self, other: Wide) -> Wide {
        let negative = self.negative != other.negative;
        let exponent = self.exponent - other.exponent;
        // The dividend must be the lesser of the two significands: half of it always is.
        let quotient = divide_high(self.significand >> 1, other.significand);
        Wide::normal(negative, exponent, quotient)
    }

    /// Times a fraction.
    pub(super) fn scaled(self, fraction: u128) -> Wide {
        Wide::normal(self.negative, self.exponent, multiply_high(self.significand, fraction))
    }

    /// Times one plus a fraction.
    pub(super) fn grown(self, fraction: u128) -> Wide {
        let (sum, carry) = self.significand.overflowing_add(multiply_high(self.significand, fraction));
        match carry {
            true => Wide { exponent: self.exponent + 1, significand: 1 << 127 | sum >> 1, ..self },
            false => Wide { significand: sum, ..self },
        }
    }

    /// The sum of two positive numbers, `other` no greater.
    pub(super) fn plus(self, other: Wide) -> Wide {
        Wide::normal(false, self.exponent + 1, (self.significand >> 1) + other.below(self.exponent + 1))
    }

    /// The difference of two positive numbers, `other` the lesser.
    pub(super) fn minus(self, other: Wide) -> Wide {
        Wide::normal(false, self.exponent, self.significand - other.below(self.exponent))
    }

    /// The significand with an exponent no less than its own.
    fn below(self, exponent: i32) -> u128 {
        let shift = exponent - self.exponent;
        if shift < 128 { self.significand >> shift } else { 0 }
    }

    pub(super) fn with_sign(self, negative: bool) -> Wide {
        Wide { negative, ..self }
    }

    pub(super) fn negated_if(self, negate: bool) -> Wide {
        Wide { negative: self.negative != negate, ..self }
    }
}

/// The product of two fractions.
pub(super) const fn multiply_high(a: u128, b: u128) -> u128 {
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let (middle1, middle2) = (a1 * b0, a0 * b1);
    let carries = ((a0 * b0) >> 64) + (middle1 & LOW) + (middle2 & LOW);
    a1 * b1 + (middle1 >> 64) + (middle2 >> 64) + (carries >> 64)
}

/// The fraction `dividend` / `divisor`, for a dividend below the divisor and a divisor with bit 127 set. Long division
/// with digits of 64 bits: Knuth, "The Art of Computer Programming" Vol.2, 4.3.1, algorithm D.
pub(super) const fn divide_high(dividend: u128, divisor: u128) -> u128 {
    let (first, rest) = quotient_digit(dividend, divisor);
    let (second, _) = quotient_digit(rest, divisor);
    first << 64 | second
}

/// The next 64 bits of the quotient and the remainder.
const fn quotient_digit(remainder: u128, divisor: u128) -> (u128, u128) {
    let (high, low) = (divisor >> 64, divisor & LOW);
    let guess = remainder / high;
    let mut digit = if guess > LOW { LOW } else { guess };
    let mut rest = remainder - digit * high;
    // At most twice: the divisor's first digit has its top bit set.
    while rest <= LOW && digit * low > rest << 64 {
        digit -= 1;
        rest += high;
    }
    (digit, (rest << 64).wrapping_sub(digit * low))
}

/// The sum of `terms[n]` x (-z)^n.
pub(super) fn alternating(terms: &[u128], z: u128) -> u128 {
    terms.iter().rev().fold(0, |sum, term| term - multiply_high(sum, z))
}

/// The sum of `terms[n]` x z^n, which must be below one.
pub(super) fn positive(terms: &[u128], z: u128) -> u128 {
    terms.iter().rev().fold(0, |sum, term| term + multiply_high(sum, z))
}

/// 1/first!, 1/(first + step)!, and so on: the terms of Taylor's series of the exponential, sine and cosine.
pub(super) const fn inverse_factorials<const N: usize>(first: u128, step: u128) -> [u128; N] {
    let mut terms = [0; N];
    let (mut place, mut number, mut factorial) = (0, 1, 1);
    let mut wanted = first;
    while place < N {
        while number < wanted {
            number += 1;
            factorial *= number;
        }
        terms[place] = u128::MAX / factorial;
        place += 1;
        wanted += step;
    }
    terms
}

/// 1/3, 1/5, 1/7 and so on: the terms of Taylor's series of the arctangent, after the first.
pub(super) const fn inverse_odds<const N: usize>() -> [u128; N] {
    let mut terms = [0; N];
    let mut place = 0;
    while place < N {
        terms[place] = u128::MAX / (2 * place as u128 + 3);
        place += 1;
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of numbers with runs of equal bits, where carries go wrong.
    fn samples() -> impl Iterator<Item = u128> {
        (0..400_u32).map(|n| {
            let mixed = u128::from(n).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            if n.is_multiple_of(3) { mixed | mixed >> 1 | mixed >> 2 | 1 << 127 } else { mixed }
        })
    }

    #[test]
    fn products_agree_with_the_school_method_by_digits_of_32_bits() {
        let digits = |value: u128| -> Vec<u64> { (0..4).map(|n| (value >> (32 * n)) as u64 & 0xFFFF_FFFF).collect() };
        for (a, b) in samples().zip(samples().skip(7)) {
            let mut sum = [0_u64; 9];
            for (i, x) in digits(a).into_iter().enumerate() {
                for (j, y) in digits(b).into_iter().enumerate() {
                    let product = x * y;
                    sum[i + j] += product & 0xFFFF_FFFF;
                    sum[i + j + 1] += product >> 32;
                }
            }
            for n in 0..8 {
                sum[n + 1] += sum[n] >> 32;
            }
            let high = (4..8).rev().fold(0, |high, n| high << 32 | u128::from(sum[n] & 0xFFFF_FFFF));
            assert_eq!(multiply_high(a, b), high, "{a:032X} x {b:032X}");
        }
    }

    #[test]
    fn quotients_times_divisors_give_the_dividends() {
        for (a, b) in samples().zip(samples().skip(3)) {
            let divisor = b | 1 << 127;
            let dividend = a % divisor;
            let quotient = divide_high(dividend, divisor);
            // quotient x divisor <= dividend x 2^128 < (quotient + 1) x divisor
            let low = quotient.wrapping_mul(divisor);
            let high = multiply_high(quotient, divisor);
            assert!(high < dividend || high == dividend && low == 0, "{dividend:X} / {divisor:X}");
            let (next_low, carry) = low.overflowing_add(divisor);
            let next_high = high + u128::from(carry);
            assert!(next_high > dividend || next_high == dividend && next_low > 0, "{dividend:X} / {divisor:X}");
        }
        assert_eq!(divide_high(u128::MAX - 1, u128::MAX), u128::MAX - 1);
        assert_eq!(divide_high(1 << 126, 1 << 127), 1 << 127);
    }

    #[test]
    fn numbers_are_normal_after_every_operation() {
        let three = Wide::normal(false, 127, 3);
        assert_eq!(three, Wide { negative: false, exponent: 1, significand: 3 << 126 });
        let third = Wide::normal(true, 127, 1).over(three);
        assert_eq!((third.negative, third.exponent), (true, -2));
        assert_eq!(third.significand, u128::MAX / 3 * 2);
        assert_eq!(three.times(three), Wide::normal(false, 127, 9));
        assert_eq!(three.grown(1 << 127), Wide { negative: false, exponent: 2, significand: 9 << 124 });
        assert_eq!(Wide::of_fraction(1 << 126).to_fraction(), 1 << 126);
    }
}
