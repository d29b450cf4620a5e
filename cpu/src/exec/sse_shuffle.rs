//! Packs, unpacks, shuffles, blends and single lanes. SDM Vol.1 9.4.4 "Conversion Instructions", 9.4.5 "Unpack
//! Instructions", 10.4.4 "SSE Shuffle and Unpack Instructions", 11.4.1.4 "SSE2 Shuffle and Unpack Instructions".
//!
//! Flags: none. Faults of all: #UD, #NM, #MF for MMX registers, operand access, #GP(0) for 16 bytes not on 16.

use super::Exec;
use super::simd::{Registers, Xmm, binary, unary};
use crate::exception::{Exception, Step};
use crate::insn::Insn;
use crate::value::packed::{self, Packed};
use crate::width::Width;

/// PACKSSWB, PACKSSDW. SDM Vol.2B "PACKSSWB/PACKSSDW".
pub fn packss<R: Registers, W: Width, N: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::pack_signed::<_, W, N>)
}

/// PACKUSWB, PACKUSDW. SDM Vol.2B "PACKUSWB", "PACKUSDW".
pub fn packus<R: Registers, W: Width, N: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::pack_unsigned::<_, W, N>)
}

/// PUNPCKLBW and its kin on MMX registers: of memory only 32 bits are read. SDM Vol.2B
/// "PUNPCKLBW/PUNPCKLWD/PUNPCKLDQ/PUNPCKLQDQ".
pub fn punpckl_mmx<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_mmx()?;
    let source = if i.is_memory() {
        u64::from(cx.load::<u32>(i.segment(), cx.effective_address(i))?)
    } else {
        cx.cpu.fpu.mmx(i.src)
    };
    cx.cpu.fpu.enter_mmx();
    let result = packed::unpack_low::<_, W>(cx.cpu.fpu.mmx(i.dst), source);
    cx.cpu.fpu.set_mmx(i.dst, result);
    Ok(())
}

/// PUNPCKLBW and its kin, UNPCKLPS, UNPCKLPD. SDM Vol.2B "PUNPCKLBW/PUNPCKLWD/PUNPCKLDQ/PUNPCKLQDQ", Vol.2D
/// "UNPCKLPS", "UNPCKLPD".
pub fn punpckl<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, packed::unpack_low::<_, W>)
}

/// PUNPCKHBW and its kin, UNPCKHPS, UNPCKHPD. SDM Vol.2B "PUNPCKHBW/PUNPCKHWD/PUNPCKHDQ/PUNPCKHQDQ", Vol.2D
/// "UNPCKHPS", "UNPCKHPD".
pub fn punpckh<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::unpack_high::<_, W>)
}

/// PSHUFW, PSHUFD. SDM Vol.2B "PSHUFW", "PSHUFD".
pub fn pshuf<R: Registers, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, |a| packed::shuffle::<_, W>(a, i.imm as u8))
}

/// PSHUFLW. SDM Vol.2B "PSHUFLW".
pub fn pshuflw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<Xmm>(cx, i, |a| packed::shuffle_low_words(a, i.imm as u8))
}

/// PSHUFHW. SDM Vol.2B "PSHUFHW".
pub fn pshufhw(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<Xmm>(cx, i, |a| packed::shuffle_high_words(a, i.imm as u8))
}

/// SHUFPS. SDM Vol.2C "SHUFPS".
pub fn shufps(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, |a, b| packed::shuffle_singles(a, b, i.imm as u8))
}

/// SHUFPD. SDM Vol.2C "SHUFPD".
pub fn shufpd(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, |a, b| packed::shuffle_doubles(a, b, i.imm as u8))
}

/// PSHUFB. SDM Vol.2B "PSHUFB".
pub fn pshufb<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::shuffle_bytes)
}

/// MOVSLDUP. SDM Vol.2B "MOVSLDUP".
pub fn movsldup(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<Xmm>(cx, i, packed::double_even::<u32>)
}

/// MOVSHDUP. SDM Vol.2B "MOVSHDUP".
pub fn movshdup(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<Xmm>(cx, i, packed::double_odd::<u32>)
}

/// MOVDDUP: of memory only 64 bits are read, anywhere. SDM Vol.2B "MOVDDUP".
pub fn movddup(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_xmm()?;
    let value: u64 = cx.xmm_source_low(i)?;
    cx.cpu.vector.set_xmm(i.dst, packed::double_even::<u64>(u128::from(value)));
    Ok(())
}

/// BLENDPS, BLENDPD, PBLENDW. SDM Vol.2A "BLENDPS", "BLENDPD", Vol.2B "PBLENDW".
pub fn blend<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<Xmm>(cx, i, |a, b| packed::blend::<W>(a, b, i.imm as u8))
}

