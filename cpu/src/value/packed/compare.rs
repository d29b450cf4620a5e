//! Comparisons, least and greatest, and signs as bits. SDM Vol.1 9.4.3 "Comparison Instructions".

use super::Packed;
use crate::width::Width;

/// All ones if it holds.
#[inline(always)]
fn ones<W: Width>(holds: bool) -> W {
    if holds { W::max_value() } else { W::zero() }
}

/// PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ.
#[inline(always)]
pub fn equal<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| ones(x == y))
}

/// PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ: signed.
#[inline(always)]
pub fn greater<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| ones(x.sign_extend() > y.sign_extend()))
}

/// PMINUB, PMINUW, PMINUD.
#[inline(always)]
pub fn min_unsigned<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| x.min(y))
}

/// PMAXUB, PMAXUW, PMAXUD.
#[inline(always)]
pub fn max_unsigned<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| x.max(y))
}

/// PMINSB, PMINSW, PMINSD.
#[inline(always)]
pub fn min_signed<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| if x.sign_extend() < y.sign_extend() { x } else { y })
}

/// PMAXSB, PMAXSW, PMAXSD.
#[inline(always)]
pub fn max_signed<V: Packed, W: Width>(a: V, b: V) -> V {
    a.zip(b, |x: W, y: W| if x.sign_extend() > y.sign_extend() { x } else { y })
}

/// PMOVMSKB, MOVMSKPS, MOVMSKPD: the sign of each lane as a bit.
#[inline(always)]
pub fn signs<V: Packed, W: Width>(a: V) -> u32 {
    (0..V::lanes::<W>()).fold(0, |bits, n| bits | u32::from(a.lane::<W>(n).sign()) << n)
}
