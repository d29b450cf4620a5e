//! Multiplication and division. SDM Vol.1 7.3.2.4 "Multiplication and Division Instructions".

use super::parity;
use crate::flags::{CF, OF, SF};
use crate::width::Width;

/// Unsigned product: low half, high half. CF and OF tell that the high half is not zero; SF and PF, undefined, are
/// those of the low half, ZF and AF are cleared.
#[inline]
pub fn mul<W: Width>(a: W, b: W) -> (W, W, u32) {
    let product = u128::from(a.as_()) * u128::from(b.as_());
    let low = W::truncate(product as u64);
    let high = W::truncate((product >> W::BITS) as u64);
    (low, high, product_flags(low, !high.is_zero()))
}

/// Signed product: low half, high half. CF and OF tell that the product does not fit the low half; the others as
/// [`mul`].
#[inline]
pub fn imul<W: Width>(a: W, b: W) -> (W, W, u32) {
    let product = i128::from(a.sign_extend()) * i128::from(b.sign_extend());
    let low = W::truncate(product as u64);
    let high = W::truncate((product >> W::BITS) as u64);
    let overflow = i128::from(low.sign_extend()) != product;
    (low, high, product_flags(low, overflow))
}

fn product_flags<W: Width>(low: W, overflow: bool) -> u32 {
    let sign = if low.sign() { SF } else { 0 };
    let over = if overflow { CF | OF } else { 0 };
    sign | parity(low) | over
}

/// Unsigned quotient and remainder of `high:low`; `None` (#DE) if the divisor is zero or the quotient does not fit.
/// DIV and IDIV change no flag: all are undefined in the manual.
#[inline]
pub fn div<W: Width>(high: W, low: W, divisor: W) -> Option<(W, W)> {
    // The quotient fits exactly if the high half is below the divisor; that also excludes zero.
    if high >= divisor {
        return None;
    }
    let dividend = u128::from(high.as_()) << W::BITS | u128::from(low.as_());
    let divisor = divisor.as_();
    let (quotient, remainder) = match u64::try_from(dividend) {
        Ok(narrow) => (narrow / divisor, narrow % divisor),
        Err(_) => {
            let wide = u128::from(divisor);
            ((dividend / wide) as u64, (dividend % wide) as u64)
        }
    };
    Some((W::truncate(quotient), W::truncate(remainder)))
}

/// Signed quotient, rounded toward zero, and remainder of `high:low`; `None` as for [`div`].
#[inline]
pub fn idiv<W: Width>(high: W, low: W, divisor: W) -> Option<(W, W)> {
    let dividend = i128::from(high.sign_extend()) << W::BITS | i128::from(low.as_());
    let divisor = divisor.sign_extend();
    let (quotient, remainder) = match i64::try_from(dividend) {
        Ok(narrow) => (narrow.checked_div(divisor)?, narrow.checked_rem(divisor)?),
        Err(_) => {
            let wide = i128::from(divisor);
            let quotient = i64::try_from(dividend.checked_div(wide)?).ok()?;
            (quotient, dividend.checked_rem(wide)? as i64)
        }
    };
    let result = W::truncate(quotient as u64);
    (result.sign_extend() == quotient).then(|| (result, W::truncate(remainder as u64)))
}

#[cfg(test)]
mod tests {
    use super::super::reference::{self, even_parity, signed, signed_fits, unsigned_fits};
    use super::*;
    use crate::flags::PF;

    fn flags<W: Width>(low: W, overflow: bool) -> u32 {
        let mut all = if overflow { CF | OF } else { 0 };
        if signed(low) < 0 {
            all |= SF;
        }
        if even_parity(low.as_()) {
            all |= PF;
        }
        all
    }

    /// Schoolbook multiplication of magnitudes by adding, in 128 bits of two's complement.
    fn product(a: i128, b: i128) -> i128 {
        let mut sum = 0u128;
        for at in 0..64 {
            if b.unsigned_abs() >> at & 1 == 1 {
                sum += a.unsigned_abs() << at;
            }
        }
        let signed = sum as i128;
        if (a < 0) != (b < 0) { signed.wrapping_neg() } else { signed }
    }

