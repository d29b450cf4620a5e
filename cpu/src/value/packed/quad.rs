//! Lanes of a quadword all at once, with the arithmetic of 64 bits: a carry is kept from crossing into the next lane by
//! treating each lane's top bit apart. The plain rules, a lane at a time, stand in this file's tests.

use std::marker::PhantomData;

use crate::width::Width;

/// Masks for lanes of a width.
struct Lanes<W>(PhantomData<W>);

impl<W: Width> Lanes<W> {
    /// Bit 0 of each lane.
    const LOW: u64 = u64::MAX / (u64::MAX >> (64 - W::BITS));
    /// The top bit of each lane.
    const TOP: u64 = Self::LOW << (W::BITS - 1);
}

/// Lanes whose top bit is set become ones, others zeros.
#[inline(always)]
fn spread<W: Width>(bits: u64) -> u64 {
    let top = bits & Lanes::<W>::TOP;
    top | (top - (top >> (W::BITS - 1)))
}

/// Bits of `a` where the mask is set, of `b` elsewhere.
#[inline(always)]
fn select(mask: u64, a: u64, b: u64) -> u64 {
    b ^ ((a ^ b) & mask)
}

/// Sums without carries between lanes.
#[inline(always)]
pub(super) fn add<W: Width>(a: u64, b: u64) -> u64 {
    let top = Lanes::<W>::TOP;
    (a & !top).wrapping_add(b & !top) ^ ((a ^ b) & top)
}

/// Differences without borrows between lanes.
#[inline(always)]
pub(super) fn sub<W: Width>(a: u64, b: u64) -> u64 {
    let top = Lanes::<W>::TOP;
    (a | top).wrapping_sub(b & !top) ^ ((a ^ !b) & top)
}

/// The least and the greatest signed value, as the first operand's sign has it.
#[inline(always)]
fn signed_end<W: Width>(a: u64) -> u64 {
    !Lanes::<W>::TOP + ((a & Lanes::<W>::TOP) >> (W::BITS - 1))
}

/// Signed sums, saturated.
#[inline(always)]
pub(super) fn adds<W: Width>(a: u64, b: u64) -> u64 {
    let sum = add::<W>(a, b);
    select(spread::<W>((a ^ sum) & (b ^ sum)), signed_end::<W>(a), sum)
}

/// Signed differences, saturated.
#[inline(always)]
pub(super) fn subs<W: Width>(a: u64, b: u64) -> u64 {
    let difference = sub::<W>(a, b);
    select(spread::<W>((a ^ b) & (a ^ difference)), signed_end::<W>(a), difference)
}

/// Unsigned sums, saturated.
#[inline(always)]
pub(super) fn addus<W: Width>(a: u64, b: u64) -> u64 {
    let sum = add::<W>(a, b);
    sum | spread::<W>((a & b) | ((a | b) & !sum))
}

/// Ones in lanes where `a` is less than `b`, unsigned.
#[inline(always)]
fn below<W: Width>(a: u64, b: u64) -> u64 {
    spread::<W>((!a & b) | ((!a | b) & sub::<W>(a, b)))
}

/// Unsigned differences, at least zero.
#[inline(always)]
pub(super) fn subus<W: Width>(a: u64, b: u64) -> u64 {
    sub::<W>(a, b) & !below::<W>(a, b)
}

/// Ones where lanes are equal.
#[inline(always)]
pub(super) fn equal<W: Width>(a: u64, b: u64) -> u64 {
    let (differs, top) = (a ^ b, Lanes::<W>::TOP);
    !spread::<W>((differs & !top).wrapping_add(!top) | differs)
}

/// Ones where `a` is greater, signed.
#[inline(always)]
pub(super) fn greater<W: Width>(a: u64, b: u64) -> u64 {
    below::<W>(b ^ Lanes::<W>::TOP, a ^ Lanes::<W>::TOP)
}

/// The lesser of each pair, unsigned.
#[inline(always)]
pub(super) fn min_unsigned<W: Width>(a: u64, b: u64) -> u64 {
    select(below::<W>(a, b), a, b)
}

/// The greater of each pair, unsigned.
#[inline(always)]
pub(super) fn max_unsigned<W: Width>(a: u64, b: u64) -> u64 {
    select(below::<W>(a, b), b, a)
}

/// The lesser of each pair, signed.
#[inline(always)]
pub(super) fn min_signed<W: Width>(a: u64, b: u64) -> u64 {
    select(greater::<W>(b, a), a, b)
}

/// The greater of each pair, signed.
#[inline(always)]
pub(super) fn max_signed<W: Width>(a: u64, b: u64) -> u64 {
    select(greater::<W>(a, b), a, b)
}

