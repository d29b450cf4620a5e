//! Sum, product, quotient and relation of two normal numbers as most code wants them: to 64 bits, to nearest. What does
//! not end as a normal number is left to `super::arithmetic` and `super::compare`, which define all of them; tests hold
//! them together.

use super::{Class, Extended, Flags, Outcome, Parts, Relation};

/// The exponent field of 1.
const BIAS: i32 = 0x3FFF;
/// Fields of normal numbers that stay normal when rounding carries: 1 to this.
const LAST_FIELD: u32 = 0x7FFD;

/// A normal number.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    negative: bool,
    /// The exponent, biased as in the extended format.
    field: i32,
    /// Bit 63 is set.
    significand: u64,
}

impl Plain {
    /// `None` unless it is a normal number.
    #[inline(always)]
    pub fn of(value: Extended) -> Option<Plain> {
        let field = u32::from(value.sign_exponent & 0x7FFF);
        let normal = value.significand >> 63 == 1 && field.wrapping_sub(1) <= LAST_FIELD;
        let negative = value.sign_exponent >> 15 == 1;
        normal.then_some(Plain { negative, field: field as i32, significand: value.significand })
    }

    /// As [`Plain::of`], of one taken apart, which may be normal in the extended format only.
    #[inline(always)]
    pub fn of_parts(parts: &Parts) -> Option<Plain> {
        let Parts { class, sign, exponent, significand } = *parts;
        (class == Class::Normal).then_some(Plain { negative: sign, field: exponent + BIAS, significand })
    }

    /// The same with the other sign.
    #[inline(always)]
    pub fn negated(self) -> Plain {
        Plain { negative: !self.negative, ..self }
    }
}

/// Rounds `high`.`low` to nearest, ties to even; bit 63 of `high` is set, and bits lost on the way here are collected in
/// the lowest one of `low`.
#[inline(always)]
fn rounded(negative: bool, field: i32, high: u64, low: u64) -> Option<Outcome<Extended>> {
    if (field as u32).wrapping_sub(1) >= LAST_FIELD {
        return None;
    }
    let up = low >> 63 == 1 && (low << 1 != 0 || high & 1 == 1);
    let (kept, carried) = high.overflowing_add(u64::from(up));
    let value = Extended {
        significand: kept | u64::from(carried) << 63,
        sign_exponent: u16::from(negative) << 15 | (field + i32::from(carried)) as u16,
    };
    let flags = Flags::when(low != 0, Flags::PRECISION) | Flags::when(up, Flags::ROUNDED_UP);
    Some(Outcome { value, flags })
}

/// a + b.
#[inline(always)]
pub fn sum(a: Plain, b: Plain) -> Option<Outcome<Extended>> {
    let swapped = (a.field, a.significand) < (b.field, b.significand);
    let (large, small) = if swapped { (b, a) } else { (a, b) };
    let distance = (large.field - small.field) as u32;
    let (high, low) = match distance {
        0..=63 => {
            let shifted = (u128::from(small.significand) << 64) >> distance;
            ((shifted >> 64) as u64, shifted as u64)
        }
        64..=127 => {
            let lost = small.significand << 1 << (127 - distance) != 0;
            (0, small.significand >> (distance - 64) | u64::from(lost))
        }
        _ => (0, 1),
    };
    if a.negative == b.negative {
        let (total, carried) = large.significand.overflowing_add(high);
        if carried {
            let behind = total << 63 | low >> 1 | low & 1;
            return rounded(a.negative, large.field + 1, total >> 1 | 1 << 63, behind);
        }
        return rounded(a.negative, large.field, total, low);
    }
    let (low, borrowed) = 0_u64.overflowing_sub(low);
    let high = large.significand - high - u64::from(borrowed);
    if high == 0 {
        return None;
    }
    let shift = high.leading_zeros();
    let high = high << shift | low >> 1 >> (63 - shift);
    rounded(large.negative, large.field - shift as i32, high, low << shift)
}

/// a * b.
#[inline(always)]
pub fn product(a: Plain, b: Plain) -> Option<Outcome<Extended>> {
    let product = u128::from(a.significand) * u128::from(b.significand);
    let carry = (product >> 127) as i32;
    let normal = product << (1 - carry);
    rounded(a.negative != b.negative, a.field + b.field - BIAS + carry, (normal >> 64) as u64, normal as u64)
}

