//! What hosts of late have instructions for: bytes shuffled, AES, SHA, products without carries, bits deposited and
//! extracted. Handlers here are chosen only where the host has all of them; elsewhere, and for whatever they give way to,
//! the canonical handlers run.

use std::arch::x86_64::*;

use super::dispatch::{bail, next};
use super::operand::{FLAT_BASE, LONG_INDEX, get, put, readable_any};
use super::simd::{self, Pair, pair, pair_at, set_pair};
use super::vex;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// The host has what this file needs.
pub(super) fn has_all() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("aes")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("sha")
}

/// A register as the host's.
#[inline(always)]
pub(super) fn vector_of([low, high]: Pair) -> __m128i {
    // SAFETY: every x86-64 host has SSE2.
    unsafe { _mm_set_epi64x(high.cast_signed(), low.cast_signed()) }
}

/// The host's as a register.
#[inline(always)]
pub(super) fn pair_of(vector: __m128i) -> Pair {
    // SAFETY: every x86-64 host has SSE2.
    unsafe {
        let upper = _mm_unpackhi_epi64(vector, vector);
        [_mm_cvtsi128_si64(vector).cast_unsigned(), _mm_cvtsi128_si64(upper).cast_unsigned()]
    }
}

/// Something that makes a register of two, of a third one, and of an immediate byte.
pub(super) trait Make {
    /// What stands in the third place.
    const THIRD: Third = Third::Nothing;

    /// The result.
    ///
    /// # Safety
    /// [`has_all`].
    unsafe fn make(a: __m128i, b: __m128i, third: __m128i, imm: u8) -> __m128i;
}

/// A third source.
#[derive(PartialEq, Eq)]
pub(super) enum Third {
    /// None.
    Nothing,
    /// XMM0.
    Xmm0,
    /// The register that the upper half of the immediate names.
    Fourth,
}

/// `make!(Shuffle: "PSHUFB.", |a, b, third, imm| _mm_shuffle_epi8(a, b))`.
macro_rules! make {
    ($($name:ident $(($third:ident))?: $what:literal, |$a:ident, $b:ident, $c:ident, $imm:ident| $result:expr;)*) => {$(
        #[doc = $what]
        pub(super) struct $name;
        impl Make for $name {
            $(const THIRD: Third = Third::$third;)?

            #[inline(always)]
            unsafe fn make($a: __m128i, $b: __m128i, $c: __m128i, $imm: u8) -> __m128i {
                // SAFETY: the caller's.
                unsafe { $result }
            }
        }
    )*};
}