/// Averages, rounded up.
#[inline(always)]
pub(super) fn avg<W: Width>(a: u64, b: u64) -> u64 {
    (a | b) - (((a ^ b) & !Lanes::<W>::LOW) >> 1)
}

/// Shifts to the left by less than a lane.
#[inline(always)]
pub(super) fn left<W: Width>(a: u64, count: u32) -> u64 {
    let kept = W::max_value().as_() >> count;
    (a & (kept * Lanes::<W>::LOW)) << count
}

/// Shifts to the right by less than a lane, zeros from above.
#[inline(always)]
pub(super) fn right<W: Width>(a: u64, count: u32) -> u64 {
    let kept = W::max_value().as_() >> count;
    a >> count & (kept * Lanes::<W>::LOW)
}

/// Shifts to the right by less than a lane, copies of the sign from above.
#[inline(always)]
pub(super) fn right_signed<W: Width>(a: u64, count: u32) -> u64 {
    let sign = Lanes::<W>::TOP >> count;
    sub::<W>(right::<W>(a, count) ^ sign, sign)
}

/// The signs of eight bytes: the product brings bit 8n to bit 56 + n.
#[inline(always)]
pub(super) fn byte_signs(a: u64) -> u32 {
    ((a >> 7 & Lanes::<u8>::LOW).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use super::super::{Packed, signed};
    use super::*;

    /// Quadwords whose lanes meet at the ends of their ranges and anywhere.
    fn quadwords() -> Vec<u64> {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut all =
            vec![0, u64::MAX, 0x8000_8000_8000_8000, 0x7FFF_7FFF_7FFF_7FFF, 0x8080_8080_7F7F_7F7F, 1, 1 << 63];
        for _ in 0..300 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            all.extend([seed, seed & 0x8181_8181_8181_8181, seed | 0x7E7E_7E7E_7E7E_7E7E]);
        }
        all
    }

    fn check<W: Width>() {
        type Rule<W> = (fn(u64, u64) -> u64, fn(W, W) -> W);
        let rules: [Rule<W>; 13] = [
            (add::<W>, |x, y| W::truncate(x.as_().wrapping_add(y.as_()))),
            (sub::<W>, |x, y| W::truncate(x.as_().wrapping_sub(y.as_()))),
            (equal::<W>, |x, y| if x == y { W::max_value() } else { W::zero() }),
            (greater::<W>, |x, y| if x.sign_extend() > y.sign_extend() { W::max_value() } else { W::zero() }),
            (min_unsigned::<W>, |x, y| x.min(y)),
            (max_unsigned::<W>, |x, y| x.max(y)),
            (min_signed::<W>, |x, y| W::truncate(x.sign_extend().min(y.sign_extend()) as u64)),
            (max_signed::<W>, |x, y| W::truncate(x.sign_extend().max(y.sign_extend()) as u64)),
            (avg::<W>, |x, y| W::truncate(((u128::from(x.as_()) + u128::from(y.as_()) + 1) >> 1) as u64)),
            (addus::<W>, |x, y| {
                W::truncate((u128::from(x.as_()) + u128::from(y.as_())).min(u128::from(W::max_value().as_())) as u64)
            }),
            (subus::<W>, |x, y| W::truncate(x.as_().saturating_sub(y.as_()))),
            (adds::<W>, |x, y| {
                if W::BITS == 64 {
                    W::truncate((x.as_() as i64).saturating_add(y.as_() as i64) as u64)
                } else {
                    signed(x.sign_extend() + y.sign_extend())
                }
            }),
            (subs::<W>, |x, y| {
                if W::BITS == 64 {
                    W::truncate((x.as_() as i64).saturating_sub(y.as_() as i64) as u64)
                } else {
                    signed(x.sign_extend() - y.sign_extend())
                }
            }),
        ];
        let all = quadwords();
        for (index, a) in all.iter().enumerate() {
            let b = all[(index * 7 + 3) % all.len()];
            for (number, (quick, plain)) in rules.iter().enumerate() {
                assert_eq!(quick(*a, b), a.zip(b, plain), "rule {number}: {a:x} {b:x}, {} bits", W::BITS);
            }
            let signs = (0..8).fold(0, |bits, n| bits | u32::from(a.lane::<u8>(n).sign()) << n);
            assert_eq!(byte_signs(*a), signs);
            for count in 0..W::BITS {
                assert_eq!(left::<W>(*a, count), a.map(|x: W| x << count as usize));
                assert_eq!(right::<W>(*a, count), a.map(|x: W| x >> count as usize));
                let signed = a.map(|x: W| W::truncate((x.sign_extend() >> count) as u64));
                assert_eq!(right_signed::<W>(*a, count), signed);
            }
        }
    }

    #[test]
    fn all_lanes_at_once_are_each_lane_alone() {
        check::<u8>();
        check::<u16>();
        check::<u32>();
        check::<u64>();
    }
}
