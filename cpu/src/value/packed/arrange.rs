//! Packs, unpacks and shuffles. SDM Vol.1 9.4.4 "Conversion Instructions", 9.4.5 "Unpack Instructions", 10.4.4 "SSE
//! Shuffle and Unpack Instructions".

use super::{Packed, signed, unsigned};
use crate::width::Width;

/// Lanes of `a`, then those of `b`, each made narrower.
#[inline(always)]
fn narrow<V: Packed, W: Width, N: Width>(a: V, b: V, act: impl Fn(i64) -> N) -> V {
    let half = V::lanes::<W>();
    V::from_lanes(|n| act(if n < half { a.lane::<W>(n) } else { b.lane::<W>(n - half) }.sign_extend()))
}

/// PACKSSWB (W is 16 bits, N is 8), PACKSSDW: signed to signed.
#[inline(always)]
pub fn pack_signed<V: Packed, W: Width, N: Width>(a: V, b: V) -> V {
    narrow::<V, W, N>(a, b, signed)
}

/// PACKUSWB, PACKUSDW: signed to unsigned.
#[inline(always)]
pub fn pack_unsigned<V: Packed, W: Width, N: Width>(a: V, b: V) -> V {
    narrow::<V, W, N>(a, b, unsigned)
}

/// PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ, PUNPCKLQDQ, UNPCKLPS, UNPCKLPD: the lower lanes, `a` and `b` in turn.
#[inline(always)]
pub fn unpack_low<V: Packed, W: Width>(a: V, b: V) -> V {
    V::from_lanes(|n| if n % 2 == 0 { a } else { b }.lane::<W>(n / 2))
}

/// PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PUNPCKHQDQ, UNPCKHPS, UNPCKHPD: the upper lanes.
#[inline(always)]
pub fn unpack_high<V: Packed, W: Width>(a: V, b: V) -> V {
    let half = V::lanes::<W>() / 2;
    V::from_lanes(|n| if n % 2 == 0 { a } else { b }.lane::<W>(half + n / 2))
}

/// The lane that two bits of an order name.
#[inline(always)]
fn choice(order: u8, number: usize) -> usize {
    usize::from(order >> (2 * number) & 3)
}

/// PSHUFW, PSHUFD: each of four lanes is the one that two bits of the order name.
#[inline(always)]
pub fn shuffle<V: Packed, W: Width>(a: V, order: u8) -> V {
    V::from_lanes(|n| a.lane::<W>(choice(order, n)))
}

/// PSHUFLW: the lower four words; the upper ones stay.
#[inline(always)]
pub fn shuffle_low_words(a: u128, order: u8) -> u128 {
    u128::from_lanes(|n| a.lane::<u16>(if n < 4 { choice(order, n) } else { n }))
}

/// PSHUFHW: the upper four words; the lower ones stay.
#[inline(always)]
pub fn shuffle_high_words(a: u128, order: u8) -> u128 {
    u128::from_lanes(|n| a.lane::<u16>(if n < 4 { n } else { 4 + choice(order, n - 4) }))
}

/// SHUFPS: two lanes of `a`, two of `b`.
#[inline(always)]
pub fn shuffle_singles(a: u128, b: u128, order: u8) -> u128 {
    u128::from_lanes(|n| if n < 2 { a } else { b }.lane::<u32>(choice(order, n)))
}

/// SHUFPD: one lane of `a`, one of `b`.
#[inline(always)]
pub fn shuffle_doubles(a: u128, b: u128, order: u8) -> u128 {
    u128::from_lanes(|n| if n == 0 { a } else { b }.lane::<u64>(usize::from(order >> n & 1)))
}

/// PSHUFB: bytes of `a` by number; bit 7 of a number clears the byte.
#[inline(always)]
pub fn shuffle_bytes<V: Packed>(a: V, order: V) -> V {
    order.map(|n: u8| if n & 0x80 != 0 { 0 } else { a.lane(usize::from(n) % V::BYTES) })
}

/// MOVDDUP, MOVSLDUP: even lanes twice.
#[inline(always)]
pub fn double_even<W: Width>(a: u128) -> u128 {
    u128::from_lanes(|n| a.lane::<W>(n & !1))
}

/// MOVSHDUP: odd lanes twice.
#[inline(always)]
pub fn double_odd<W: Width>(a: u128) -> u128 {
    u128::from_lanes(|n| a.lane::<W>(n | 1))
}

/// BLENDPS, BLENDPD, PBLENDW: lanes of `b` where the bit is set.
#[inline(always)]
pub fn blend<W: Width>(a: u128, b: u128, bits: u8) -> u128 {
    u128::from_lanes(|n| if bits >> n & 1 != 0 { b } else { a }.lane::<W>(n))
}

/// BLENDVPS, BLENDVPD, PBLENDVB: lanes of `b` where the mask's sign is set.
#[inline(always)]
pub fn blend_by_signs<W: Width>(a: u128, b: u128, mask: u128) -> u128 {
    u128::from_lanes(|n| if mask.lane::<W>(n).sign() { b } else { a }.lane::<W>(n))
}

/// PMOVSXBW and its kin: the lower lanes, made wider with their signs.
#[inline(always)]
pub fn widen_signed<N: Width, W: Width>(a: u128) -> u128 {
    u128::from_lanes(|n| W::truncate(a.lane::<N>(n).sign_extend() as u64))
}

/// PMOVZXBW and its kin: the lower lanes, made wider with zeros.
#[inline(always)]
pub fn widen_unsigned<N: Width, W: Width>(a: u128) -> u128 {
    u128::from_lanes(|n| W::truncate(a.lane::<N>(n).as_()))
}

/// INSERTPS: the lane of `value` goes where bits 5 and 4 say; bits 3 to 0 clear lanes.
#[inline(always)]
pub fn insert_single(a: u128, value: u32, imm: u8) -> u128 {
    let inserted = a.with_lane(usize::from(imm >> 4 & 3), value);
    u128::from_lanes(|n| if imm >> n & 1 != 0 { 0 } else { inserted.lane::<u32>(n) })
}