/// a / b.
#[inline(always)]
pub fn quotient(a: Plain, b: Plain) -> Option<Outcome<Extended>> {
    let divisor = u128::from(b.significand);
    // The dividend is kept below the divisor, so that the quotient has 64 bits, the first of them set.
    let less = a.significand < b.significand;
    let dividend = u128::from(a.significand) << (63 + u32::from(less));
    let quotient = (dividend / divisor) as u64;
    let rest = dividend - u128::from(quotient) * divisor;
    let (next, left) = if 2 * rest >= divisor { (1, 2 * rest - divisor) } else { (0, rest) };
    let field = a.field - b.field + BIAS - i32::from(less);
    rounded(a.negative != b.negative, field, quotient, next << 63 | u64::from(left != 0))
}

/// How a stands to b. It raises nothing.
#[inline(always)]
pub fn relation(a: Plain, b: Plain) -> Relation {
    let rank = |number: Plain| {
        let magnitude = i128::from(number.field) << 64 | i128::from(number.significand);
        if number.negative { -magnitude } else { magnitude }
    };
    let (a, b) = (rank(a), rank(b));
    if a > b {
        Relation::Greater
    } else if a == b {
        Relation::Equal
    } else {
        Relation::Less
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::{Comparison, Env, Format, Sum, add_parts, compare_parts, divide_parts, multiply_parts};

    /// Significands that carry, cancel and tie.
    const SIGNIFICANDS: [u64; 9] = [
        1 << 63,
        (1 << 63) + 1,
        u64::MAX,
        u64::MAX - 1,
        3 << 62,
        0xC000_0000_0000_0001,
        0x8000_0000_FFFF_FFFF,
        0xAAAA_AAAA_AAAA_AAAB,
        0xD555_5555_5555_5555,
    ];
    /// Far apart, near, and at both ends.
    const FIELDS: [u16; 18] = [
        1, 2, 64, 0x1FFF, 0x2000, 0x3F7E, 0x3FBE, 0x3FBF, 0x3FC0, 0x3FFD, 0x3FFE, 0x3FFF, 0x4000, 0x403F, 0x407F,
        0x7FC0, 0x7FFD, 0x7FFE,
    ];

    fn numbers() -> Vec<Extended> {
        let with = |significand: u64| {
            FIELDS
                .into_iter()
                .flat_map(move |field| [0, 0x8000].map(|sign| Extended { significand, sign_exponent: field | sign }))
        };
        SIGNIFICANDS.into_iter().flat_map(with).collect()
    }

    /// Where there is a quick result, it is the one that the definition gives.
    #[test]
    fn quick_results_are_those_of_the_definition() {
        let env = Env::default();
        let (numbers, mut quick) = (numbers(), 0);
        for &a in &numbers {
            for &b in &numbers {
                let (parts_a, parts_b) = (a.parts(), b.parts());
                let (a, b) = (Plain::of(a).unwrap(), Plain::of(b).unwrap());
                let pairs = [
                    (sum(a, b), add_parts(&parts_a, &parts_b, Sum::Add, &env)),
                    (sum(a, b.negated()), add_parts(&parts_a, &parts_b, Sum::Subtract, &env)),
                    (product(a, b), multiply_parts(&parts_a, &parts_b, &env)),
                    (quotient(a, b), divide_parts(&parts_a, &parts_b, &env)),
                ];
                for (index, (result, defined)) in pairs.into_iter().enumerate() {
                    if let Some(result) = result {
                        assert_eq!(result, defined, "operation {index} of {a:x?} and {b:x?}");
                        quick += 1;
                    }
                }
            }
        }
        assert!(quick > 3 * numbers.len().pow(2), "most have one: {quick} of {}", 4 * numbers.len().pow(2));
    }

    #[test]
    fn quick_relations_are_those_of_the_definition() {
        let numbers = numbers();
        for &a in &numbers {
            for &b in &numbers {
                let defined = compare_parts(&a.parts(), &b.parts(), Comparison::Ordered);
                let quick = relation(Plain::of(a).unwrap(), Plain::of(b).unwrap());
                assert_eq!((quick, Flags::default()), (defined.value, defined.flags), "{a:x?} and {b:x?}");
            }
        }
    }

    #[test]
    fn only_normal_numbers_are_plain() {
        for (significand, sign_exponent) in
            [(0, 0), (1, 0), (1 << 63, 0), (1 << 63, 0x7FFF), (1, 0x3FFF), (3 << 62, 0xFFFF)]
        {
            assert!(Plain::of(Extended { significand, sign_exponent }).is_none());
        }
    }
}
