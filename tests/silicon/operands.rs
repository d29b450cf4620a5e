//! Random states and operands, most of them nasty.

use super::image::{Image, Operand};

/// A xorshift generator: a seed names a run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (u128::from(self.next()) * u128::from(bound) >> 64) as u64
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// Significands at the edges of the precisions, of integers, and plain ones.
fn significand(random: &mut Random) -> u64 {
    let bits = random.next();
    match random.below(12) {
        0 => 1 << 63,
        1 => u64::MAX,
        2 => 3 << 62,
        3 => bits,
        // Runs of ones and zeros.
        4 => 1 << 63 | u64::MAX << random.below(64),
        5 => 1 << 63 | u64::MAX >> random.below(64),
        // Ties and their neighbours at 24, 53 and other widths.
        6..=8 => {
            let width = random.one_of(&[24, 53, 11, 32, 16, 8, 62, 63]);
            let near = random.below(3).wrapping_sub(1);
            (1 << 63 | bits & u64::MAX << (64 - width) | 1 << (63 - width)).wrapping_add(near)
        }
        // A number with few bits.
        9 => 1 << 63 | 1 << random.below(64),
        _ => 1 << 63 | bits,
    }
}

fn exponent(random: &mut Random) -> u64 {
    const BIAS: u64 = 0x3FFF;
    match random.below(16) {
        0 => 0,
        1 => 0x7FFF,
        2 => random.below(80),
        3 => 0x7FFE - random.below(80),
        // About the limits of single and double precision.
        4 => BIAS - 126 - 30 + random.below(36),
        5 => BIAS + 125 + random.below(6),
        6 => BIAS - 1022 - 60 + random.below(66),
        7 => BIAS + 1021 + random.below(6),
        // Integers.
        8..=10 => BIAS + random.below(68),
        // Where the wrapped exponents end.
        11 => random.one_of(&[0x1FFF, 0x2000, 0x5FFF, 0x6000]) + random.below(70) - 35,
        12 => random.below(0x8000),
        _ => BIAS - 4 + random.below(9),
    }
}

/// An extended number, or an encoding that is none.
pub(crate) fn extended(random: &mut Random) -> [u8; 10] {
    let mut significand = significand(random);
    let exponent = exponent(random);
    match random.below(24) {
        // Zero, infinity, or what has their exponents.
        0 => significand = 0,
        1 => significand = 1 << 63,
        // Denormals, unnormals, pseudo-NaNs; pseudo-denormals come from the exponent alone.
        2 => significand &= !(1 << 63),
        3 => significand = significand << 1 >> 1 >> random.below(63),
        4 => significand = 1 << 63 | significand >> 2,
        _ => (),
    }
    if exponent == 0 && random.below(4) != 0 {
        significand = significand << 1 >> 1 >> random.below(64);
    }
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&significand.to_le_bytes());
    bytes[8..].copy_from_slice(&((exponent | random.below(2) << 15) as u16).to_le_bytes());
    bytes
}

/// The number with another one's exponent or a neighbour of it: sums that cancel, quotients near one.
fn near(random: &mut Random, other: [u8; 10]) -> [u8; 10] {
    let mut bytes = extended(random);
    let other_word = u16::from_le_bytes([other[8], other[9]]);
    let word = other_word.wrapping_add(random.below(5) as u16).wrapping_sub(2) ^ (random.below(2) as u16) << 15;
    bytes[8..].copy_from_slice(&word.to_le_bytes());
    if random.below(3) == 0 {
        let significand = u64::from_le_bytes(other[..8].try_into().expect("eight bytes"));
        let near = significand.wrapping_add(random.below(7)).wrapping_sub(3);
        bytes[..8].copy_from_slice(&near.to_le_bytes());
    }
    bytes
}

