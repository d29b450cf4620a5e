//! MUL, IMUL, DIV and IDIV of the accumulator by a register or memory.

use super::dispatch::{Then, bail};
use super::operand::{found, get, missed, put, read, readable};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::value;
use crate::width::Width;

/// Register number of AL, AX, EAX and RAX.
const LOW: u8 = 0;

/// Register number of the high half: AH for bytes, DX and its wider forms otherwise.
const fn high<W: Width>() -> u8 {
    if W::BITS == 8 { 4 } else { 2 }
}

/// A product of two halves.
pub(super) trait Multiply {
    /// Low half, high half, flags.
    fn apply<W: Width>(a: W, b: W) -> (W, W, u32);
}
/// MUL.
pub(super) struct Mul;
/// IMUL.
pub(super) struct Imul;

impl Multiply for Mul {
    #[inline(always)]
    fn apply<W: Width>(a: W, b: W) -> (W, W, u32) {
        value::mul(a, b)
    }
}

impl Multiply for Imul {
    #[inline(always)]
    fn apply<W: Width>(a: W, b: W) -> (W, W, u32) {
        value::imul(a, b)
    }
}

/// `mul r`, `imul r`.
pub(super) unsafe fn multiply<O: Multiply, W: Width, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let factor = get::<W>(c, (*i).dst);
        product::<O, W, T>(c, h, i, factor)
    }
}

/// `mul m`, `imul m`.
pub(super) unsafe fn multiply_m<O: Multiply, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let factor = read::<W>(at);
        product::<O, W, T>(c, h, i, factor)
    }
}

#[inline(always)]
unsafe fn product<O: Multiply, W: Width, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    factor: W,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let (low, upper, flags) = O::apply::<W>(get(c, LOW), factor);
        put(c, LOW, low);
        let v = put(c, high::<W>(), upper);
        let cpu = &mut *c;
        (*h).fast.lazy.set_product(&mut cpu.flags, low, flags);
        T::then(c, h, i, v)
    }
}

/// A quotient and a remainder. A dividend of more than 64 bits would take the host a call.
pub(super) trait Divide {
    /// `None`: the canonical handler must look.
    fn apply<W: Width>(high: W, low: W, divisor: W) -> Option<(W, W)>;
}
/// DIV.
pub(super) struct Div;
/// IDIV.
pub(super) struct Idiv;

impl Divide for Div {
    #[inline(always)]
    fn apply<W: Width>(high: W, low: W, divisor: W) -> Option<(W, W)> {
        if W::BITS < 64 {
            return value::div(high, low, divisor);
        }
        if !high.is_zero() || divisor.is_zero() {
            return None;
        }
        let (low, divisor) = (low.as_(), divisor.as_());
        Some((W::truncate(low / divisor), W::truncate(low % divisor)))
    }
}

impl Divide for Idiv {
    #[inline(always)]
    fn apply<W: Width>(high: W, low: W, divisor: W) -> Option<(W, W)> {
        if W::BITS < 64 {
            return value::idiv(high, low, divisor);
        }
        if high != low.signed_shr(63) {
            return None;
        }
        let (low, divisor) = (low.sign_extend(), divisor.sign_extend());
        let (quotient, remainder) = (low.checked_div(divisor)?, low.checked_rem(divisor)?);
        Some((W::truncate(quotient as u64), W::truncate(remainder as u64)))
    }
}

/// `div r`, `idiv r`. No flag changes.
pub(super) unsafe fn divide<O: Divide, W: Width, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let divisor = get::<W>(c, (*i).dst);
        quotient::<O, W, T>(c, h, i, divisor)
    }
}

/// `div m`, `idiv m`.
pub(super) unsafe fn divide_m<O: Divide, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let divisor = read::<W>(at);
        quotient::<O, W, T>(c, h, i, divisor)
    }
}

#[inline(always)]
unsafe fn quotient<O: Divide, W: Width, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    divisor: W,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let quotient = O::apply::<W>(get(c, high::<W>()), get(c, LOW), divisor);
        let Some((quotient, remainder)) = quotient else { return bail(c, h, i) };
        put(c, LOW, quotient);
        let v = put(c, high::<W>(), remainder);
        T::then(c, h, i, v)
    }
}
