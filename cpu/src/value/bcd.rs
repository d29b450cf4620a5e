//! Decimal arithmetic. SDM Vol.1 7.3.3 "Decimal Arithmetic Instructions".

use super::{add, result_flags};
use crate::flags::{AF, CF};

/// Adjusts AL after the addition of packed digits. OF, undefined, is cleared.
pub fn daa(al: u8, flags: u32) -> (u8, u32) {
    let (ones, tens) = adjustments(al, flags);
    let result = al.wrapping_add(ones.0).wrapping_add(tens.0);
    (result, ones.1 | tens.1 | result_flags(result))
}

/// Adjusts AL after the subtraction of packed digits. OF, undefined, is cleared.
pub fn das(al: u8, flags: u32) -> (u8, u32) {
    let (ones, tens) = adjustments(al, flags);
    let result = al.wrapping_sub(ones.0).wrapping_sub(tens.0);
    // Taking 6 from AL may borrow although no ten is taken.
    let borrow = if al < ones.0 { CF } else { 0 };
    (result, ones.1 | tens.1 | borrow | result_flags(result))
}

/// What the two digits of AL want added or subtracted, each with its flag.
fn adjustments(al: u8, flags: u32) -> ((u8, u32), (u8, u32)) {
    let ones = if al & 15 > 9 || flags & AF != 0 { (6, AF) } else { (0, 0) };
    let tens = if al > 0x99 || flags & CF != 0 { (0x60, CF) } else { (0, 0) };
    (ones, tens)
}

/// Adjusts AX after the addition of unpacked digits. OF, SF, ZF and PF, undefined, are those of the new AL.
pub fn aaa(ax: u16, flags: u32) -> (u16, u32) {
    unpacked(ax, 0x106, flags)
}

/// Adjusts AX after the subtraction of unpacked digits. Undefined flags as for [`aaa`].
pub fn aas(ax: u16, flags: u32) -> (u16, u32) {
    unpacked(ax, 0x106u16.wrapping_neg(), flags)
}

fn unpacked(ax: u16, adjustment: u16, flags: u32) -> (u16, u32) {
    let carries = ax & 15 > 9 || flags & AF != 0;
    let (ax, carry) = if carries { (ax.wrapping_add(adjustment), AF | CF) } else { (ax, 0) };
    let ax = ax & 0xFF0F;
    (ax, carry | result_flags(ax as u8))
}

/// AH and AL of AL divided by the base; `None` (#DE) for base 0. SF, ZF and PF are those of AL; OF, AF and CF,
/// undefined, are cleared.
pub fn aam(al: u8, base: u8) -> Option<(u16, u32)> {
    let digits = (al.checked_div(base)?, al.checked_rem(base)?);
    Some((u16::from_le_bytes([digits.1, digits.0]), result_flags(digits.1)))
}

/// AL plus AH times the base, in AX with AH 0. OF, AF and CF, undefined, are those of the 8-bit addition.
pub fn aad(ax: u16, base: u8) -> (u16, u32) {
    let [al, ah] = ax.to_le_bytes();
    let (sum, flags) = add(al, ah.wrapping_mul(base), false);
    (u16::from(sum), flags)
}

#[cfg(test)]
mod tests {
    use super::super::reference::flags_of;
    use super::*;

    /// The manual's own words for DAA and DAS, step by step in wide integers.
    fn packed(al: u8, flags: u32, sign: i32) -> (u8, u32) {
        let old = i32::from(al);
        let (mut value, mut carry, mut adjust) = (old, false, false);
        if old % 16 > 9 || flags & AF != 0 {
            value += 6 * sign;
            carry = flags & CF != 0 || !(0..256).contains(&value);
            value &= 255;
            adjust = true;
        }
        if old > 0x99 || flags & CF != 0 {
            value = (value + 0x60 * sign) & 255;
            carry = true;
        } else if sign > 0 {
            carry = false;
        }
        (value as u8, flags_of(value as u8, carry, adjust, false))
    }

    #[test]
    fn packed_adjustments_follow_the_manual_step_by_step() {
        for al in 0..=u8::MAX {
            for flags in [0, AF, CF, AF | CF] {
                assert_eq!(daa(al, flags), packed(al, flags, 1), "daa {al:x}");
                assert_eq!(das(al, flags), packed(al, flags, -1), "das {al:x}");
            }
        }
    }

    #[test]
    fn adding_packed_digits_gives_packed_digits() {
        let pack = |n: u32| (n / 10 * 16 + n % 10) as u8;
        for x in 0..100 {
            for y in 0..100 {
                let (sum, flags) = add(pack(x), pack(y), false);
                let (al, flags) = daa(sum, flags);
                assert_eq!(al, pack((x + y) % 100));
                assert_eq!(flags & CF != 0, x + y > 99);
                let (difference, flags) = super::super::sub(pack(x), pack(y), false);
                let (al, flags) = das(difference, flags);
                assert_eq!(al, pack((100 + x - y) % 100));
                assert_eq!(flags & CF != 0, y > x);
            }
        }
    }

    #[test]
    fn unpacked_adjustments_change_ax_as_one_number() {
        for ax in 0..=u16::MAX {
            for flags in [0, AF] {
                let wants = ax % 16 > 9 || flags == AF;
                let change = if wants { 0x106 } else { 0 };
                for (got, exact) in [(aaa(ax, flags), i32::from(ax) + change), (aas(ax, flags), i32::from(ax) - change)]
                {
                    let expected = (exact.rem_euclid(65536) as u16) & 0xFF0F;
                    let flags = flags_of(expected as u8, wants, wants, false);
                    assert_eq!(got, (expected, flags), "{ax:x}");
                }
            }
        }
    }

    #[test]
    fn aam_and_aad_are_inverse_in_every_base() {
        for al in 0..=u8::MAX {
            assert_eq!(aam(al, 0), None);
            for base in 1..=u8::MAX {
                let (ax, flags) = aam(al, base).expect("the base is not zero");
                assert_eq!(u32::from(ax >> 8) * u32::from(base) + u32::from(ax & 255), u32::from(al));
                assert!(ax & 255 < u16::from(base));
                assert_eq!(flags, flags_of(ax as u8, false, false, false));
                assert_eq!(aad(ax, base).0, u16::from(al));
            }
        }
    }
}
