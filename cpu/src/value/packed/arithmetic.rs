//! Sums, differences, products, averages. SDM Vol.1 9.4.2 "Arithmetic Instructions".

use num_traits::{WrappingAdd, WrappingMul, WrappingSub};

use super::{Packed, quad, signed};
use crate::width::Width;

/// PADDB, PADDW, PADDD, PADDQ.
#[inline(always)]
pub fn add<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::add::<W>)
}

/// PSUBB, PSUBW, PSUBD, PSUBQ.
#[inline(always)]
pub fn sub<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::sub::<W>)
}

/// PADDSB, PADDSW.
#[inline(always)]
pub fn adds<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::adds::<W>)
}

/// PSUBSB, PSUBSW.
#[inline(always)]
pub fn subs<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::subs::<W>)
}

/// PADDUSB, PADDUSW.
#[inline(always)]
pub fn addus<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::addus::<W>)
}

/// PSUBUSB, PSUBUSW.
#[inline(always)]
pub fn subus<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::subus::<W>)
}

/// PMULLW, PMULLD: the low half of each product.
#[inline(always)]
pub fn mull<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| WrappingMul::wrapping_mul(&x, &y))
}

/// PMULHW: the high half of each signed product.
#[inline(always)]
pub fn mulh<V: Packed>(a: V, b: V) -> V {
    a.zip(b, |x: u16, y: u16| ((i32::from(x as i16) * i32::from(y as i16)) >> 16) as u16)
}

/// PMULHUW: the high half of each unsigned product.
#[inline(always)]
pub fn mulhu<V: Packed>(a: V, b: V) -> V {
    a.zip(b, |x: u16, y: u16| ((u32::from(x) * u32::from(y)) >> 16) as u16)
}

/// PMULHRSW: bits 30 to 15 of each signed product, rounded.
#[inline(always)]
pub fn mulhrs<V: Packed>(a: V, b: V) -> V {
    a.zip(b, |x: u16, y: u16| ((((i32::from(x as i16) * i32::from(y as i16)) >> 14) + 1) >> 1) as u16)
}

/// PMULUDQ: the products of the low doublewords.
#[inline(always)]
pub fn muludq<V: Packed>(a: V, b: V) -> V {
    a.zip(b, |x: u64, y: u64| (x & 0xFFFF_FFFF) * (y & 0xFFFF_FFFF))
}

/// PMULDQ: the signed products of the low doublewords.
#[inline(always)]
pub fn muldq<V: Packed>(a: V, b: V) -> V {
    a.zip(b, |x: u64, y: u64| (i64::from(x as i32) * i64::from(y as i32)) as u64)
}

/// PMADDWD: sums of neighbouring products. Only the sum of two squares of -32768 does not fit; it wraps.
#[inline(always)]
pub fn maddwd<V: Packed>(a: V, b: V) -> V {
    let product = |n: usize| i32::from(a.lane::<u16>(n) as i16) * i32::from(b.lane::<u16>(n) as i16);
    V::from_lanes(|n| product(2 * n).wrapping_add(product(2 * n + 1)) as u32)
}

/// PMADDUBSW: sums of neighbouring products of unsigned bytes with signed ones, saturated.
#[inline(always)]
pub fn maddubs<V: Packed>(a: V, b: V) -> V {
    let product = |n: usize| i64::from(a.lane::<u8>(n)) * i64::from(b.lane::<u8>(n) as i8);
    V::from_lanes(|n| signed::<u16>(product(2 * n) + product(2 * n + 1)))
}

/// PSADBW: sums of absolute differences of eight bytes each.
#[inline(always)]
pub fn sad<V: Packed>(a: V, b: V) -> V {
    let difference = |n: usize| u64::from(a.lane::<u8>(n).abs_diff(b.lane::<u8>(n)));
    V::from_lanes(|n| (8 * n..8 * n + 8).map(difference).sum::<u64>())
}

/// MPSADBW: eight sums of absolute differences of four bytes: those that bits 1 and 0 of the immediate choose of `b`,
/// against those from where bit 2 says on in `a`.
pub fn mpsad(a: u128, b: u128, imm: u8) -> u128 {
    let (a_at, b_at) = (usize::from(imm >> 2 & 1) * 4, usize::from(imm & 3) * 4);
    let difference = |n: usize, k: usize| u16::from(a.lane::<u8>(a_at + n + k).abs_diff(b.lane::<u8>(b_at + k)));
    u128::from_lanes(|n| (0..4).map(|k| difference(n, k)).sum::<u16>())
}

/// PAVGB, PAVGW: rounded up.
#[inline(always)]
pub fn avg<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::avg::<W>)
}

/// PABSB, PABSW, PABSD. The most negative value stays.
#[inline(always)]
pub fn abs<V: Packed, W: Width>(a: V) -> V {
    a.map(|x: W| W::truncate(x.sign_extend().unsigned_abs()))
}

/// PSIGNB, PSIGNW, PSIGND: negated, cleared or kept, as the other operand's lane is negative, zero or positive.
#[inline(always)]
pub fn sign<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| W::truncate(x.sign_extend().wrapping_mul(y.sign_extend().signum()) as u64))
}

/// The lanes that a horizontal instruction makes of neighbours: of `a` in the lower half, of `b` in the upper.
#[inline(always)]
fn horizontal<V: Packed, W: Width>(a: V, b: V, act: impl Fn(W, W) -> W) -> V {
    let half = V::lanes::<W>() / 2;
    V::from_lanes(|n| {
        let (from, at) = if n < half { (a, 2 * n) } else { (b, 2 * (n - half)) };
        act(from.lane(at), from.lane(at + 1))
    })
}

/// PHADDW, PHADDD.
#[inline(always)]
pub fn hadd<V: Packed, W: Width>(a: V, b: V) -> V {
    horizontal(a, b, |x: W, y: W| WrappingAdd::wrapping_add(&x, &y))
}

/// PHSUBW, PHSUBD: the lower neighbour minus the upper.
#[inline(always)]
pub fn hsub<V: Packed, W: Width>(a: V, b: V) -> V {
    horizontal(a, b, |x: W, y: W| WrappingSub::wrapping_sub(&x, &y))
}

/// PHADDSW.
#[inline(always)]
pub fn hadds<V: Packed>(a: V, b: V) -> V {
    horizontal(a, b, |x: u16, y: u16| signed(x.sign_extend() + y.sign_extend()))
}

/// PHSUBSW.
#[inline(always)]
pub fn hsubs<V: Packed>(a: V, b: V) -> V {
    horizontal(a, b, |x: u16, y: u16| signed(x.sign_extend() - y.sign_extend()))
}

/// PHMINPOSUW: the least word and its number.
pub fn hminposu(a: u128) -> u128 {
    let least = (0..8).min_by_key(|n| a.lane::<u16>(*n)).unwrap_or(0);
    u128::from(a.lane::<u16>(least)) | (least as u128) << 16
}
