//! Packs, unpacks, shuffles, blends and single lanes. SDM Vol.1 9.4.4 "Conversion Instructions", 9.4.5 "Unpack
//! Instructions", 10.4.4 "SSE Shuffle and Unpack Instructions", 11.4.1.4 "SSE2 Shuffle and Unpack Instructions".
//!
//! Flags: none. Faults of all: #UD, #NM, #MF for MMX registers, operand access, #GP(0) for 16 bytes not on 16.

use super::Exec;
use super::simd::{Registers, Vectors, Vex128, Vex256, Xmm, binary, combine, numbered, unary};
use crate::exception::Step;
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
pub fn punpckl<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::unpack_low::<_, W>)
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
pub fn pshuflw<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, |a| packed::shuffle_low_words(a, i.imm as u8))
}

/// PSHUFHW. SDM Vol.2B "PSHUFHW".
pub fn pshufhw<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, |a| packed::shuffle_high_words(a, i.imm as u8))
}

/// SHUFPS. SDM Vol.2C "SHUFPS".
pub fn shufps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, |a, b| packed::shuffle_singles(a, b, i.imm as u8))
}

/// SHUFPD. SDM Vol.2C "SHUFPD".
pub fn shufpd<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    numbered::<R>(cx, i, |number, a, b| packed::shuffle_doubles(a, b, i.imm as u8 >> (2 * number)))
}

/// PSHUFB. SDM Vol.2B "PSHUFB".
pub fn pshufb<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    binary::<R>(cx, i, packed::shuffle_bytes)
}

/// MOVSLDUP. SDM Vol.2B "MOVSLDUP".
pub fn movsldup<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, packed::double_even::<u32>)
}

/// MOVSHDUP. SDM Vol.2B "MOVSHDUP".
pub fn movshdup<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<R>(cx, i, packed::double_odd::<u32>)
}

/// MOVDDUP: of memory only 64 bits are read, anywhere. SDM Vol.2B "MOVDDUP".
pub fn movddup<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let value: u64 = cx.xmm_source_low(i)?;
    R::set(cx, i.dst, R::whole(packed::double_even::<u64>(u128::from(value))));
    Ok(())
}

/// VMOVDDUP ymm, ymm/m256. SDM Vol.2B "MOVDDUP".
pub fn vmovddup(cx: &mut Exec<'_>, i: &Insn) -> Step {
    unary::<Vex256>(cx, i, packed::double_even::<u64>)
}

/// BLENDPS, BLENDPD, PBLENDW. SDM Vol.2A "BLENDPS", "BLENDPD", Vol.2B "PBLENDW".
pub fn blend<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    // PBLENDW has eight lanes in a value: both halves of 256 bits have the same immediate.
    let lanes = u128::lanes::<W>() % 8;
    numbered::<R>(cx, i, |number, a, b| packed::blend::<W>(a, b, i.imm as u8 >> (lanes * number)))
}

/// BLENDVPS, BLENDVPD, PBLENDVB: the mask is XMM0. SDM Vol.2A "BLENDVPS", "BLENDVPD", Vol.2B "PBLENDVB".
pub fn blendv<W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    let mask = cx.cpu.vector.xmm(0);
    binary::<Xmm>(cx, i, |a, b| packed::blend_by_signs::<W>(a, b, mask))
}

/// The source of a widening move: as many bits as become a register; of 256 bits each half has a part of its own.
fn widen<R: Vectors, N: Width, W: Width>(cx: &mut Exec<'_>, i: &Insn, act: impl Fn(u128) -> u128) -> Step {
    R::require(cx)?;
    let values = R::whole(0).as_ref().len();
    let bits = u128::BITS / (W::BITS / N::BITS);
    let source = match bits as usize * values {
        128 => Vex128::source(cx, i)?[0],
        64 => u128::from(cx.xmm_source_low::<u64>(i)?),
        32 => u128::from(cx.xmm_source_low::<u32>(i)?),
        _ => u128::from(cx.xmm_source_low::<u16>(i)?),
    };
    let zero = R::whole(0);
    let result = combine::<R>(zero, zero, |number, _, _| act(source >> (bits * number as u32)));
    R::set(cx, i.dst, result);
    Ok(())
}

/// PMOVSXBW and its kin. SDM Vol.2B "PMOVSX".
pub fn pmovsx<R: Vectors, N: Width, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    widen::<R, N, W>(cx, i, packed::widen_signed::<N, W>)
}

/// PMOVZXBW and its kin. SDM Vol.2B "PMOVZX".
pub fn pmovzx<R: Vectors, N: Width, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    widen::<R, N, W>(cx, i, packed::widen_unsigned::<N, W>)
}

/// PMOVMSKB r32, r. SDM Vol.2B "PMOVMSKB".
pub fn pmovmskb<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    R::begin(cx);
    let source = R::get(cx, i.src);
    let signs = source.as_ref().iter().rev().fold(0, |all, value| all << 16 | packed::byte_signs(*value));
    cx.set_reg::<u32>(i.dst, signs);
    Ok(())
}

/// MOVMSKPS, MOVMSKPD r32, xmm. SDM Vol.2B "MOVMSKPS", "MOVMSKPD".
pub fn movmsk<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let (source, lanes) = (R::get(cx, i.src), u128::lanes::<W>());
    let signs = source.as_ref().iter().rev().fold(0, |all, value| all << lanes | packed::signs::<_, W>(*value));
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
    let word: u16 = R::low(cx, i.src).lane(named::<R::Value, u16>(i));
    cx.set_reg::<u32>(i.dst, u32::from(word));
    Ok(())
}

/// PINSRW r, r32/m16, imm8. SDM Vol.2B "PINSRW".
pub fn pinsrw<R: Registers>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let word: u16 = cx.src(i)?;
    R::begin(cx);
    let result = R::first(cx, i).as_ref()[0].with_lane(named::<R::Value, u16>(i), word);
    R::set(cx, i.dst, R::whole(result));
    Ok(())
}

/// PEXTRB, PEXTRW, PEXTRD, EXTRACTPS r/m, xmm, imm8: a register takes at least 32 bits, zero-extended. SDM Vol.2B
/// "PEXTRB/PEXTRD/PEXTRQ", "PEXTRW", Vol.2A "EXTRACTPS".
pub fn pextr<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
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
pub fn pinsr<R: Vectors, W: Width>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    // A byte comes from the low byte of any register, never from AH.
    let value =
        if i.is_memory() { cx.load(i.segment(), cx.effective_address(i))? } else { W::truncate(cx.reg::<u64>(i.src)) };
    let result = R::first(cx, i).as_ref()[0].with_lane(named::<u128, W>(i), value);
    R::set(cx, i.dst, R::whole(result));
    Ok(())
}

/// INSERTPS xmm, xmm/m32, imm8: bits 7 and 6 choose the lane of a register. SDM Vol.2A "INSERTPS".
pub fn insertps<R: Vectors>(cx: &mut Exec<'_>, i: &Insn) -> Step {
    R::require(cx)?;
    let imm = i.imm as u8;
    let value = if i.is_memory() {
        cx.load(i.segment(), cx.effective_address(i))?
    } else {
        cx.cpu.vector.xmm(i.src).lane::<u32>(usize::from(imm >> 6))
    };
    let result = packed::insert_single(R::first(cx, i).as_ref()[0], value, imm);
    R::set(cx, i.dst, R::whole(result));
    Ok(())
}
