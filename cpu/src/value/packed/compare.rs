//! Comparisons, least and greatest, and signs as bits. SDM Vol.1 9.4.3 "Comparison Instructions".

use super::{Packed, quad};
use crate::width::Width;

/// PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ.
#[inline(always)]
pub fn equal<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::equal::<W>)
}

/// PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ: signed.
#[inline(always)]
pub fn greater<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::greater::<W>)
}

/// PMINUB, PMINUW, PMINUD.
#[inline(always)]
pub fn min_unsigned<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::min_unsigned::<W>)
}

/// PMAXUB, PMAXUW, PMAXUD.
#[inline(always)]
pub fn max_unsigned<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::max_unsigned::<W>)
}

/// PMINSB, PMINSW, PMINSD.
#[inline(always)]
pub fn min_signed<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::min_signed::<W>)
}

/// PMAXSB, PMAXSW, PMAXSD.
#[inline(always)]
pub fn max_signed<V: Packed, W: Width>(a: V, b: V) -> V {
    a.quads(b, quad::max_signed::<W>)
}

/// MOVMSKPS, MOVMSKPD: the sign of each lane as a bit.
#[inline(always)]
pub fn signs<V: Packed, W: Width>(a: V) -> u32 {
    (0..V::lanes::<W>()).fold(0, |bits, n| bits | u32::from(a.lane::<W>(n).sign()) << n)
}

/// PMOVMSKB: the sign of each byte as a bit.
#[inline(always)]
pub fn byte_signs<V: Packed>(a: V) -> u32 {
    (0..V::lanes::<u64>()).fold(0, |bits, n| bits | quad::byte_signs(a.lane(n)) << (8 * n))
}
