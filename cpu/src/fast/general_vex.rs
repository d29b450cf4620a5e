//! General registers in instructions with VEX, BMI1 and BMI2, in 64-bit code.

use super::dispatch::next;
use super::operand::{get, put};
use crate::exec::Hot;
use crate::exec::bit_fields::{field, flags_of};
use crate::flags::{SF, ZF};
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// RDX.
const DX: u8 = 2;

/// What becomes of the operand that ModRM names.
pub(super) trait Bits {
    /// It sets flags.
    const FLAGS: bool = true;
    /// Result and flags; `other` is the register of VEX.vvvv.
    fn of<W: Width>(source: W, other: u64, imm: u8) -> (W, u32);
}

/// `bits!(Andn, true, |W, source, other, imm| (result, carry))`.
macro_rules! bits {
    ($($name:ident: $flags:literal, |$w:ident, $source:ident, $other:ident, $imm:ident| $result:expr;)*) => {$(
        #[doc = concat!(stringify!($name), ".")]
        pub(super) struct $name;
        impl Bits for $name {
            const FLAGS: bool = $flags;

            #[inline(always)]
            fn of<$w: Width>($source: $w, $other: u64, $imm: u8) -> ($w, u32) {
                $result
            }
        }
    )*};
}

/// Flags as most of them set them.
#[inline(always)]
fn with_flags<W: Width>(result: W, carry: bool) -> (W, u32) {
    (result, flags_of(result, carry))
}

#[inline(always)]
fn count<W: Width>(number: u64) -> usize {
    number as usize & (W::BITS as usize - 1)
}

bits! {
    Andn: true, |W, source, other, _imm| with_flags(!W::truncate(other) & source, false);
    Blsr: true, |W, source, _other, _imm| with_flags(source & source.wrapping_sub(&W::one()), source.is_zero());
    Blsmsk: true, |W, source, _other, _imm| with_flags(source ^ source.wrapping_sub(&W::one()), source.is_zero());
    Blsi: true, |W, source, _other, _imm| with_flags(source & W::zero().wrapping_sub(&source), !source.is_zero());
    Bextr: true, |W, source, other, _imm| field(source, other);
    Bzhi: true, |W, source, other, _imm| {
        let number = u32::from(other as u8);
        let below = if number < W::BITS { source & W::truncate(!(u64::MAX << number)) } else { source };
        with_flags(below, number >= W::BITS)
    };
    Rorx: false, |W, source, _other, imm| (source.rotate_right(u32::from(imm) & (W::BITS - 1)), 0);
    Shlx: false, |W, source, other, _imm| (source << count::<W>(other), 0);
    Shrx: false, |W, source, other, _imm| (source >> count::<W>(other), 0);
    Sarx: false, |W, source, other, _imm| (W::truncate((source.sign_extend() >> count::<W>(other)) as u64), 0);
}

/// `op r, r, r`.
pub(super) unsafe fn rr<O: Bits, W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (source, other) = (get::<W>(c, (*i).src), get::<u64>(c, (*i).vvvv()));
        let (result, flags) = O::of(source, other, (*i).imm as u8);
        if O::FLAGS {
            (*c).flags.set_arith(flags);
            (*h).fast.lazy.set_full(flags & ZF != 0, flags & SF != 0);
        }
        let v = put(c, (*i).dst, result);
        next(c, h, i, v)
    }
}

/// `mulx r, r, r`.
pub(super) unsafe fn mulx<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (source, other) = (get::<W>(c, (*i).src).as_(), get::<W>(c, DX).as_());
        let product = u128::from(source) * u128::from(other);
        put(c, (*i).vvvv(), W::truncate(product as u64));
        let v = put(c, (*i).dst, W::truncate((product >> W::BITS) as u64));
        next(c, h, i, v)
    }
}
