//! Shifts and rotates. SDM Vol.1 7.3.6 "Shift and Rotate Instructions".
//!
//! The count is masked to 5 bits (6 for 64-bit operands); with a masked count of zero nothing changes, flags included.
//! OF is defined for a count of 1 only. Measured for every count and instruction here: OF is what a shift or rotate
//! by *one* bit of the original operand would give. AF, undefined after shifts, is cleared.

use super::result_flags;
use crate::flags::{CF, OF};
use crate::width::Width;

#[inline(always)]
fn masked<W: Width>(count: u8) -> u32 {
    u32::from(count) & if W::BITS == 64 { 63 } else { 31 }
}

/// Bit `number` of the value; zero above its width.
#[inline(always)]
fn bit<W: Width>(value: W, number: u32) -> bool {
    value.as_() >> number & 1 != 0
}

/// The highest bit differs from the one below: shifting left by one changes the sign.
#[inline(always)]
fn sign_changes_leftward<W: Width>(value: W) -> bool {
    value.sign() != bit(value, W::BITS - 2)
}

#[inline(always)]
fn carry_and_overflow(carry: bool, overflow: bool) -> u32 {
    (if carry { CF } else { 0 }) | (if overflow { OF } else { 0 })
}

/// Flags of a shift. CF is the last bit out.
#[inline(always)]
fn shifted<W: Width>(result: W, carry: bool, overflow: bool) -> (W, u32) {
    (result, result_flags(result) | carry_and_overflow(carry, overflow))
}

/// Flags of a rotate: all but CF and OF stay.
#[inline(always)]
fn rotated<W: Width>(result: W, flags: u32, carry: bool, overflow: bool) -> (W, u32) {
    (result, (flags & !(CF | OF)) | carry_and_overflow(carry, overflow))
}

/// SHL and SAL. CF is 0 once the count exceeds the width.
#[inline(always)]
pub fn shl<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    let carry = count <= W::BITS && bit(value, W::BITS - count);
    shifted(W::truncate(value.as_() << count), carry, sign_changes_leftward(value))
}

/// SHR. CF is 0 once the count exceeds the width.
#[inline(always)]
pub fn shr<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    shifted(W::truncate(value.as_() >> count), bit(value, count - 1), value.sign())
}

/// SAR. CF is the sign once the count exceeds the width.
#[inline(always)]
pub fn sar<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    let signed = value.sign_extend();
    shifted(W::truncate((signed >> count) as u64), signed >> (count - 1) & 1 != 0, false)
}

/// ROL. CF is bit 0 of the result, also after whole turns.
#[inline(always)]
pub fn rol<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    let result = value.rotate_left(count % W::BITS);
    rotated(result, flags, bit(result, 0), sign_changes_leftward(value))
}

/// ROR. CF is the highest bit of the result, also after whole turns.
#[inline(always)]
pub fn ror<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    let result = value.rotate_right(count % W::BITS);
    rotated(result, flags, result.sign(), value.sign() != bit(value, 0))
}

/// RCL: through CF, so a turn is one bit longer than the operand. Whole turns change no flag.
#[inline]
pub fn rcl<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count) % (W::BITS + 1);
    if count == 0 {
        return (value, flags);
    }
    let (result, carry) = rotate_through_carry(value, flags, count);
    rotated(result, flags, carry, sign_changes_leftward(value))
}

/// RCR: as [`rcl`], rightward.
#[inline]
pub fn rcr<W: Width>(value: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count) % (W::BITS + 1);
    if count == 0 {
        return (value, flags);
    }
    let (result, carry) = rotate_through_carry(value, flags, W::BITS + 1 - count);
    rotated(result, flags, carry, value.sign() != (flags & CF != 0))
}

/// Rotates CF and the operand below it leftward by 1 to width bits.
#[inline(always)]
fn rotate_through_carry<W: Width>(value: W, flags: u32, count: u32) -> (W, bool) {
    let whole = u128::from(flags & CF) << W::BITS | u128::from(value.as_());
    let turned = whole << count | whole >> (W::BITS + 1 - count);
    (W::truncate(turned as u64), turned >> W::BITS & 1 != 0)
}

/// OF of a leftward rotation as its result shows it: the sign against the carry.
pub fn overflow_of_left_rotation<W: Width>(result: W, carry: bool) -> bool {
    result.sign() != carry
}

/// OF of a rightward rotation as its result shows it: the two highest bits against each other.
pub fn overflow_of_right_rotation<W: Width>(result: W, _carry: bool) -> bool {
    result.sign() != bit(result, W::BITS - 2)
}

/// SHLD: bits of `source` come in from the right. A count above 16 of a 16-bit operand, undefined in the manual,
/// goes on with the bits that left (measured).
#[inline]
pub fn shld<W: Width>(value: W, source: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    let (low, high) = rotate_pair(source, value, count);
    shifted(high, bit(low, 0), sign_changes_leftward(value))
}

/// SHRD: bits of `source` come in from the left; otherwise as [`shld`].
#[inline]
pub fn shrd<W: Width>(value: W, source: W, count: u8, flags: u32) -> (W, u32) {
    let count = masked::<W>(count);
    if count == 0 {
        return (value, flags);
    }
    let (low, high) = rotate_pair(value, source, 2 * W::BITS - count);
    shifted(low, high.sign(), value.sign() != bit(source, 0))
}

/// Rotates `high:low` leftward by 1 to twice the width less 1 bits; answers low and high half.
#[inline(always)]
fn rotate_pair<W: Width>(low: W, high: W, count: u32) -> (W, W) {
    let whole = u128::from(high.as_()) << W::BITS | u128::from(low.as_());
    let turned = whole << count | whole >> (2 * W::BITS - count);
    (W::truncate(turned as u64), W::truncate((turned >> W::BITS) as u64))
}