/// BLENDVPS, BLENDVPD, PBLENDVB: the mask is XMM0. SDM Vol.2A "BLENDVPS", "BLENDVPD", Vol.2B "PBLENDVB".
pub fn blendv<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let mask = cx.cpu.vector.xmm(0);
    binary::<Xmm>(cx, i, |a, b| packed::blend_by_signs::<W>(a, b, mask))
}

/// The source of a widening move: as many bits as become 128.
fn narrow_source<N: Width, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Result<u128, Exception> {
    cx.require_xmm()?;
    Ok(match W::BITS / N::BITS {
        2 => u128::from(cx.xmm_source_low::<u64>(i)?),
        4 => u128::from(cx.xmm_source_low::<u32>(i)?),
        _ => u128::from(cx.xmm_source_low::<u16>(i)?),
    })
}

/// PMOVSXBW and its kin. SDM Vol.2B "PMOVSX".
pub fn pmovsx<N: Width, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = narrow_source::<N, W>(cx, i)?;
    cx.cpu.vector.set_xmm(i.dst, packed::widen_signed::<N, W>(source));
    Ok(())
}

/// PMOVZXBW and its kin. SDM Vol.2B "PMOVZX".
pub fn pmovzx<N: Width, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let source = narrow_source::<N, W>(cx, i)?;
    cx.cpu.vector.set_xmm(i.dst, packed::widen_unsigned::<N, W>(source));
    Ok(())
}

/// PMOVMSKB r32, r. SDM Vol.2B "PMOVMSKB".
pub fn pmovmskb<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    R::begin(cx);
    let signs = packed::byte_signs(R::get(cx, i.src));
    cx.set_reg::<u32>(i.dst, signs);
    Ok(())
}

/// MOVMSKPS, MOVMSKPD r32, xmm. SDM Vol.2B "MOVMSKPS", "MOVMSKPD".
pub fn movmsk<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_xmm()?;
    let signs = packed::signs::<_, W>(cx.cpu.vector.xmm(i.src));
    cx.set_reg::<u32>(i.dst, signs);
    Ok(())
}

/// The lane that the immediate names; excess bits do not count.
fn named<V: Packed, W: Width>(i: &Insn) -> usize {
    i.imm as u8 as usize % V::lanes::<W>()
}

/// PEXTRW r32, r, imm8. SDM Vol.2B "PEXTRW".
pub fn pextrw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    R::begin(cx);
    let word: u16 = R::get(cx, i.src).lane(named::<R::Value, u16>(i));
    cx.set_reg::<u32>(i.dst, u32::from(word));
    Ok(())
}

/// PINSRW r, r32/m16, imm8. SDM Vol.2B "PINSRW".
pub fn pinsrw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let word: u16 = cx.src(i)?;
    R::begin(cx);
    let result = R::get(cx, i.dst).with_lane(named::<R::Value, u16>(i), word);
    R::set(cx, i.dst, result);
    Ok(())
}

/// PEXTRB, PEXTRW, PEXTRD, EXTRACTPS r/m, xmm, imm8: a register takes at least 32 bits, zero-extended. SDM Vol.2B
/// "PEXTRB/PEXTRD/PEXTRQ", "PEXTRW", Vol.2A "EXTRACTPS".
pub fn pextr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_xmm()?;
    let value: W = cx.cpu.vector.xmm(i.src).lane(named::<u128, W>(i));
    if i.is_memory() {
        return cx.store(i.segment(), cx.effective_address(i), value);
    }
    if W::BITS == 64 {
        cx.set_reg::<u64>(i.dst, value.as_())
    } else {
        cx.set_reg::<u32>(i.dst, value.as_() as u32)
    };
    Ok(())
}

/// PINSRB, PINSRD xmm, r32/m, imm8. SDM Vol.2B "PINSRB/PINSRD/PINSRQ".
pub fn pinsr<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_xmm()?;
    // A byte comes from the low byte of any register, never from AH.
    let value =
        if i.is_memory() { cx.load(i.segment(), cx.effective_address(i))? } else { W::truncate(cx.reg::<u64>(i.src)) };
    let result = cx.cpu.vector.xmm(i.dst).with_lane(named::<u128, W>(i), value);
    cx.cpu.vector.set_xmm(i.dst, result);
    Ok(())
}

/// INSERTPS xmm, xmm/m32, imm8: bits 7 and 6 choose the lane of a register. SDM Vol.2A "INSERTPS".
pub fn insertps(cx: &mut Exec<'_>, i: &Insn) -> Step {
    cx.require_xmm()?;
    let imm = i.imm as u8;
    let value = if i.is_memory() {
        cx.load(i.segment(), cx.effective_address(i))?
    } else {
        cx.cpu.vector.xmm(i.src).lane::<u32>(usize::from(imm >> 6))
    };
    let result = packed::insert_single(cx.cpu.vector.xmm(i.dst), value, imm);
    cx.cpu.vector.set_xmm(i.dst, result);
    Ok(())
}
