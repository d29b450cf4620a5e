//! Rounds of AES, SHA-1 and SHA-256, products without carries and CRC-32C, as the instructions compute them. FIPS 197
//! "Advanced Encryption Standard", FIPS 180-4 "Secure Hash Standard", SDM Vol.1 12.10 "Advanced Encryption Standard
//! Instructions", Vol.2C "SHA1RNDS4" and those behind it.

use super::packed::Packed;

/// The product of two elements of GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. FIPS 197 4.2 "Multiplication".
const fn times(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = a << 1 ^ if a & 0x80 != 0 { 0x1B } else { 0 };
        b >>= 1;
    }
    product
}

/// The multiplicative inverses, a^254; that of 0 is 0. FIPS 197 4.2 "Multiplication".
const fn inverses() -> [u8; 256] {
    let mut all = [0; 256];
    let mut number = 0;
    while number < 256 {
        let mut power = 1;
        let mut count = 0;
        while count < 254 {
            power = times(power, number as u8);
            count += 1;
        }
        all[number] = power;
        number += 1;
    }
    all
}

/// The S-box and its inverse: the multiplicative inverse, and an affine map. FIPS 197 5.1.1 "SubBytes".
const fn boxes() -> ([u8; 256], [u8; 256]) {
    let (mut forward, mut inverse) = ([0; 256], [0; 256]);
    let mut number = 0;
    while number < 256 {
        let b = INVERSES[number];
        let image = b ^ b.rotate_left(1) ^ b.rotate_left(2) ^ b.rotate_left(3) ^ b.rotate_left(4) ^ 0x63;
        forward[number] = image;
        inverse[image as usize] = number as u8;
        number += 1;
    }
    (forward, inverse)
}

const INVERSES: [u8; 256] = inverses();
const BOXES: ([u8; 256], [u8; 256]) = boxes();
static S_BOX: [u8; 256] = BOXES.0;
static INVERSE_S_BOX: [u8; 256] = BOXES.1;

/// Each column times a polynomial over GF(2^8), coefficients from that of the same row on.
fn mix(state: u128, coefficients: [u8; 4]) -> u128 {
    u128::from_lanes(|n: usize| {
        let (column, row) = (n & !3, n & 3);
        (0..4).fold(0_u8, |sum, k| sum ^ times(state.lane(column + (row + k) % 4), coefficients[k]))
    })
}

/// InvMixColumns: AESIMC. FIPS 197 5.3.3.
pub fn inverse_mix_columns(state: u128) -> u128 {
    mix(state, [14, 11, 13, 9])
}

/// ShiftRows and SubBytes. FIPS 197 5.1.2 and 5.1.1.
fn shift_and_substitute(state: u128) -> u128 {
    u128::from_lanes(|n: usize| S_BOX[usize::from(state.lane::<u8>((n + 4 * (n & 3)) & 15))])
}

/// InvShiftRows and InvSubBytes. FIPS 197 5.3.1 and 5.3.2.
fn shift_and_substitute_back(state: u128) -> u128 {
    u128::from_lanes(|n: usize| INVERSE_S_BOX[usize::from(state.lane::<u8>((n + 16 - 4 * (n & 3)) & 15))])
}

/// What SubBytes and MixColumns make of a byte in row 0 of a column: the rows of the sum it adds to that column, the
/// coefficients of the polynomial from row 0 on. FIPS 197 5.1.3, 5.3.3. A byte in row r adds the same, r rows further.
const fn columns(sub: &[u8; 256], coefficients: [u8; 4]) -> [u32; 256] {
    let mut all = [0; 256];
    let mut number = 0;
    while number < 256 {
        let mut row = 0;
        while row < 4 {
            all[number] |= (times(sub[number], coefficients[row]) as u32) << (8 * row);
            row += 1;
        }
        number += 1;
    }
    all
}

