//! String comparisons of SSE4.2. SDM Vol.1 12.8.3 "Packed Comparison SIMD Integer Instructions", Vol.2A 4.1 "Imm8
//! Control Byte Operation for PCMPESTRI / PCMPESTRM / PCMPISTRI / PCMPISTRM".

use super::packed::Packed;

/// Two strings of bytes or words in registers, and how to compare them.
pub struct Comparison {
    /// The control byte.
    pub control: u8,
    /// The set, the ranges, the needle, or the first string.
    pub a: u128,
    /// The string that is searched.
    pub b: u128,
    /// Elements of `a` that count.
    pub a_length: usize,
    /// Elements of `b` that count.
    pub b_length: usize,
}

/// Elements that a register has under a control byte: 16 bytes or 8 words.
pub fn elements(control: u8) -> usize {
    if control & 1 == 0 { 16 } else { 8 }
}

/// An element as the control byte has it: signed or not.
fn element(control: u8, register: u128, number: usize) -> i32 {
    match control & 3 {
        0 => register.lane::<u8>(number).into(),
        1 => register.lane::<u16>(number).into(),
        2 => i32::from(register.lane::<u8>(number) as i8),
        _ => i32::from(register.lane::<u16>(number) as i16),
    }
}

/// Elements before the first zero.
pub fn implicit_length(control: u8, register: u128) -> usize {
    let count = elements(control);
    (0..count).find(|number| element(control, register, *number) == 0).unwrap_or(count)
}

/// A length in a register: its absolute value, at most what the register holds.
pub fn explicit_length(control: u8, value: i64) -> usize {
    value.unsigned_abs().min(elements(control) as u64) as usize
}

impl Comparison {
    fn a(&self, number: usize) -> i32 {
        element(self.control, self.a, number)
    }

    fn b(&self, number: usize) -> i32 {
        element(self.control, self.b, number)
    }

    /// IntRes2: a bit for each element of `b`.
    pub fn result(&self) -> u32 {
        let count = elements(self.control);
        let first = (0..count).fold(0, |bits, number| bits | u32::from(self.holds(number)) << number);
        let all = (1_u32 << count) - 1;
        match self.control >> 4 & 3 {
            1 => !first & all,
            // Masked: only elements of `b` that count are negated.
            3 => first ^ ((1_u32 << self.b_length) - 1),
            _ => first,
        }
    }

    /// IntRes1 at an element, by the aggregation.
    fn holds(&self, at: usize) -> bool {
        let counts = at < self.b_length;
        match self.control >> 2 & 3 {
            0 => counts && (0..self.a_length).any(|n| self.a(n) == self.b(at)),
            1 => {
                counts && (0..self.a_length / 2).any(|n| self.a(2 * n) <= self.b(at) && self.b(at) <= self.a(2 * n + 1))
            }
            2 => match (at < self.a_length, counts) {
                (true, true) => self.a(at) == self.b(at),
                (one, other) => one == other,
            },
            _ => self.needle_at(at),
        }
    }

    /// The elements of `a` that count stand in `b` from here on, as far as the register goes.
    fn needle_at(&self, at: usize) -> bool {
        let seen = self.a_length.min(elements(self.control) - at);
        (0..seen).all(|n| at + n < self.b_length && self.a(n) == self.b(at + n))
    }

    /// The index that PCMPESTRI and PCMPISTRI give.
    pub fn index(&self, result: u32) -> u32 {
        match (result, self.control & 0x40) {
            (0, _) => elements(self.control) as u32,
            (_, 0) => result.trailing_zeros(),
            _ => 31 - result.leading_zeros(),
        }
    }

    /// The mask that PCMPESTRM and PCMPISTRM give: bits, or whole elements.
    pub fn mask(&self, result: u32) -> u128 {
        if self.control & 0x40 == 0 {
            return result.into();
        }
        match elements(self.control) {
            16 => u128::from_lanes(|n| if result >> n & 1 != 0 { u8::MAX } else { 0 }),
            _ => u128::from_lanes(|n| if result >> n & 1 != 0 { u16::MAX } else { 0 }),
        }
    }
}
