//! Packed decimal integers of 18 digits. SDM Vol.1 4.7 "BCD and Packed BCD Integers", Table 4-4 "Packed Decimal Integer
//! Encodings"; Vol.2A "FBLD", "FBSTP".

use super::convert::whole_number;
use super::{Env, Extended, Flags, Outcome, from_integer};

/// The packed BCD indefinite.
const INDEFINITE: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0xC0, 0xFF, 0xFF];

/// The greatest magnitude with 18 digits, and one.
const LIMIT: u64 = 1_000_000_000_000_000_000;

/// FBLD. Digits above 9 are not checked: each counts as its value.
pub fn from_packed(bytes: [u8; 10]) -> Extended {
    let [digits @ .., sign] = bytes;
    let magnitude = digits.iter().rev().fold(0_i64, |value, pair| {
        value.wrapping_mul(100).wrapping_add(i64::from(pair >> 4) * 10 + i64::from(pair & 15))
    });
    let number: Extended = from_integer(magnitude, &Env::default()).value;
    Extended { sign_exponent: number.sign_exponent | u16::from(sign & 0x80) << 8, ..number }
}

/// FBSTP: rounded to an integer. Invalid: what has more than 18 digits then.
pub fn to_packed(number: Extended, env: &Env) -> Outcome<[u8; 10]> {
    let whole = whole_number(number, env).filter(|whole| whole.value < u128::from(LIMIT));
    let Some(Outcome { value, flags }) = whole else {
        return Outcome { value: INDEFINITE, flags: Flags::INVALID };
    };
    let mut rest = value as u64;
    let mut bytes = [0; 10];
    for pair in &mut bytes[..9] {
        let two = (rest % 100) as u8;
        *pair = ((two / 10) << 4) | (two % 10);
        rest /= 100;
    }
    bytes[9] = u8::from(number.sign()) << 7;
    Outcome { value: bytes, flags }
}
