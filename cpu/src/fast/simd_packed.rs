//! Packed integers on XMM and YMM registers whose lanes grow, shrink or saturate: by the host's instructions of the same
//! kind where every x86-64 host has them, else by `value::packed`. This file's test holds the two against each other.

use super::dispatch::{bail, next};
use super::simd::{Act, Pair, pair, set_pair, usable};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
#[cfg(any(test, not(target_arch = "x86_64")))]
use crate::value::packed;

/// A register as one number.
#[inline(always)]
pub(super) fn joined([low, high]: Pair) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

/// A number as a register.
#[inline(always)]
pub(super) fn split(whole: u128) -> Pair {
    [whole as u64, (whole >> 64) as u64]
}

#[cfg(target_arch = "x86_64")]
macro_rules! result {
    ($host:ident, $plain:expr, $a:expr, $b:expr) => {
        // SAFETY: every x86-64 host has SSE2.
        unsafe {
            let (a, b) = (super::simd_host::vector_of($a), super::simd_host::vector_of($b));
            super::simd_host::pair_of(std::arch::x86_64::$host(a, b))
        }
    };
}
#[cfg(not(target_arch = "x86_64"))]
macro_rules! result {
    ($host:ident, $plain:expr, $a:expr, $b:expr) => {
        split($plain(joined($a), joined($b)))
    };
}

/// `acts!(MulLow: "PMULLW.", _mm_mullo_epi16, packed::mull::<u128, u16>)`: a type, the host's instruction, the plain one.
macro_rules! acts {
    ($($name:ident: $what:literal, $host:ident, $plain:expr;)*) => {
        $(
            #[doc = $what]
            pub(super) struct $name;
            impl Act for $name {
                #[inline(always)]
                fn act(a: Pair, b: Pair) -> Option<Pair> {
                    Some(result!($host, $plain, a, b))
                }
            }
        )*
        /// Each with its plain counterpart.
        #[cfg(test)]
        const ALL: &[(&str, fn(Pair, Pair) -> Option<Pair>, fn(u128, u128) -> u128)] =
            &[$((stringify!($name), $name::act, $plain)),*];
    };
}

acts! {
    UnpackLowBytes: "PUNPCKLBW.", _mm_unpacklo_epi8, packed::unpack_low::<u128, u8>;
    UnpackLowWords: "PUNPCKLWD.", _mm_unpacklo_epi16, packed::unpack_low::<u128, u16>;
    UnpackLowDwords: "PUNPCKLDQ.", _mm_unpacklo_epi32, packed::unpack_low::<u128, u32>;
    UnpackHighBytes: "PUNPCKHBW.", _mm_unpackhi_epi8, packed::unpack_high::<u128, u8>;
    UnpackHighWords: "PUNPCKHWD.", _mm_unpackhi_epi16, packed::unpack_high::<u128, u16>;
    UnpackHighDwords: "PUNPCKHDQ.", _mm_unpackhi_epi32, packed::unpack_high::<u128, u32>;
    PackSignedWords: "PACKSSWB.", _mm_packs_epi16, packed::pack_signed::<u128, u16, u8>;
    PackSignedDwords: "PACKSSDW.", _mm_packs_epi32, packed::pack_signed::<u128, u32, u16>;
    PackUnsignedWords: "PACKUSWB.", _mm_packus_epi16, packed::pack_unsigned::<u128, u16, u8>;
    AddSignedBytes: "PADDSB.", _mm_adds_epi8, packed::adds::<u128, u8>;
    AddSignedWords: "PADDSW.", _mm_adds_epi16, packed::adds::<u128, u16>;
    AddUnsignedBytes: "PADDUSB.", _mm_adds_epu8, packed::addus::<u128, u8>;
    AddUnsignedWords: "PADDUSW.", _mm_adds_epu16, packed::addus::<u128, u16>;
    SubSignedBytes: "PSUBSB.", _mm_subs_epi8, packed::subs::<u128, u8>;
    SubSignedWords: "PSUBSW.", _mm_subs_epi16, packed::subs::<u128, u16>;
    SubUnsignedBytes: "PSUBUSB.", _mm_subs_epu8, packed::subus::<u128, u8>;
    SubUnsignedWords: "PSUBUSW.", _mm_subs_epu16, packed::subus::<u128, u16>;
    LeastUnsignedBytes: "PMINUB.", _mm_min_epu8, packed::min_unsigned::<u128, u8>;
    MostUnsignedBytes: "PMAXUB.", _mm_max_epu8, packed::max_unsigned::<u128, u8>;
    LeastSignedWords: "PMINSW.", _mm_min_epi16, packed::min_signed::<u128, u16>;
    MostSignedWords: "PMAXSW.", _mm_max_epi16, packed::max_signed::<u128, u16>;
    AverageBytes: "PAVGB.", _mm_avg_epu8, packed::avg::<u128, u8>;
    AverageWords: "PAVGW.", _mm_avg_epu16, packed::avg::<u128, u16>;
    MultiplyLow: "PMULLW.", _mm_mullo_epi16, packed::mull::<u128, u16>;
    MultiplyHigh: "PMULHW.", _mm_mulhi_epi16, packed::mulh::<u128>;
    MultiplyHighUnsigned: "PMULHUW.", _mm_mulhi_epu16, packed::mulhu::<u128>;
    MultiplyDwords: "PMULUDQ.", _mm_mul_epu32, packed::muludq::<u128>;
    MultiplyAdd: "PMADDWD.", _mm_madd_epi16, packed::maddwd::<u128>;
    SumDifferences: "PSADBW.", _mm_sad_epu8, packed::sad::<u128>;
}

