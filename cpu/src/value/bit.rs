//! Bit scans and byte swap. SDM Vol.2A "BSF", "BSR", "BSWAP".

use super::parity;
use crate::flags::{CF, PF, ZF};
use crate::width::Width;

/// Number of the lowest set bit; `None` (ZF and PF set, destination kept) if there is none.
/// PF is that of the result; CF, OF, SF and AF are cleared. All but ZF are undefined in the manual.
#[inline(always)]
pub fn bsf<W: Width>(source: W) -> (Option<W>, u32) {
    scan(source, source.trailing_zeros())
}

/// Number of the highest set bit; else as [`bsf`].
#[inline(always)]
pub fn bsr<W: Width>(source: W) -> (Option<W>, u32) {
    scan(source, (W::BITS - 1).wrapping_sub(source.leading_zeros()))
}

#[inline(always)]
fn scan<W: Width>(source: W, number: u32) -> (Option<W>, u32) {
    if source.is_zero() {
        return (None, ZF | PF);
    }
    let number = W::truncate(u64::from(number));
    (Some(number), parity(number))
}

/// Zeros below the lowest set bit. CF for a source of 0, ZF for a count of 0; SF, AF and PF, undefined in the manual, are
/// clear. OF stays.
#[inline(always)]
pub fn tzcnt<W: Width>(source: W) -> (Option<W>, u32) {
    count(source, source.trailing_zeros())
}

/// Zeros above the highest set bit; flags as [`tzcnt`].
#[inline(always)]
pub fn lzcnt<W: Width>(source: W) -> (Option<W>, u32) {
    count(source, source.leading_zeros())
}

#[inline(always)]
fn count<W: Width>(source: W, zeros: u32) -> (Option<W>, u32) {
    let when = |holds: bool, flag: u32| if holds { flag } else { 0 };
    (Some(W::truncate(zeros.into())), when(source.is_zero(), CF) | when(zeros == 0, ZF))
}

/// The bytes in opposite order. A 16-bit operand, undefined in the manual, gives 0.
#[inline]
pub fn bswap<W: Width>(value: W) -> W {
    if W::BITS == 16 { W::zero() } else { value.swap_bytes() }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{self, bits, even_parity};
    use super::*;

    fn check<W: Width>(source: W, _: W) {
        let ones = bits(source);
        let expect = |at: Option<usize>| match at {
            None => (None, ZF | PF),
            Some(at) => (Some(W::truncate(at as u64)), if even_parity(at as u64) { PF } else { 0 }),
        };
        assert_eq!(bsf(source), expect(ones.iter().position(|one| *one)));
        assert_eq!(bsr(source), expect(ones.iter().rposition(|one| *one)));
    }

    #[test]
    fn scans_find_the_outermost_ones() {
        reference::for_pairs::<u16>(check);
        reference::for_pairs::<u32>(check);
        reference::for_pairs::<u64>(check);
        for at in 0..64 {
            check(1u64 << at, 0);
        }
        check(0u32, 0);
    }

    #[test]
    fn bswap_turns_bytes_around() {
        assert_eq!(bswap(0x1234_5678u32), 0x7856_3412);
        assert_eq!(bswap(0x0123_4567_89AB_CDEFu64), 0xEFCD_AB89_6745_2301);
        assert_eq!(bswap(0x1234u16), 0);
    }
}
