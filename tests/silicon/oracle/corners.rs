//! Values that reach corners of vector instructions.

use crate::random::Random;

/// Quadwords of corner values: small numbers for counts and indices, lanes at the ends of their ranges, floating-point
/// numbers of every class, and plain random ones.
pub(crate) fn quadword(random: &mut Random) -> u64 {
    const BYTES: [u8; 8] = [0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF];
    const WORDS: [u16; 8] = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0xFF80, 0x007F];
    const SINGLES: [u32; 12] = [
        0,
        0x8000_0000,
        1,
        0x807F_FFFF,
        0x0080_0000,
        0x7F7F_FFFF,
        0x7F80_0000,
        0xFF80_0000,
        0x7FC0_0001,
        0x7FA0_0001,
        0x3F80_0000,
        0xBFC0_0000,
    ];
    const DOUBLES: [u64; 10] = [
        0,
        1 << 63,
        1,
        0x000F_FFFF_FFFF_FFFF,
        0x0010_0000_0000_0000,
        0x7FEF_FFFF_FFFF_FFFF,
        0x7FF0_0000_0000_0000,
        0xFFF8_0000_0000_0001,
        0x7FF4_0000_0000_0001,
        0x3FF0_0000_0000_0000,
    ];
    let mut build = |lanes: u32, lane: &mut dyn FnMut(&mut Random) -> u64| {
        (0..lanes).fold(0, |all, number| all | lane(random) << (number * (64 / lanes)))
    };
    let kind = build(1, &mut |random| random.below(12));
    match kind {
        0 => build(1, &mut |random| random.below(80)),
        1 => build(8, &mut |random| random.pick(&BYTES).into()),
        2 => build(4, &mut |random| random.pick(&WORDS).into()),
        3 => build(2, &mut |random| random.pick(&SINGLES).into()),
        4 => build(1, &mut |random| random.pick(&DOUBLES)),
        // Exponents around the middle, so that sums and products are no corners.
        5 => build(2, &mut |random| 0x3F00_0000 | (random.next() & 0x80FF_FFFF)),
        6 => build(1, &mut |random| 0x3FE0_0000_0000_0000 | (random.next() & 0x801F_FFFF_FFFF_FFFF)),
        7 => build(8, &mut |random| random.below(4) * 0x20 + random.below(3)),
        _ => build(1, &mut |random| random.next()),
    }
}

/// Two quadwords, now and then the same.
pub(crate) fn octoword(random: &mut Random) -> [u8; 16] {
    let low = quadword(random);
    let high = if random.once_in(4) { low } else { quadword(random) };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&low.to_le_bytes());
    bytes[8..].copy_from_slice(&high.to_le_bytes());
    bytes
}