/// The act of an opcode of the map 0F behind 66h: `by_opcode!(opcode, acted(i, flat))` is `acted::<UnpackLowBytes>(i, flat)`
/// and so on, or nothing.
macro_rules! by_opcode {
    ($opcode:expr, $pick:ident($($arg:expr),*)) => {
        match $opcode {
            0x60 => $pick::<simd_packed::UnpackLowBytes>($($arg),*),
            0x61 => $pick::<simd_packed::UnpackLowWords>($($arg),*),
            0x62 => $pick::<simd_packed::UnpackLowDwords>($($arg),*),
            0x63 => $pick::<simd_packed::PackSignedWords>($($arg),*),
            0x67 => $pick::<simd_packed::PackUnsignedWords>($($arg),*),
            0x68 => $pick::<simd_packed::UnpackHighBytes>($($arg),*),
            0x69 => $pick::<simd_packed::UnpackHighWords>($($arg),*),
            0x6A => $pick::<simd_packed::UnpackHighDwords>($($arg),*),
            0x6B => $pick::<simd_packed::PackSignedDwords>($($arg),*),
            0xD5 => $pick::<simd_packed::MultiplyLow>($($arg),*),
            0xD8 => $pick::<simd_packed::SubUnsignedBytes>($($arg),*),
            0xD9 => $pick::<simd_packed::SubUnsignedWords>($($arg),*),
            0xDA => $pick::<simd_packed::LeastUnsignedBytes>($($arg),*),
            0xDC => $pick::<simd_packed::AddUnsignedBytes>($($arg),*),
            0xDD => $pick::<simd_packed::AddUnsignedWords>($($arg),*),
            0xDE => $pick::<simd_packed::MostUnsignedBytes>($($arg),*),
            0xE0 => $pick::<simd_packed::AverageBytes>($($arg),*),
            0xE3 => $pick::<simd_packed::AverageWords>($($arg),*),
            0xE4 => $pick::<simd_packed::MultiplyHighUnsigned>($($arg),*),
            0xE5 => $pick::<simd_packed::MultiplyHigh>($($arg),*),
            0xE8 => $pick::<simd_packed::SubSignedBytes>($($arg),*),
            0xE9 => $pick::<simd_packed::SubSignedWords>($($arg),*),
            0xEA => $pick::<simd_packed::LeastSignedWords>($($arg),*),
            0xEC => $pick::<simd_packed::AddSignedBytes>($($arg),*),
            0xED => $pick::<simd_packed::AddSignedWords>($($arg),*),
            0xEE => $pick::<simd_packed::MostSignedWords>($($arg),*),
            0xF4 => $pick::<simd_packed::MultiplyDwords>($($arg),*),
            0xF5 => $pick::<simd_packed::MultiplyAdd>($($arg),*),
            0xF6 => $pick::<simd_packed::SumDifferences>($($arg),*),
            _ => None,
        }
    };
}
pub(super) use by_opcode;

/// PSLLDQ, PSRLDQ `xmm, imm8`: by bytes.
pub(super) unsafe fn shift_bytes<const LEFT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !usable(c) {
            return bail(c, h, i);
        }
        let (whole, bits) = (joined(pair(c, (*i).dst)), 8 * u32::from((*i).imm as u8));
        let shifted = if LEFT { whole.checked_shl(bits) } else { whole.checked_shr(bits) };
        set_pair(c, (*i).dst, split(shifted.unwrap_or(0)));
        next(c, h, i, v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_gives_what_the_plain_rules_give() {
        let mut x = 1_u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Ends of ranges now and then: saturation is seldom elsewhere.
            let bytes = (x ^ x >> 29).to_le_bytes();
            let ends = [0x00, 0x7F, 0x80, 0xFF];
            let some = bytes.map(|byte| if byte & 0x30 == 0 { ends[usize::from(byte & 3)] } else { byte });
            u64::from_le_bytes(some)
        };
        for (name, host, plain) in ALL {
            for _ in 0..2000 {
                let (a, b) = ([next(), next()], [next(), next()]);
                assert_eq!(host(a, b), Some(split(plain(joined(a), joined(b)))), "{name} of {a:x?} and {b:x?}");
            }
        }
    }
}
