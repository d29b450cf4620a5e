//! Packed integer arithmetic, comparison and logic on MMX and XMM registers. SDM Vol.1 9.4 "MMX Instructions",
//! 10.4.5 "SSE 64-Bit SIMD Integer Instructions", 11.4.2 "SSE2 64-Bit and 128-Bit SIMD Integer Instructions".
//!
//! Flags: none. Faults of all: #UD, #NM, #MF for MMX registers, operand access, #GP(0) for 16 bytes not on 16.

use super::Exec;
use super::simd::{Registers, Vectors, binary, numbered, unary};
use crate::exception::Step;
use crate::insn::Insn;
use crate::value::packed::{self, Packed};
use crate::width::Width;

/// PADDB, PADDW, PADDD, PADDQ. SDM Vol.2B "PADDB/PADDW/PADDD/PADDQ".
pub fn padd<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::add::<_, W>)
}

/// PADDSB, PADDSW. SDM Vol.2B "PADDSB/PADDSW".
pub fn padds<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::adds::<_, W>)
}

/// PADDUSB, PADDUSW. SDM Vol.2B "PADDUSB/PADDUSW".
pub fn paddus<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::addus::<_, W>)
}

/// PSUBB, PSUBW, PSUBD, PSUBQ. SDM Vol.2B "PSUBB/PSUBW/PSUBD", "PSUBQ".
pub fn psub<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::sub::<_, W>)
}

/// PSUBSB, PSUBSW. SDM Vol.2B "PSUBSB/PSUBSW".
pub fn psubs<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::subs::<_, W>)
}

/// PSUBUSB, PSUBUSW. SDM Vol.2B "PSUBUSB/PSUBUSW".
pub fn psubus<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::subus::<_, W>)
}

/// PMULLW, PMULLD. SDM Vol.2B "PMULLW", "PMULLD/PMULLQ".
pub fn pmull<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::mull::<_, W>)
}

/// PMULHW. SDM Vol.2B "PMULHW".
pub fn pmulhw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::mulh)
}

/// PMULHUW. SDM Vol.2B "PMULHUW".
pub fn pmulhuw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::mulhu)
}

/// PMULHRSW. SDM Vol.2B "PMULHRSW".
pub fn pmulhrsw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::mulhrs)
}

/// PMULUDQ. SDM Vol.2B "PMULUDQ".
pub fn pmuludq<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::muludq)
}

/// PMULDQ. SDM Vol.2B "PMULDQ".
pub fn pmuldq<R: Registers<Value = u128>>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::muldq)
}

/// PMADDWD. SDM Vol.2B "PMADDWD".
pub fn pmaddwd<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::maddwd)
}

/// PMADDUBSW. SDM Vol.2B "PMADDUBSW".
pub fn pmaddubsw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::maddubs)
}

/// PSADBW. SDM Vol.2B "PSADBW".
pub fn psadbw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::sad)
}

/// MPSADBW. SDM Vol.2B "MPSADBW".
pub fn mpsadbw<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    // The upper half of 256 bits has an immediate of its own.
    numbered::<R>(cx, i, |number, a, b| packed::mpsad(a, b, i.imm as u8 >> (3 * number)))
}

/// PAVGB, PAVGW. SDM Vol.2B "PAVGB/PAVGW".
pub fn pavg<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::avg::<_, W>)
}

/// PABSB, PABSW, PABSD. SDM Vol.2B "PABSB/PABSW/PABSD/PABSQ".
pub fn pabs<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, packed::abs::<_, W>)
}

/// PSIGNB, PSIGNW, PSIGND. SDM Vol.2B "PSIGNB/PSIGNW/PSIGND".
pub fn psign<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::sign::<_, W>)
}

/// PHADDW, PHADDD. SDM Vol.2B "PHADDW/PHADDD".
pub fn phadd<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::hadd::<_, W>)
}

/// PHSUBW, PHSUBD. SDM Vol.2B "PHSUBW/PHSUBD".
pub fn phsub<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::hsub::<_, W>)
}

/// PHADDSW. SDM Vol.2B "PHADDSW".
pub fn phaddsw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::hadds)
}

/// PHSUBSW. SDM Vol.2B "PHSUBSW".
pub fn phsubsw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::hsubs)
}

/// PHMINPOSUW. SDM Vol.2B "PHMINPOSUW".
pub fn phminposuw<R: Registers<Value = u128>>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, packed::hminposu)
}

/// PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ. SDM Vol.2B "PCMPEQB/PCMPEQW/PCMPEQD", "PCMPEQQ".
pub fn pcmpeq<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::equal::<_, W>)
}

/// PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ. SDM Vol.2B "PCMPGTB/PCMPGTW/PCMPGTD", "PCMPGTQ".
pub fn pcmpgt<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::greater::<_, W>)
}

/// PMINUB, PMINUW, PMINUD. SDM Vol.2B "PMINUB/PMINUW", "PMINUD/PMINUQ".
pub fn pminu<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::min_unsigned::<_, W>)
}

/// PMAXUB, PMAXUW, PMAXUD. SDM Vol.2B "PMAXUB/PMAXUW", "PMAXUD/PMAXUQ".
pub fn pmaxu<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::max_unsigned::<_, W>)
}

/// PMINSB, PMINSW, PMINSD. SDM Vol.2B "PMINSB/PMINSW", "PMINSD/PMINSQ".
pub fn pmins<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::min_signed::<_, W>)
}

/// PMAXSB, PMAXSW, PMAXSD. SDM Vol.2B "PMAXSB/PMAXSW/PMAXSD/PMAXSQ".
pub fn pmaxs<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::max_signed::<_, W>)
}

/// PAND, ANDPS, ANDPD. SDM Vol.2B "PAND", Vol.2A "ANDPS", "ANDPD".
pub fn pand<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, Packed::and)
}

/// PANDN, ANDNPS, ANDNPD: the source and what the destination is not. SDM Vol.2B "PANDN", Vol.2A "ANDNPS", "ANDNPD".
pub fn pandn<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, b| a.not().and(b))
}

/// POR, ORPS, ORPD. SDM Vol.2B "POR", "ORPS", "ORPD".
pub fn por<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, Packed::or)
}

/// PXOR, XORPS, XORPD. SDM Vol.2B "PXOR", Vol.2D "XORPS", "XORPD".
pub fn pxor<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, Packed::xor)
}

/// PTEST. SDM Vol.2B "PTEST". Flags: ZF and CF; the others are cleared.
pub fn ptest<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    test::<R>(cx, i, u128::MAX)
}

/// VTESTPS, VTESTPD: the signs alone. SDM Vol.2C "VTESTPD/VTESTPS". Flags: as PTEST.
pub fn vtest<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    test::<R>(cx, i, u128::from_lanes(|_| W::one() << (W::BITS as usize - 1)))
}

#[inline(always)]
fn test<R: Vectors>(cx: &mut Exec<'_>, i: &Insn, mask: u128) -> Step {
    R::require(cx)?;
    let source = R::source(cx, i)?;
    let destination = R::get(cx, i.dst);
    let pairs = source.as_ref().iter().zip(destination.as_ref());
    let (zero, carry) =
        pairs.fold((true, true), |(zero, carry), (a, b)| (zero && a & b & mask == 0, carry && a & !b & mask == 0));
    let flag = |holds: bool, flag: u32| if holds { flag } else { 0 };
    cx.cpu.flags.set_arith(flag(zero, crate::flags::ZF) | flag(carry, crate::flags::CF));
    Ok(())
}