    fn check_product<W: Width>(a: W, b: W) {
        let halves = |exact: i128| {
            let low = W::truncate(exact as u64);
            (low, W::truncate((exact >> W::BITS) as u64))
        };
        let exact = product(a.as_().into(), b.as_().into());
        let (low, high) = halves(exact);
        let fits = exact as u128 >> W::BITS == 0;
        assert_eq!(mul(a, b), (low, high, flags(low, !fits)));
        let exact = product(signed(a), signed(b));
        let (low, high) = halves(exact);
        assert_eq!(imul(a, b), (low, high, flags(low, !signed_fits::<W>(exact))));
    }

    #[test]
    fn products_agree_with_adding_shifted_copies() {
        reference::for_pairs::<u8>(check_product);
        reference::for_pairs::<u16>(check_product);
        reference::for_pairs::<u32>(check_product);
        reference::for_pairs::<u64>(check_product);
    }

    /// A quotient is right if it times the divisor plus a small enough remainder of the dividend's sign gives the
    /// dividend. Quotients that do not fit are found by bounding the dividend.
    fn check_quotient<W: Width>(dividend: W, high: W, divisor: W) {
        let (d, v) = (i128::from(high.as_()) << W::BITS | i128::from(dividend.as_()), i128::from(divisor.as_()));
        match div(high, dividend, divisor) {
            Some((q, r)) => {
                let (q, r) = (i128::from(q.as_()), i128::from(r.as_()));
                assert!(q * v + r == d && r < v, "{d:x} / {v:x}");
            }
            None => assert!(v == 0 || !unsigned_fits::<W>(d.div_euclid(v))),
        }
        let (d, v) = (signed(high) << W::BITS | i128::from(dividend.as_()), signed(divisor));
        match idiv(high, dividend, divisor) {
            Some((q, r)) => {
                let (q, r) = (signed(q), signed(r));
                assert!(q * v + r == d && r.abs() < v.abs(), "{d} / {v}");
                assert!(r == 0 || (r < 0) == (d < 0), "the remainder has the dividend's sign");
            }
            None => {
                let smallest = 1i128 << (W::BITS - 1);
                let magnitude = d.unsigned_abs() / v.unsigned_abs().max(1);
                let limit = if (d < 0) == (v < 0) { smallest - 1 } else { smallest };
                assert!(v == 0 || magnitude > limit as u128, "{d} / {v}");
            }
        }
    }

    #[test]
    fn quotients_multiply_back() {
        for high in 0..=u8::MAX {
            for low in 0..=u8::MAX {
                for divisor in (0..=u8::MAX).step_by(if high < 8 { 1 } else { 5 }) {
                    check_quotient(low, high, divisor);
                }
            }
        }
        let mut random = reference::Random::default();
        for _ in 0..20_000 {
            let (low, high, divisor) = (random.next(), random.next(), random.next());
            // Every size of high half, so that most quotients fit.
            let high = high >> (random.next() & 63);
            check_quotient::<u16>(low as u16, high as u16, divisor as u16);
            check_quotient::<u32>(low as u32, high as u32, divisor as u32);
            check_quotient::<u64>(low, high >> 1, divisor | 1);
        }
    }

    #[test]
    fn the_smallest_quotient_fits_and_one_less_does_not() {
        assert_eq!(idiv(0xFFu8, 0x80, 1), Some((0x80, 0)));
        assert_eq!(idiv(0u8, 0x80, 1), None);
        assert_eq!(idiv(0xFF80u16, 0, 0x0100), Some((0x8000, 0)));
        assert_eq!(idiv(1u64 << 63, 0, u64::MAX), None);
        assert_eq!(idiv(1u32 << 31, 0, u32::MAX), None);
        assert_eq!(div(0u64, 5, 0), None);
    }
}
