//! Random numbers, most of them nasty: integers at the ends of their ranges, floating-point numbers of every class and
//! encoding, packed decimals, pointers into the arena.

use super::arena::{ARENA, PAGE};
use super::corners::{octoword, quadword};
use super::state::{MXCSR_AT, ST_AT, UPPER_AT, XMM_AT, XState};
use crate::random::Random;

/// Numbers that make flags interesting.
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000,
];

/// A number for a general register or an immediate.
pub(crate) fn number(random: &mut Random) -> u64 {
    match random.below(8) {
        0..2 => random.next(),
        2 => random.next() >> random.below(64),
        3 => random.below(64),
        4 => random.pick(&EDGES).wrapping_neg(),
        _ => random.pick(&EDGES),
    }
}

/// An address that mostly can be reached; ends of pages are met often, and so are addresses that are aligned.
pub(crate) fn pointer(random: &mut Random) -> u64 {
    let page = random.pick(&[0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4]) * PAGE;
    let offset = match random.below(8) {
        0 => random.pick(&[0, PAGE]).wrapping_sub(random.below(34)),
        1..4 => random.below(PAGE) & !31,
        _ => random.below(PAGE),
    };
    (ARENA + page).wrapping_add(offset)
}

/// Bytes for memory: numbers of any format.
pub(crate) fn memory(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => extended(random).to_vec(),
        1 => single(random).to_le_bytes().to_vec(),
        2 => double(random).to_le_bytes().to_vec(),
        3 => integer(random).to_le_bytes().to_vec(),
        4 => decimal(random).to_vec(),
        5 => number(random).to_le_bytes().to_vec(),
        6 => pointer(random).to_le_bytes().to_vec(),
        _ => octoword(random).to_vec(),
    }
}

/// Sets the floating-point unit: any precision, rounding, masks and stack; no error is pending.
fn x87(random: &mut Random, state: &mut XState) {
    let masks = if random.below(3) == 0 { random.next() as u16 & 0x3F } else { 0x3F };
    let precision = random.pick(&[3, 3, 3, 2, 0]);
    let control = 0x40 | masks | precision << 8 | (random.below(4) as u16) << 10 | (random.next() as u16 & 0x1000);
    let flags = if random.below(2) == 0 { random.next() as u16 & masks } else { 0 };
    let stack_fault = if flags & 1 != 0 { random.next() as u16 & 0x40 } else { 0 };
    let status = flags | stack_fault | random.next() as u16 & 0x7F00;
    state.put(0, &control.to_le_bytes());
    state.put(2, &status.to_le_bytes());
    // Most registers hold something, so that stack faults stay the exception.
    let top = status >> 11 & 7;
    let in_use = random.next() as u8 | random.next() as u8 | random.next() as u8 | 3_u8.rotate_left(top.into());
    state.0[4] = match random.below(16) {
        0 => random.next() as u8,
        1 => 0,
        2 => 0xFF,
        3..=8 => in_use & !0x80_u8.rotate_left(top.into()),
        _ => in_use,
    };
    let mut last = extended(random);
    for number in 0..8 {
        let value = if random.below(2) == 0 { near(random, last) } else { extended(random) };
        state.put(ST_AT + 16 * number, &value);
        last = value;
    }
}

/// What the registers of MMX are best filled with.
fn mmx(random: &mut Random, state: &mut XState) {
    state.0[3] = (random.below(8) as u8) << 3;
    state.0[4] = random.next() as u8;
    for number in 0..8 {
        let value = quadword(random);
        state.put(ST_AT + 16 * number, &value.to_le_bytes());
        state.put(ST_AT + 16 * number + 8, &(random.next() as u16).to_le_bytes());
    }
}

/// Registers of x87, SSE and AVX, `registers` of the latter. Register 3 is often fit for the index of a gather.
pub(crate) fn xstate(random: &mut Random, registers: usize, floating: bool) -> XState {
    let mut state = XState::initial();
    if floating {
        x87(random, &mut state);
    } else {
        mmx(random, &mut state);
    }
    let masks = if random.once_in(8) { random.next() as u32 & 0x1F80 } else { 0x1F80 };
    let mxcsr = random.next() as u32 & 0xE07F | masks;
    // Flags that are up already hide what is raised; half of the time none is.
    let mxcsr = if random.once_in(2) { mxcsr & !0x3F } else { mxcsr };
    state.put(MXCSR_AT, &mxcsr.to_le_bytes());
    for number in 0..registers {
        state.put(XMM_AT + 16 * number, &octoword(random));
        state.put(UPPER_AT + 16 * number, &octoword(random));
    }
    if random.once_in(2) {
        tame(&mut state);
    }
    state
}

/// Makes the numbers in register 3 small.
fn tame(state: &mut XState) {
    for byte in 0..16 {
        let mask = match byte % 8 {
            0 => 0xFF,
            4 => 0x3F,
            _ => 0,
        };
        state.0[XMM_AT + 48 + byte] &= mask;
        state.0[UPPER_AT + 48 + byte] &= mask;
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
            let width = random.pick(&[24, 53, 11, 32, 16, 8, 62, 63]);
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
        11 => random.pick(&[0x1FFF, 0x2000, 0x5FFF, 0x6000]) + random.below(70) - 35,
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

fn single(random: &mut Random) -> u32 {
    let any = random.next() as u32;
    let exponent = random.pick(&[0, 0xFF, 1, 0xFE, 0x7F, 0x7E, 0x80, 0x96, any & 0xFF]);
    let fraction = random.pick(&[0, 1, 0x40_0000, 0x7F_FFFF, 0x3F_FFFF, any >> 9]);
    (random.next() as u32 & 1) << 31 | exponent << 23 | fraction
}

fn double(random: &mut Random) -> u64 {
    let any = random.next();
    let exponent = random.pick(&[0, 0x7FF, 1, 0x7FE, 0x3FF, 0x3FE, 0x400, 0x433, any & 0x7FF]);
    let fraction = random.pick(&[0, 1, 1 << 51, (1 << 52) - 1, (1 << 51) - 1, any >> 12]);
    random.next() << 63 | exponent << 52 | fraction
}

fn integer(random: &mut Random) -> u64 {
    let value = random.next() >> random.below(64);
    random.pick(&[value, value.wrapping_neg(), 0, 1, u64::MAX, 1 << 63, 0x8000_0000, 0x8000])
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