static COLUMNS: [u32; 256] = columns(&BOXES.0, [2, 1, 1, 3]);
static INVERSE_COLUMNS: [u32; 256] = columns(&BOXES.1, [14, 9, 13, 11]);

/// A round before its key: columns are sums of what their bytes add; the byte in row r of column c is that of another
/// column, `from(c, r)`.
#[inline(always)]
fn round(state: u128, columns: &[u32; 256], from: impl Fn(usize, usize) -> usize) -> u128 {
    let bytes = state.to_le_bytes();
    let added = |column: usize, row: usize| columns[usize::from(bytes[4 * (from(column, row) & 3) + row])];
    u128::from_lanes(|column: usize| {
        (0..4).fold(0_u32, |sum, row| sum ^ added(column, row).rotate_left(8 * row as u32))
    })
}

/// AESENC.
pub fn encrypt(state: u128, key: u128) -> u128 {
    round(state, &COLUMNS, |column, row| column + row) ^ key
}

/// AESENCLAST.
pub fn encrypt_last(state: u128, key: u128) -> u128 {
    shift_and_substitute(state) ^ key
}

/// AESDEC.
pub fn decrypt(state: u128, key: u128) -> u128 {
    round(state, &INVERSE_COLUMNS, |column, row| column + 4 - row) ^ key
}

/// AESDECLAST.
pub fn decrypt_last(state: u128, key: u128) -> u128 {
    shift_and_substitute_back(state) ^ key
}

/// AESKEYGENASSIST: doublewords 1 and 3 substituted, and the same rotated and with the round constant.
pub fn key_assist(source: u128, constant: u8) -> u128 {
    let substituted =
        |number: usize| u32::from_le_bytes(source.lane::<u32>(number).to_le_bytes().map(|b| S_BOX[b as usize]));
    u128::from_lanes(|n: usize| {
        let word = substituted(n | 1);
        if n & 1 == 0 { word } else { word.rotate_right(8) ^ u32::from(constant) }
    })
}

/// PCLMULQDQ: the product of two polynomials over GF(2).
pub fn carryless(a: u64, b: u64) -> u128 {
    // The multiples by all polynomials of four terms, then four terms of the other factor at a time.
    let mut multiples = [0_u128; 16];
    multiples[1] = a.into();
    for half in 1..8 {
        multiples[2 * half] = multiples[half] << 1;
        multiples[2 * half + 1] = multiples[2 * half] ^ multiples[1];
    }
    (0..16).rev().fold(0, |sum, digit| sum << 4 ^ multiples[(b >> (4 * digit) & 15) as usize])
}

/// GF2P8MULB: products of bytes as elements of GF(2^8), by the polynomial of AES. SDM Vol.2A "GF2P8MULB".
pub fn galois_multiply(a: u128, b: u128) -> u128 {
    u128::from_lanes(|n: usize| times(a.lane(n), b.lane(n)))
}

/// GF2P8AFFINEQB: each byte times the 8 by 8 matrix of bits in the quadword at its place, and a constant added. Row i of the
/// matrix, which makes bit i, is byte 7 - i. SDM Vol.2A "GF2P8AFFINEQB".
pub fn affine(bytes: u128, matrices: u128, constant: u8) -> u128 {
    u128::from_lanes(|n: usize| affine_byte(bytes.lane(n), matrices.lane(n / 8), constant))
}

/// GF2P8AFFINEINVQB: the same of the multiplicative inverses; that of 0 is 0. SDM Vol.2A "GF2P8AFFINEINVQB".
pub fn affine_of_inverse(bytes: u128, matrices: u128, constant: u8) -> u128 {
    u128::from_lanes(|n: usize| affine_byte(INVERSES[usize::from(bytes.lane::<u8>(n))], matrices.lane(n / 8), constant))
}

fn affine_byte(byte: u8, matrix: u64, constant: u8) -> u8 {
    let bit = |i: u32| ((matrix >> (8 * (7 - i))) as u8 & byte).count_ones() as u8 & 1;
    (0..8).fold(constant, |sum, i| sum ^ bit(i) << i)
}

