//! Addition and subtraction. SDM Vol.1 7.3.2 "Binary Arithmetic Instructions".

use super::{carry_flags, result_flags};
use crate::flags::CF;
use crate::width::Width;

/// `a + b + carry`: ADD, ADC, XADD. All six flags.
#[inline(always)]
pub fn add<W: Width>(a: W, b: W, carry: bool) -> (W, u32) {
    let sum = a.wrapping_add(&b).wrapping_add(&bit::<W>(carry));
    let carries = (a & b) | ((a | b) & !sum);
    let overflow = (a ^ sum) & (b ^ sum);
    (sum, carry_flags(carries, overflow) | result_flags(sum))
}

/// `a - b - borrow`: SUB, SBB, CMP, CMPXCHG, CMPS, SCAS. All six flags.
#[inline(always)]
pub fn sub<W: Width>(a: W, b: W, borrow: bool) -> (W, u32) {
    let difference = a.wrapping_sub(&b).wrapping_sub(&bit::<W>(borrow));
    let borrows = (!a & b) | ((!a | b) & difference);
    let overflow = (a ^ b) & (a ^ difference);
    (difference, carry_flags(borrows, overflow) | result_flags(difference))
}

/// `a + 1`. CF stays as it was in `flags`.
#[inline(always)]
pub fn inc<W: Width>(a: W, flags: u32) -> (W, u32) {
    let (sum, new) = add(a, W::one(), false);
    (sum, (new & !CF) | (flags & CF))
}

/// `a - 1`. CF stays as it was in `flags`.
#[inline(always)]
pub fn dec<W: Width>(a: W, flags: u32) -> (W, u32) {
    let (difference, new) = sub(a, W::one(), false);
    (difference, (new & !CF) | (flags & CF))
}

/// `0 - a`. All six flags.
#[inline(always)]
pub fn neg<W: Width>(a: W) -> (W, u32) {
    sub(W::zero(), a, false)
}

#[inline(always)]
fn bit<W: Width>(on: bool) -> W {
    if on { W::one() } else { W::zero() }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{self, flags_of, signed, signed_fits, unsigned_fits};
    use super::*;
    use crate::flags::ARITHMETIC;

    /// Wide arithmetic: the exact result as an integer, and the low nibbles' alone.
    fn check<W: Width>(got: (W, u32), exact: i128, exact_signed: i128, nibbles: i128) {
        let result = W::truncate(exact as u64);
        let flags =
            flags_of(result, !unsigned_fits::<W>(exact), !(0..16).contains(&nibbles), !signed_fits::<W>(exact_signed));
        assert_eq!(got, (result, flags));
    }

    fn check_pair<W: Width>(a: W, b: W) {
        let (x, y) = (i128::from(a.as_()), i128::from(b.as_()));
        let (sx, sy) = (signed(a), signed(b));
        for carry in [0, 1] {
            let on = carry == 1;
            check(add(a, b, on), x + y + carry, sx + sy + carry, (x & 15) + (y & 15) + carry);
            check(sub(a, b, on), x - y - carry, sx - sy - carry, (x & 15) - (y & 15) - carry);
        }
        check(neg(a), -x, -sx, -(x & 15));
    }

    #[test]
    fn sums_and_differences_agree_with_wide_arithmetic() {
        reference::for_pairs::<u8>(check_pair);
        reference::for_pairs::<u16>(check_pair);
        reference::for_pairs::<u32>(check_pair);
        reference::for_pairs::<u64>(check_pair);
    }

    #[test]
    fn inc_and_dec_keep_the_carry() {
        for a in 0..=u8::MAX {
            for flags in [0, CF, ARITHMETIC] {
                let (sum, new) = inc(a, flags);
                assert_eq!((sum, new & !CF), (add(a, 1, false).0, add(a, 1, false).1 & !CF));
                assert_eq!(new & CF, flags & CF);
                let (difference, new) = dec(a, flags);
                assert_eq!((difference, new & !CF), (sub(a, 1, false).0, sub(a, 1, false).1 & !CF));
                assert_eq!(new & CF, flags & CF);
            }
        }
    }
}
