//! AES-128 as FIPS 197 defines it, byte by byte.

use super::{buffers, mix};

/// Columns of a state, rounds of AES-128.
const COLUMNS: usize = 4;
const ROUNDS: usize = 10;

type State = [u8; 16];

/// FIPS 197, 4.2 "Multiplication".
fn product(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = twice(a);
        b >>= 1;
    }
    product
}

fn twice(a: u8) -> u8 {
    a << 1 ^ if a & 0x80 == 0 { 0 } else { 0x1B }
}

/// FIPS 197, 5.1.1 "SubBytes() Transformation": the inverse, then an affine transformation.
fn substitutions() -> [u8; 256] {
    std::array::from_fn(|byte| {
        let inverse = (1..=255).find(|other| product(byte as u8, *other) == 1).unwrap_or(0);
        let rotated = |by| inverse.rotate_left(by);
        inverse ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63
    })
}

/// FIPS 197, 5.2 "Key Expansion".
fn round_keys(key: State, sub: &[u8; 256]) -> [State; ROUNDS + 1] {
    let mut words: Vec<[u8; 4]> = key.chunks_exact(4).map(|word| word.try_into().expect("four bytes")).collect();
    let mut constant = 1;
    for index in COLUMNS..COLUMNS * (ROUNDS + 1) {
        let mut word = words[index - 1];
        if index % COLUMNS == 0 {
            word.rotate_left(1);
            word = word.map(|byte| sub[usize::from(byte)]);
            word[0] ^= constant;
            constant = twice(constant);
        }
        let before = words[index - COLUMNS];
        words.push(std::array::from_fn(|byte| word[byte] ^ before[byte]));
    }
    std::array::from_fn(|round| std::array::from_fn(|byte| words[COLUMNS * round + byte / 4][byte % 4]))
}

/// FIPS 197, 5.1 "Cipher".
fn encrypted(block: State, keys: &[State; ROUNDS + 1], sub: &[u8; 256]) -> State {
    let add = |state: State, key: &State| std::array::from_fn(|byte| state[byte] ^ key[byte]);
    let mut state: State = add(block, &keys[0]);
    for (round, key) in keys.iter().enumerate().skip(1) {
        // SubBytes and ShiftRows: row r moves by r columns.
        let shifted: State = std::array::from_fn(|byte| sub[usize::from(state[(byte + 4 * (byte % 4)) % 16])]);
        let mixed = if round == ROUNDS { shifted } else { mix_columns(shifted) };
        state = add(mixed, key);
    }
    state
}

/// FIPS 197, 5.1.3 "MixColumns() Transformation".
fn mix_columns(state: State) -> State {
    std::array::from_fn(|byte| {
        let (column, row) = (byte / 4 * 4, byte % 4);
        let at = |down: usize| state[column + (row + down) % 4];
        twice(at(0)) ^ twice(at(1)) ^ at(1) ^ at(2) ^ at(3)
    })
}

/// A in counter mode, once a unit: NIST SP 800-38A, 6.5. Key and upper half of the counter are at the start of B.
pub(super) fn aes(count: u32) -> u64 {
    let [mut a, b, _] = buffers();
    let sub = substitutions();
    let keys = round_keys(b[..16].try_into().expect("sixteen bytes"), &sub);
    let mut counter = 0u64;
    for _ in 0..count {
        for block in a.chunks_exact_mut(16) {
            let mut input: State = b[16..32].try_into().expect("sixteen bytes");
            input[8..].copy_from_slice(&counter.to_be_bytes());
            counter += 1;
            for (byte, key) in block.iter_mut().zip(encrypted(input, &keys, &sub)) {
                *byte ^= key;
            }
        }
    }
    mix(&a)
}

/// FIPS 197, Appendix B "Cipher Example".
#[cfg(test)]
#[test]
fn the_standards_example() {
    let bytes = |number: u128| number.to_be_bytes();
    let sub = substitutions();
    let keys = round_keys(bytes(0x2B7E_1516_28AE_D2A6_ABF7_1588_09CF_4F3C), &sub);
    let output = encrypted(bytes(0x3243_F6A8_885A_308D_3131_98A2_E037_0734), &keys, &sub);
    assert_eq!(output, bytes(0x3925_841D_02DC_09FB_DC11_8597_196A_0B32));
}