/// CRC32: so many low bytes of `data`, by the polynomial 11EDC6F41h with bits reflected. SDM Vol.2A "CRC32".
pub fn crc32c(crc: u32, data: u64, bytes: u64) -> u32 {
    (0..bytes).fold(crc, |crc, byte| crc >> 8 ^ REMAINDERS[usize::from(crc as u8 ^ (data >> (8 * byte)) as u8)])
}

/// What each byte leaves.
static REMAINDERS: [u32; 256] = {
    const REFLECTED: u32 = 0x82F6_3B78;
    let mut all = [0; 256];
    let mut number = 0;
    while number < 256 {
        let mut rest = number as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = rest >> 1 ^ if rest & 1 != 0 { REFLECTED } else { 0 };
            bit += 1;
        }
        all[number] = rest;
        number += 1;
    }
    all
};

/// Doublewords from the most significant on, as the manual numbers the words of SHA.
fn words(value: u128) -> [u32; 4] {
    [3, 2, 1, 0].map(|number: usize| value.lane(number))
}

fn of_words(words: [u32; 4]) -> u128 {
    u128::from_lanes(|n: usize| words[3 - n])
}

/// SHA1RNDS4: four rounds with the function and constant of a quarter of the algorithm.
pub fn sha1_rounds(state: u128, message: u128, quarter: u8) -> u128 {
    let (f, k): (fn(u32, u32, u32) -> u32, u32) = match quarter & 3 {
        0 => (|b, c, d| (b & c) ^ (!b & d), 0x5A82_7999),
        1 => (|b, c, d| b ^ c ^ d, 0x6ED9_EBA1),
        2 => (|b, c, d| (b & c) ^ (b & d) ^ (c & d), 0x8F1B_BCDC),
        _ => (|b, c, d| b ^ c ^ d, 0xCA62_C1D6),
    };
    let [mut a, mut b, mut c, mut d] = words(state);
    // The first message word comes with E already added.
    let mut e = 0_u32;
    for word in words(message) {
        let next = f(b, c, d).wrapping_add(a.rotate_left(5)).wrapping_add(word).wrapping_add(e).wrapping_add(k);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    of_words([a, b, c, d])
}

/// SHA1NEXTE.
pub fn sha1_next_e(state: u128, message: u128) -> u128 {
    let [w0, w1, w2, w3] = words(message);
    of_words([w0.wrapping_add(words(state)[0].rotate_left(30)), w1, w2, w3])
}

/// SHA1MSG1.
pub fn sha1_message_1(a: u128, b: u128) -> u128 {
    let ([w0, w1, w2, w3], [w4, w5, ..]) = (words(a), words(b));
    of_words([w2 ^ w0, w3 ^ w1, w4 ^ w2, w5 ^ w3])
}

/// SHA1MSG2.
pub fn sha1_message_2(a: u128, b: u128) -> u128 {
    let ([x0, x1, x2, x3], [_, w13, w14, w15]) = (words(a), words(b));
    let w16 = (x0 ^ w13).rotate_left(1);
    of_words([w16, (x1 ^ w14).rotate_left(1), (x2 ^ w15).rotate_left(1), (x3 ^ w16).rotate_left(1)])
}

/// SHA256RNDS2: two rounds; `a` holds C, D, G, H and `b` holds A, B, E, F. FIPS 180-4 6.2.2.
pub fn sha256_rounds(cdgh: u128, abef: u128, message: u128) -> u128 {
    let ([mut c, mut d, mut g, mut h], [mut a, mut b, mut e, mut f]) = (words(cdgh), words(abef));
    for number in 0..2 {
        let word: u32 = message.lane(number);
        let sum_1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let sum_0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let choose = (e & f) ^ (!e & g);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        let first = choose.wrapping_add(sum_1).wrapping_add(word).wrapping_add(h);
        let second = majority.wrapping_add(sum_0);
        (a, b, c, d, e, f, g, h) = (first.wrapping_add(second), a, b, c, d.wrapping_add(first), e, f, g);
    }
    of_words([a, b, e, f])
}

/// SHA256MSG1.
pub fn sha256_message_1(a: u128, b: u128) -> u128 {
    let small = |x: u32| x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
    let next = |n: usize| if n < 3 { a.lane::<u32>(n + 1) } else { b.lane(0) };
    u128::from_lanes(|n| a.lane::<u32>(n).wrapping_add(small(next(n))))
}

/// SHA256MSG2.
pub fn sha256_message_2(a: u128, b: u128) -> u128 {
    let small = |x: u32| x.rotate_right(17) ^ x.rotate_right(19) ^ x >> 10;
    let w16 = a.lane::<u32>(0).wrapping_add(small(b.lane(2)));
    let w17 = a.lane::<u32>(1).wrapping_add(small(b.lane(3)));
    let w18 = a.lane::<u32>(2).wrapping_add(small(w16));
    let w19 = a.lane::<u32>(3).wrapping_add(small(w17));
    of_words([w19, w18, w17, w16])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197 Appendix B "Cipher Example": input, key, and the expected output.
    #[test]
    fn the_example_of_fips_197() {
        let bytes = |text: &str| u128::from_str_radix(text, 16).expect("hexadecimal").swap_bytes();
        let mut key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
        let mut state = bytes("3243f6a8885a308d313198a2e0370734") ^ key;
        let mut keys = Vec::new();
        let mut constant = 1;
        for _ in 0..10 {
            let assist = u128::from(key_assist(key, constant).lane::<u32>(3));
            let spread = key ^ key << 32 ^ key << 64 ^ key << 96;
            key = spread ^ (assist | assist << 32 | assist << 64 | assist << 96);
            keys.push(key);
            constant = times(constant, 2);
        }
        for key in &keys[..9] {
            state = encrypt(state, *key);
        }
        let cipher = encrypt_last(state, keys[9]);
        assert_eq!(cipher, bytes("3925841d02dc09fbdc118597196a0b32"));
    }

    /// FIPS 197 5.1.1 gives the S-box as the inverse and this affine map: row i has bits i, i + 4, i + 5, i + 6, i + 7.
    #[test]
    fn the_affine_map_of_fips_197_makes_its_s_box() {
        let rows = [0xF1_u8, 0xE3, 0xC7, 0x8F, 0x1F, 0x3E, 0x7C, 0xF8];
        let matrix = rows.iter().fold(0, |all, row| all << 8 | u128::from(*row));
        let matrices = matrix | matrix << 64;
        let bytes = u128::from_lanes(|n: usize| (n as u8).wrapping_mul(17));
        let boxed = u128::from_lanes(|n: usize| S_BOX[usize::from(bytes.lane::<u8>(n))]);
        assert_eq!(affine_of_inverse(bytes, matrices, 0x63), boxed);
        // FIPS 197 4.2: {57} times {83} is {c1}, {57} times {13} is {fe}.
        assert_eq!(galois_multiply(0x5757, 0x8313), 0xC1FE);
        // Rows that have the bit of their own number alone.
        assert_eq!(affine(bytes, 0x0102_0408_1020_4080 * ((1 << 64) + 1), 0), bytes);
    }

    /// RFC 3720 B.4 "CRC Examples": 32 bytes of zeros, and 0 to 31.
    #[test]
    fn examples_of_rfc_3720() {
        let crc = |words: [u64; 4]| !words.iter().fold(!0, |crc, word| crc32c(crc, *word, 8));
        assert_eq!(crc([0; 4]), 0x8A91_36AA);
        let ascending =
            [0, 8, 16, 24].map(|first: u64| u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|n| n + first as u8)));
        assert_eq!(crc(ascending), 0x46DD_794E);
    }
}