make! {
    Shuffle: "PSHUFB.", |a, b, _c, _imm| _mm_shuffle_epi8(a, b);
    MultiplyAddBytes: "PMADDUBSW.", |a, b, _c, _imm| _mm_maddubs_epi16(a, b);
    MultiplyRounded: "PMULHRSW.", |a, b, _c, _imm| _mm_mulhrs_epi16(a, b);
    AbsoluteBytes: "PABSB.", |_a, b, _c, _imm| _mm_abs_epi8(b);
    AbsoluteWords: "PABSW.", |_a, b, _c, _imm| _mm_abs_epi16(b);
    AbsoluteDwords: "PABSD.", |_a, b, _c, _imm| _mm_abs_epi32(b);
    AddWords: "PHADDW.", |a, b, _c, _imm| _mm_hadd_epi16(a, b);
    AddDwords: "PHADDD.", |a, b, _c, _imm| _mm_hadd_epi32(a, b);
    EqualQuads: "PCMPEQQ.", |a, b, _c, _imm| _mm_cmpeq_epi64(a, b);
    GreaterQuads: "PCMPGTQ.", |a, b, _c, _imm| _mm_cmpgt_epi64(a, b);
    PackUnsignedDwords: "PACKUSDW.", |a, b, _c, _imm| _mm_packus_epi32(a, b);
    LeastSignedBytes: "PMINSB.", |a, b, _c, _imm| _mm_min_epi8(a, b);
    LeastSignedDwords: "PMINSD.", |a, b, _c, _imm| _mm_min_epi32(a, b);
    LeastUnsignedWords: "PMINUW.", |a, b, _c, _imm| _mm_min_epu16(a, b);
    LeastUnsignedDwords: "PMINUD.", |a, b, _c, _imm| _mm_min_epu32(a, b);
    MostSignedBytes: "PMAXSB.", |a, b, _c, _imm| _mm_max_epi8(a, b);
    MostSignedDwords: "PMAXSD.", |a, b, _c, _imm| _mm_max_epi32(a, b);
    MostUnsignedWords: "PMAXUW.", |a, b, _c, _imm| _mm_max_epu16(a, b);
    MostUnsignedDwords: "PMAXUD.", |a, b, _c, _imm| _mm_max_epu32(a, b);
    MultiplyLowDwords: "PMULLD.", |a, b, _c, _imm| _mm_mullo_epi32(a, b);
    ShiftRightEach: "VPSRLVD.", |a, b, _c, _imm| _mm_srlv_epi32(a, b);
    ShiftRightSignedEach: "VPSRAVD.", |a, b, _c, _imm| _mm_srav_epi32(a, b);
    ShiftLeftEach: "VPSLLVD.", |a, b, _c, _imm| _mm_sllv_epi32(a, b);
    BlendByXmm0(Xmm0): "PBLENDVB.", |a, b, c, _imm| _mm_blendv_epi8(a, b, c);
    BlendByFourth(Fourth): "VPBLENDVB.", |a, b, c, _imm| _mm_blendv_epi8(a, b, c);
    Encrypt: "AESENC.", |a, b, _c, _imm| _mm_aesenc_si128(a, b);
    EncryptLast: "AESENCLAST.", |a, b, _c, _imm| _mm_aesenclast_si128(a, b);
    Decrypt: "AESDEC.", |a, b, _c, _imm| _mm_aesdec_si128(a, b);
    DecryptLast: "AESDECLAST.", |a, b, _c, _imm| _mm_aesdeclast_si128(a, b);
    Sha256Rounds(Xmm0): "SHA256RNDS2.", |a, b, c, _imm| _mm_sha256rnds2_epu32(a, b, c);
    Sha256Message1: "SHA256MSG1.", |a, b, _c, _imm| _mm_sha256msg1_epu32(a, b);
    Sha256Message2: "SHA256MSG2.", |a, b, _c, _imm| _mm_sha256msg2_epu32(a, b);
    Carryless: "PCLMULQDQ.", |a, b, _c, imm| {
        let a = if imm & 1 != 0 { _mm_unpackhi_epi64(a, a) } else { a };
        let b = if imm & 0x10 != 0 { _mm_unpackhi_epi64(b, b) } else { b };
        _mm_clmulepi64_si128::<0>(a, b)
    };
    Align: "PALIGNR.", |a, b, _c, imm| align(a, b, imm);
}

/// PALIGNR: bytes `imm` to `imm + 15` of both, the second one below; beyond them are zeros.
#[inline(always)]
unsafe fn align(a: __m128i, b: __m128i, imm: u8) -> __m128i {
    // SAFETY: the caller's: the host has all of it.
    unsafe {
        // Bytes 0 to 15, from `imm` on; those of 16 and more have bit 7 set once 70h is added with saturation.
        let ascending = _mm_set_epi64x(0x0F0E_0D0C_0B0A_0908, 0x0706_0504_0302_0100);
        let from = _mm_adds_epu8(ascending, _mm_set1_epi8(imm.cast_signed()));
        let of_lower = _mm_shuffle_epi8(b, _mm_adds_epu8(from, _mm_set1_epi8(0x70)));
        // Below 16 the difference wraps around to what has bit 7 set; from 32 on it gets it by the sum.
        let beyond = _mm_sub_epi8(from, _mm_set1_epi8(16));
        let of_upper = _mm_shuffle_epi8(a, _mm_adds_epu8(beyond, _mm_set1_epi8(0x70)));
        _mm_or_si128(of_lower, of_upper)
    }
}

/// The third source of an instruction, in either half.
///
/// # Safety
/// As [`pair`].
#[inline(always)]
unsafe fn third<M: Make, const UPPER: bool>(c: *mut CpuState, i: *const Insn) -> __m128i {
    // SAFETY: the caller's.
    unsafe {
        let number = match M::THIRD {
            Third::Nothing => return _mm_setzero_si128(),
            Third::Xmm0 => 0,
            Third::Fourth => (*i).fourth(),
        };
        vector_of(if UPPER { vex::upper(c, number) } else { pair(c, number) })
    }
}

