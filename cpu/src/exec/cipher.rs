//! AES, SHA, products without carries, arithmetic of GF(2^8), CRC-32C and POPCNT. SDM Vol.1 12.10 "Advanced Encryption
//! Standard Instructions", 5.8 "Intel SHA Extensions", 12.9.2 "CRC32".
//!
//! Faults of those on XMM registers: #UD, #NM, operand access, #GP(0) for 16 bytes not on 16. Flags: none.

use super::Exec;
use super::simd::{Vectors, Xmm, binary, unary};
use crate::exception::Step;
use crate::insn::Insn;
use crate::value::cipher;
use crate::value::packed::Packed;
use crate::width::Width;

/// AESENC. SDM Vol.2A "AESENC".
pub fn aesenc<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, cipher::encrypt)
}

/// AESENCLAST. SDM Vol.2A "AESENCLAST".
pub fn aesenclast<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, cipher::encrypt_last)
}

/// AESDEC. SDM Vol.2A "AESDEC".
pub fn aesdec<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, cipher::decrypt)
}

/// AESDECLAST. SDM Vol.2A "AESDECLAST".
pub fn aesdeclast<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, cipher::decrypt_last)
}

/// AESIMC. SDM Vol.2A "AESIMC".
pub fn aesimc<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, cipher::inverse_mix_columns)
}

/// AESKEYGENASSIST. SDM Vol.2A "AESKEYGENASSIST".
pub fn aeskeygenassist<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, |source| cipher::key_assist(source, i.imm as u8))
}

/// PCLMULQDQ: bits 0 and 4 of the immediate choose quadwords. SDM Vol.2B "PCLMULQDQ".
pub fn pclmulqdq<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let imm = i.imm as u8;
    binary::<R>(cx, i, |a, b| cipher::carryless(a.lane(usize::from(imm & 1)), b.lane(usize::from(imm >> 4 & 1))))
}

/// GF2P8MULB. SDM Vol.2A "GF2P8MULB".
pub fn gf2p8mulb<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, cipher::galois_multiply)
}

/// GF2P8AFFINEQB. SDM Vol.2A "GF2P8AFFINEQB".
pub fn gf2p8affineqb<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |bytes, matrices| cipher::affine(bytes, matrices, i.imm as u8))
}

/// GF2P8AFFINEINVQB. SDM Vol.2A "GF2P8AFFINEINVQB".
pub fn gf2p8affineinvqb<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |bytes, matrices| cipher::affine_of_inverse(bytes, matrices, i.imm as u8))
}

/// SHA1RNDS4. SDM Vol.2C "SHA1RNDS4".
pub fn sha1rnds4(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, |a, b| cipher::sha1_rounds(a, b, i.imm as u8))
}

/// SHA1NEXTE. SDM Vol.2C "SHA1NEXTE".
pub fn sha1nexte(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, cipher::sha1_next_e)
}

/// SHA1MSG1. SDM Vol.2C "SHA1MSG1".
pub fn sha1msg1(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, cipher::sha1_message_1)
}

/// SHA1MSG2. SDM Vol.2C "SHA1MSG2".
pub fn sha1msg2(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, cipher::sha1_message_2)
}

/// SHA256RNDS2: message words with their constants in XMM0. SDM Vol.2C "SHA256RNDS2".
pub fn sha256rnds2(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let message = cx.cpu.vector.xmm(0);
    binary::<Xmm>(cx, i, |a, b| cipher::sha256_rounds(a, b, message))
}

/// SHA256MSG1. SDM Vol.2C "SHA256MSG1".
pub fn sha256msg1(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, cipher::sha256_message_1)
}

/// SHA256MSG2. SDM Vol.2C "SHA256MSG2".
pub fn sha256msg2(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, cipher::sha256_message_2)
}

/// CRC32 r32, r/m. SDM Vol.2A "CRC32". Flags: none. Faults: operand access.
pub fn crc32<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let data: W = cx.src(i)?;
    let crc = cipher::crc32c(cx.reg(i.dst), data.as_(), W::BYTES);
    cx.set_reg::<u32>(i.dst, crc);
    Ok(())
}

/// POPCNT r, r/m. SDM Vol.2B "POPCNT". Flags: ZF; the others are cleared. Faults: operand access.
pub fn popcnt<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source: W = cx.src(i)?;
    cx.set_reg(i.dst, W::truncate(source.count_ones().into()));
    cx.cpu.flags.set_arith(if source.is_zero() { crate::flags::ZF } else { 0 });
    Ok(())
}
