//! Vectors of x87 instructions that a processor (AMD EPYC, family 19h model 11h) gave: `tests/silicon` recorded them.

#[path = "../silicon/image.rs"]
mod image;
#[path = "../silicon/ours.rs"]
mod ours;

use image::{Image, Operand};
use ours::Ours;

static VECTORS: &[u8] = include_bytes!("x87_silicon.bin");

/// State, flags, EAX and memory on one side of an instruction.
const SIDE: usize = 5 + 2 + 4 + 10 + 80;
/// Escape, ModRM, both sides.
const VECTOR: usize = 2 + 2 * SIDE;

fn side(bytes: &[u8]) -> (Image, Operand) {
    let mut image = Image::empty();
    image.bytes[..5].copy_from_slice(&bytes[..5]);
    image.flags = u64::from(u16::from_le_bytes([bytes[5], bytes[6]])) | 2;
    let mut operand = Operand([0; 128]);
    operand.0[..10].copy_from_slice(&bytes[11..21]);
    for (number, register) in bytes[21..].chunks_exact(10).enumerate() {
        image.bytes[32 + 16 * number..][..10].copy_from_slice(register);
    }
    (image, operand)
}

#[test]
fn a_processors_results() {
    let mut ours = Ours::new();
    assert_eq!(VECTORS.len() % VECTOR, 0);
    let mut wrong = Vec::new();
    for vector in VECTORS.chunks_exact(VECTOR) {
        let (before, mut operand) = side(&vector[2..2 + SIDE]);
        let after = &vector[2 + SIDE..];
        let (expected, expected_operand) = side(after);
        let eax = u32::from_le_bytes([after[7], after[8], after[9], after[10]]);
        let mut image = Image::empty();
        let insn = Ours::decode(vector[0], vector[1]);
        let answer = ours.execute(&insn, &before, &mut operand, &mut image);
        let same =
            image.bytes == expected.bytes && image.flags & 0x8D7 == expected.flags && operand == expected_operand;
        if !same || answer != Some(eax.into()) {
            wrong.push(format!("{:02x} {:02x}", vector[0], vector[1]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} vectors: {wrong:?}", wrong.len(), VECTORS.len() / VECTOR);
    assert!(VECTORS.len() / VECTOR > 1000);
}