/// A state that no error is pending in.
pub(crate) fn image(random: &mut Random) -> Image {
    let mut image = Image { bytes: [0; 512], flags: 0x202 | random.next() & 0x8D5 };
    let masks = if random.below(3) == 0 { random.next() as u16 & 0x3F } else { 0x3F };
    let precision = random.one_of(&[3, 3, 3, 2, 0]);
    let control = 0x40 | masks | precision << 8 | (random.below(4) as u16) << 10 | (random.next() as u16 & 0x1000);
    let flags = if random.below(2) == 0 { random.next() as u16 & masks } else { 0 };
    let stack_fault = if flags & 1 != 0 { random.next() as u16 & 0x40 } else { 0 };
    let status = flags | stack_fault | random.next() as u16 & 0x7F00;
    image.bytes[0..2].copy_from_slice(&control.to_le_bytes());
    image.bytes[2..4].copy_from_slice(&status.to_le_bytes());
    // Most registers hold something, so that stack faults stay the exception.
    let top = status >> 11 & 7;
    let in_use = random.next() as u8 | random.next() as u8 | random.next() as u8 | 3_u8.rotate_left(top.into());
    let occupied = match random.below(16) {
        0 => random.next() as u8,
        1 => 0,
        2 => 0xFF,
        3..=8 => in_use & !0x80_u8.rotate_left(top.into()),
        _ => in_use,
    };
    image.bytes[4] = occupied;
    image.bytes[24..28].copy_from_slice(&0x1F80_u32.to_le_bytes());
    let mut last = extended(random);
    for number in 0..8 {
        let value = if random.below(2) == 0 { near(random, last) } else { extended(random) };
        image.bytes[32 + 16 * number..][..10].copy_from_slice(&value);
        last = value;
    }
    image
}

/// A memory operand: a number of one of the formats, or anything.
pub(crate) fn operand(random: &mut Random) -> Operand {
    let mut bytes = [0; 128];
    for part in bytes.chunks_exact_mut(8) {
        part.copy_from_slice(&random.next().to_le_bytes());
    }
    match random.below(5) {
        0 => bytes[..10].copy_from_slice(&extended(random)),
        1 => bytes[..4].copy_from_slice(&single(random).to_le_bytes()),
        2 => bytes[..8].copy_from_slice(&double(random).to_le_bytes()),
        3 => bytes[..8].copy_from_slice(&integer(random).to_le_bytes()),
        _ => bytes[..10].copy_from_slice(&decimal(random)),
    }
    Operand(bytes)
}

fn single(random: &mut Random) -> u32 {
    let any = random.next() as u32;
    let exponent = random.one_of(&[0, 0xFF, 1, 0xFE, 0x7F, 0x7E, 0x80, 0x96, any & 0xFF]);
    let fraction = random.one_of(&[0, 1, 0x40_0000, 0x7F_FFFF, 0x3F_FFFF, any >> 9]);
    (random.next() as u32 & 1) << 31 | exponent << 23 | fraction
}

fn double(random: &mut Random) -> u64 {
    let any = random.next();
    let exponent = random.one_of(&[0, 0x7FF, 1, 0x7FE, 0x3FF, 0x3FE, 0x400, 0x433, any & 0x7FF]);
    let fraction = random.one_of(&[0, 1, 1 << 51, (1 << 52) - 1, (1 << 51) - 1, any >> 12]);
    random.next() << 63 | exponent << 52 | fraction
}

fn integer(random: &mut Random) -> u64 {
    let value = random.next() >> random.below(64);
    random.one_of(&[value, value.wrapping_neg(), 0, 1, u64::MAX, 1 << 63, 0x8000_0000, 0x8000])
}

/// Eighteen digits and a sign byte whose reserved bits may be set.
fn decimal(random: &mut Random) -> [u8; 10] {
    let mut bytes = [0; 10];
    let length = random.below(10) as usize;
    for pair in &mut bytes[..length] {
        *pair = (random.below(10) << 4 | random.below(10)) as u8;
    }
    bytes[9] = random.next() as u8;
    bytes
}
