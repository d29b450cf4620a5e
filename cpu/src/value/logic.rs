//! Bitwise logic. SDM Vol.1 7.3.4 "Logical Instructions". CF and OF are cleared; AF, undefined, is cleared too.

use super::result_flags;
use crate::width::Width;

/// `a & b`: AND, TEST.
#[inline(always)]
pub fn and<W: Width>(a: W, b: W) -> (W, u32) {
    (a & b, result_flags(a & b))
}

/// `a | b`.
#[inline(always)]
pub fn or<W: Width>(a: W, b: W) -> (W, u32) {
    (a | b, result_flags(a | b))
}

/// `a ^ b`.
#[inline(always)]
pub fn xor<W: Width>(a: W, b: W) -> (W, u32) {
    (a ^ b, result_flags(a ^ b))
}

#[cfg(test)]
mod tests {
    use super::super::reference::{self, bits, flags_of, from_bits};
    use super::*;

    fn check_pair<W: Width>(a: W, b: W) {
        let join = |act: fn(bool, bool) -> bool| {
            let ones: Vec<bool> = bits(a).into_iter().zip(bits(b)).map(|(x, y)| act(x, y)).collect();
            let result = from_bits::<W>(&ones);
            (result, flags_of(result, false, false, false))
        };
        assert_eq!(and(a, b), join(|x, y| x && y));
        assert_eq!(or(a, b), join(|x, y| x || y));
        assert_eq!(xor(a, b), join(|x, y| x != y));
    }

    #[test]
    fn logic_agrees_with_single_bits() {
        reference::for_pairs::<u8>(check_pair);
        reference::for_pairs::<u16>(check_pair);
        reference::for_pairs::<u32>(check_pair);
        reference::for_pairs::<u64>(check_pair);
    }
}
