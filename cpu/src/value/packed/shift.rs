//! Shifts of lanes, and of a whole register by bytes. SDM Vol.1 9.4.7 "Shift Instructions".

use super::{Packed, quad};
use crate::width::Width;

/// PSLLW, PSLLD, PSLLQ: a count beyond the lane leaves zeros.
#[inline(always)]
pub fn left<V: Packed, W: Width>(a: V, count: u64) -> V {
    if count >= u64::from(W::BITS) { V::zero() } else { a.each_quad(|x| quad::left::<W>(x, count as u32)) }
}

/// PSRLW, PSRLD, PSRLQ: a count beyond the lane leaves zeros.
#[inline(always)]
pub fn right<V: Packed, W: Width>(a: V, count: u64) -> V {
    if count >= u64::from(W::BITS) { V::zero() } else { a.each_quad(|x| quad::right::<W>(x, count as u32)) }
}

/// PSRAW, PSRAD: a count beyond the lane leaves copies of its sign.
#[inline(always)]
pub fn right_signed<V: Packed, W: Width>(a: V, count: u64) -> V {
    let count = count.min(u64::from(W::BITS) - 1);
    a.each_quad(|x| quad::right_signed::<W>(x, count as u32))
}

/// PSLLDQ: left by bytes.
#[inline(always)]
pub fn left_bytes(a: u128, bytes: u64) -> u128 {
    if bytes > 15 { 0 } else { a << (8 * bytes) }
}

/// PSRLDQ: right by bytes.
#[inline(always)]
pub fn right_bytes(a: u128, bytes: u64) -> u128 {
    if bytes > 15 { 0 } else { a >> (8 * bytes) }
}

/// PALIGNR: the register that begins so many bytes into `b` followed by `a`.
#[inline(always)]
pub fn align<V: Packed>(a: V, b: V, bytes: u8) -> V {
    V::from_lanes(|n| {
        let at = n + usize::from(bytes);
        match at.checked_sub(V::BYTES) {
            None => b.lane::<u8>(at),
            Some(at) if at < V::BYTES => a.lane(at),
            Some(_) => 0,
        }
    })
}