#[cfg(test)]
mod tests {
    use super::super::reference::{Random, bits, flags_of, from_bits};
    use super::*;
    use crate::flags::ARITHMETIC;

    /// One step by one bit: the bits (lowest first) and CF go in, the bits and CF come out.
    type OneBit = fn(&mut Vec<bool>, bool) -> bool;
    /// A function of this file.
    type Act<W> = fn(W, u8, u32) -> (W, u32);

    fn leftward(bits: &mut Vec<bool>, incoming: bool) -> bool {
        bits.insert(0, incoming);
        bits.pop().expect("the operand has bits")
    }

    fn rightward(bits: &mut Vec<bool>, incoming: bool) -> bool {
        bits.push(incoming);
        bits.remove(0)
    }

    const SHL: OneBit = |bits, _| leftward(bits, false);
    const SHR: OneBit = |bits, _| rightward(bits, false);
    const SAR: OneBit = |bits, _| {
        let sign = bits[bits.len() - 1];
        rightward(bits, sign)
    };
    const ROL: OneBit = |bits, _| {
        let top = bits[bits.len() - 1];
        leftward(bits, top)
    };
    const ROR: OneBit = |bits, _| {
        let bottom = bits[0];
        rightward(bits, bottom)
    };
    const RCL: OneBit = |bits, carry| leftward(bits, carry);
    const RCR: OneBit = |bits, carry| rightward(bits, carry);

    /// Repeats one-bit steps. OF is the change of sign in the first of them.
    fn steps<W: Width>(value: W, count: u32, flags: u32, step: OneBit) -> (W, bool, bool) {
        let mut all = bits(value);
        let mut carry = flags & CF != 0;
        let mut overflow = flags & OF != 0;
        for number in 0..count {
            carry = step(&mut all, carry);
            if number == 0 {
                overflow = all[all.len() - 1] != value.sign();
            }
        }
        (from_bits(&all), carry, overflow)
    }

    fn check_one<W: Width>(value: W, count: u8, flags: u32) {
        let mask = if W::BITS == 64 { 63 } else { 31 };
        let steps_of = |step| steps(value, u32::from(count) & mask, flags, step);
        let shifts: [(Act<W>, OneBit); 3] = [(shl, SHL), (shr, SHR), (sar, SAR)];
        for (act, step) in shifts {
            let (result, carry, overflow) = steps_of(step);
            let expected = if u32::from(count) & mask == 0 { flags } else { flags_of(result, carry, false, overflow) };
            assert_eq!(act(value, count, flags), (result, expected), "{value:x} by {count}");
        }
        let rotates: [(Act<W>, OneBit, u32); 4] =
            [(rol, ROL, 1), (ror, ROR, 1), (rcl, RCL, W::BITS + 1), (rcr, RCR, W::BITS + 1)];
        for (act, step, turn) in rotates {
            let (result, carry, overflow) = steps_of(step);
            let still = u32::from(count) & mask == 0 || (turn > 1 && (u32::from(count) & mask) % turn == 0);
            let expected = if still { flags } else { (flags & !(CF | OF)) | carry_and_overflow(carry, overflow) };
            assert_eq!(act(value, count, flags), (result, expected), "{value:x} by {count}");
        }
    }

    #[test]
    fn shifts_and_rotates_agree_with_single_steps() {
        for value in 0..=u8::MAX {
            for count in 0..=u8::MAX {
                for flags in [0, CF, ARITHMETIC] {
                    check_one(value, count, flags);
                }
            }
        }
        let mut random = Random::default();
        for _ in 0..3000 {
            let value = random.next();
            for count in [random.next() as u8, (value & 31) as u8, 1] {
                let flags = random.next() as u32 & ARITHMETIC;
                check_one(value as u16, count, flags);
                check_one(value as u32, count, flags);
                check_one(value, count, flags);
            }
        }
    }

    fn check_double<W: Width>(value: W, source: W, count: u8, flags: u32) {
        let mask = if W::BITS == 64 { 63 } else { 31 };
        let width = W::BITS as usize;
        let steps = usize::from(count) & mask;
        let mut left = [bits(source), bits(value)].concat();
        left.rotate_right(steps);
        let mut right = [bits(value), bits(source)].concat();
        right.rotate_left(steps);
        let results = (from_bits::<W>(&left[width..]), from_bits::<W>(&right[..width]));
        let one_left = bits(value)[width - 2] != value.sign();
        let one_right = bits(source)[0] != value.sign();
        let flags_or = |result, carry, overflow| match steps {
            0 => flags,
            _ => flags_of(result, carry, false, overflow),
        };
        let expected = flags_or(results.0, left[0], one_left);
        assert_eq!(shld(value, source, count, flags), (results.0, expected));
        let expected = flags_or(results.1, right[2 * width - 1], one_right);
        assert_eq!(shrd(value, source, count, flags), (results.1, expected));
    }

    #[test]
    fn double_shifts_agree_with_turning_the_pair() {
        let mut random = Random::default();
        for _ in 0..2000 {
            let (value, source) = (random.next(), random.next());
            let flags = random.next() as u32 & ARITHMETIC;
            for count in [0, 1, 15, 16, 17, 31, 32, 63, random.next() as u8] {
                check_double(value as u16, source as u16, count, flags);
                check_double(value as u32, source as u32, count, flags);
                check_double(value, source, count, flags);
            }
        }
    }
}