/// `op xmm, xmm`.
#[target_feature(enable = "avx2,bmi2,aes,pclmulqdq,sha")]
pub(super) unsafe fn rr<M: Make>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`; chosen by `has_all`.
    unsafe {
        if !simd::usable(c) {
            return bail(c, h, i);
        }
        let (a, b) = (vector_of(pair(c, (*i).dst)), vector_of(pair(c, (*i).src)));
        set_pair(c, (*i).dst, pair_of(M::make(a, b, third::<M, false>(c, i), (*i).imm as u8)));
        next(c, h, i, v)
    }
}

/// `op xmm, m128`, in flat code.
#[target_feature(enable = "avx2,bmi2,aes,pclmulqdq,sha")]
pub(super) unsafe fn rm<M: Make, const FORM: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    const { assert!(FORM >= FLAT_BASE, "the limit is not looked at") };
    // SAFETY: a handler, see `super::Fast`; chosen by `has_all`.
    unsafe {
        let at = simd::whole(h, readable_any::<u64, FORM, 0>(c, h, i, v), true);
        let Some(at) = at else { return bail(c, h, i) };
        if !simd::usable(c) {
            return bail(c, h, i);
        }
        let (a, b) = (vector_of(pair(c, (*i).dst)), vector_of(pair_at(at)));
        set_pair(c, (*i).dst, pair_of(M::make(a, b, third::<M, false>(c, i), (*i).imm as u8)));
        next(c, h, i, v)
    }
}

/// Makes a register with VEX.
///
/// # Safety
/// As [`pair`], and [`has_all`].
#[inline(always)]
unsafe fn made<M: Make, const WIDE: bool>(c: *mut CpuState, i: *const Insn, second: [Pair; 2]) {
    // SAFETY: the caller's.
    unsafe {
        let first = vex::vector::<WIDE>(c, (*i).vvvv());
        let imm = (*i).imm as u8;
        let low = M::make(vector_of(first[0]), vector_of(second[0]), third::<M, false>(c, i), imm);
        let mut high = [0; 2];
        if WIDE {
            high = pair_of(M::make(vector_of(first[1]), vector_of(second[1]), third::<M, true>(c, i), imm));
        }
        vex::set(c, (*i).dst, pair_of(low), high);
    }
}

/// `op v, v, v`.
#[target_feature(enable = "avx2,bmi2,aes,pclmulqdq,sha")]
pub(super) unsafe fn vex_rr<M: Make, const WIDE: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`; chosen by `has_all`.
    unsafe {
        if !vex::usable(c) {
            return bail(c, h, i);
        }
        made::<M, WIDE>(c, i, vex::vector::<WIDE>(c, (*i).src));
        next(c, h, i, v)
    }
}

/// `op v, v, m`.
#[target_feature(enable = "avx2,bmi2,aes,pclmulqdq,sha")]
pub(super) unsafe fn vex_rm<M: Make, const WIDE: bool, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    const { assert!(FORM >= LONG_INDEX, "64-bit code's") };
    // SAFETY: a handler, see `super::Fast`; chosen by `has_all`.
    unsafe {
        let at = vex::whole::<WIDE>(h, readable_any::<u64, FORM, 0>(c, h, i, v), false);
        let Some(at) = at else { return bail(c, h, i) };
        if !vex::usable(c) {
            return bail(c, h, i);
        }
        made::<M, WIDE>(c, i, vex::vector_at::<WIDE>(at));
        next(c, h, i, v)
    }
}

/// PDEP, PEXT `r, r, r`.
#[target_feature(enable = "avx2,bmi2,aes,pclmulqdq,sha")]
pub(super) unsafe fn scatter<W: Width, const DEPOSIT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`; chosen by `has_all`.
    unsafe {
        let (source, mask) = (get::<W>(c, (*i).vvvv()).as_(), get::<W>(c, (*i).src).as_());
        let result = if DEPOSIT { _pdep_u64(source, mask) } else { _pext_u64(source, mask) };
        let v = put(c, (*i).dst, W::truncate(result));
        next(c, h, i, v)
    }
}
