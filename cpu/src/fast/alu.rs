//! Two-operand arithmetic and logic, INC, DEC, NEG, NOT, IMUL: register, immediate and memory forms.

use super::dispatch::Then;
use super::flags::Kind;
use super::operand::{DST, SRC, found, get_or, immediate, missed, put, read, readable, writable, write};
use super::shift::make_ready;
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::value;
use crate::width::Width;

/// An operation of two operands.
pub(super) trait Alu {
    /// The destination takes the result.
    const WRITES: bool = true;
    /// The result, without flags.
    fn value<W: Width>(c: &CpuState, h: &Hot, a: W, b: W) -> W;
    /// The result, with the flags noted.
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, b: W) -> W;
}

/// An operation whose flags nobody will see: see `liveness`.
pub(super) struct Quiet<O>(O);
/// ADD.
pub(super) struct Add;
/// ADC.
pub(super) struct Adc;
/// SUB.
pub(super) struct Sub;
/// SBB.
pub(super) struct Sbb;
/// AND.
pub(super) struct And;
/// OR.
pub(super) struct Or;
/// XOR.
pub(super) struct Xor;
/// CMP.
pub(super) struct Cmp;
/// TEST.
pub(super) struct Test;

impl<O: Alu> Alu for Quiet<O> {
    const WRITES: bool = O::WRITES;
    #[inline(always)]
    fn value<W: Width>(c: &CpuState, h: &Hot, a: W, b: W) -> W {
        O::value(c, h, a, b)
    }
    #[inline(always)]
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, b: W) -> W {
        O::value(c, h, a, b)
    }
}

/// `lazy!(Add, Kind::Add, a, b => a + b)`: the flags follow from the result and the first operand.
macro_rules! lazy {
    ($name:ident, $kind:expr, $writes:literal, $a:ident, $b:ident => $result:expr) => {
        impl Alu for $name {
            const WRITES: bool = $writes;
            #[inline(always)]
            fn value<W: Width>(_: &CpuState, _: &Hot, $a: W, $b: W) -> W {
                $result
            }
            #[inline(always)]
            fn apply<W: Width>(_: &mut CpuState, h: &mut Hot, $a: W, $b: W) -> W {
                let result = $result;
                h.fast.lazy.set($kind, $a, result);
                result
            }
        }
    };
}
lazy!(Add, Kind::Add, true, a, b => a.wrapping_add(&b));
lazy!(Sub, Kind::Sub, true, a, b => a.wrapping_sub(&b));
lazy!(Cmp, Kind::Sub, false, a, b => a.wrapping_sub(&b));

/// `logic!(And, true, a, b => a & b)`: CF, OF and AF are clear.
macro_rules! logic {
    ($name:ident, $writes:literal, $a:ident, $b:ident => $result:expr) => {
        impl Alu for $name {
            const WRITES: bool = $writes;
            #[inline(always)]
            fn value<W: Width>(_: &CpuState, _: &Hot, $a: W, $b: W) -> W {
                $result
            }
            #[inline(always)]
            fn apply<W: Width>(_: &mut CpuState, h: &mut Hot, $a: W, $b: W) -> W {
                let result = $result;
                h.fast.lazy.set_logic(result);
                result
            }
        }
    };
}
logic!(And, true, a, b => a & b);
logic!(Or, true, a, b => a | b);
logic!(Xor, true, a, b => a ^ b);
logic!(Test, false, a, b => a & b);

#[inline(always)]
fn carry(c: &CpuState, h: &Hot) -> bool {
    let lazy = &h.fast.lazy;
    lazy.common_carry(c.flags).unwrap_or_else(|| lazy.carry(c.flags))
}

/// `carrying!(Adc, Kind::Add, Kind::AddCarry, a, b, carry => a + b + carry)`: CF comes in.
macro_rules! carrying {
    ($name:ident, $clear:expr, $set:expr, $a:ident, $b:ident, $carry:ident => $result:expr) => {
        impl Alu for $name {
            #[inline(always)]
            fn value<W: Width>(c: &CpuState, h: &Hot, $a: W, $b: W) -> W {
                let $carry = if carry(c, h) { W::one() } else { W::zero() };
                $result
            }
            #[inline(always)]
            fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, $a: W, $b: W) -> W {
                let set = carry(c, h);
                let $carry = if set { W::one() } else { W::zero() };
                let result = $result;
                h.fast.lazy.set(if set { $set } else { $clear }, $a, result);
                result
            }
        }
    };
}
carrying!(Adc, Kind::Add, Kind::AddCarry, a, b, carry => a.wrapping_add(&b).wrapping_add(&carry));
carrying!(Sbb, Kind::Sub, Kind::SubBorrow, a, b, borrow => a.wrapping_sub(&b).wrapping_sub(&borrow));

/// `op r, r`.
pub(super) unsafe fn rr<O: Alu, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let dst = (*i).dst;
        let (a, b) = (get_or::<W, HELD, DST>(c, dst, v), get_or::<W, HELD, SRC>(c, (*i).src, v));
        let result = O::apply(&mut *c, &mut *h, a, b);
        let v = if O::WRITES { put(c, dst, result) } else { v };
        T::then(c, h, i, v)
    }
}

/// `op r, imm`.
pub(super) unsafe fn ri<O: Alu, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let dst = (*i).dst;
        let result = O::apply(&mut *c, &mut *h, get_or::<W, HELD, DST>(c, dst, v), immediate(i));
        let v = if O::WRITES { put(c, dst, result) } else { v };
        T::then(c, h, i, v)
    }
}

/// `op r, m`.
pub(super) unsafe fn rm<O: Alu, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let (dst, b) = ((*i).dst, read::<W>(at));
        let result = O::apply(&mut *c, &mut *h, get_or::<W, HELD, DST>(c, dst, v), b);
        let v = if O::WRITES { put(c, dst, result) } else { v };
        T::then(c, h, i, v)
    }
}

/// `op m, r`, also one that only reads.
pub(super) unsafe fn mr<O: Alu, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = if O::WRITES {
            found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v))
        } else {
            found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v))
        };
        let result = O::apply(&mut *c, &mut *h, read::<W>(at), get_or::<W, HELD, SRC>(c, (*i).src, v));
        if O::WRITES {
            write(at, result);
        }
        T::then(c, h, i, v)
    }
}

/// `op m, imm`, also one that only reads.
pub(super) unsafe fn mi<O: Alu, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = if O::WRITES {
            found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v))
        } else {
            found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v))
        };
        let result = O::apply(&mut *c, &mut *h, read::<W>(at), immediate(i));
        if O::WRITES {
            write(at, result);
        }
        T::then(c, h, i, v)
    }
}

/// An operation of one operand.
pub(super) trait Unary {
    /// It notes flags but keeps CF: see [`steps`].
    const STEPS: bool = false;
    /// The result, without flags.
    fn value<W: Width>(a: W) -> W;
    /// The result, with the flags noted.
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W) -> W;
}

/// INC.
pub(super) struct Inc;
/// DEC.
pub(super) struct Dec;
/// NEG.
pub(super) struct Neg;
/// NOT.
pub(super) struct Not;

impl<O: Unary> Unary for Quiet<O> {
    #[inline(always)]
    fn value<W: Width>(a: W) -> W {
        O::value(a)
    }
    #[inline(always)]
    fn apply<W: Width>(_: &mut CpuState, _: &mut Hot, a: W) -> W {
        O::value(a)
    }
}

/// `step!(Inc, Kind::Inc, a => a + 1)`: CF stays.
macro_rules! step {
    ($name:ident, $kind:expr, $a:ident => $result:expr) => {
        impl Unary for $name {
            const STEPS: bool = true;
            #[inline(always)]
            fn value<W: Width>($a: W) -> W {
                $result
            }
            #[inline(always)]
            fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, $a: W) -> W {
                let result = $result;
                h.fast.lazy.set_step(&mut c.flags, $kind, result);
                result
            }
        }
    };
}
step!(Inc, Kind::Inc, a => a.wrapping_add(&W::one()));
step!(Dec, Kind::Dec, a => a.wrapping_sub(&W::one()));

impl Unary for Neg {
    #[inline(always)]
    fn value<W: Width>(a: W) -> W {
        W::zero().wrapping_sub(&a)
    }
    #[inline(always)]
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W) -> W {
        Sub::apply(c, h, W::zero(), a)
    }
}

impl Unary for Not {
    #[inline(always)]
    fn value<W: Width>(a: W) -> W {
        !a
    }
    #[inline(always)]
    fn apply<W: Width>(_: &mut CpuState, _: &mut Hot, a: W) -> W {
        !a
    }
}

/// BSWAP.
pub(super) struct Bswap;

impl Unary for Bswap {
    #[inline(always)]
    fn value<W: Width>(a: W) -> W {
        value::bswap(a)
    }
    #[inline(always)]
    fn apply<W: Width>(_: &mut CpuState, _: &mut Hot, a: W) -> W {
        value::bswap(a)
    }
}

/// True if INC or DEC finds CF in few steps.
///
/// # Safety
/// `c` and `h` are valid.
#[inline(always)]
pub(super) unsafe fn steps(c: *mut CpuState, h: *mut Hot) -> bool {
    // SAFETY: the caller's.
    unsafe { (*h).fast.lazy.common_carry((*c).flags).is_some() }
}

/// `op r`.
pub(super) unsafe fn r<O: Unary, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if O::STEPS && !steps(c, h) {
            return make_ready(c, h, i, v);
        }
        let dst = (*i).dst;
        let result = O::apply(&mut *c, &mut *h, get_or::<W, HELD, DST>(c, dst, v));
        let v = put(c, dst, result);
        T::then(c, h, i, v)
    }
}

/// `op m`.
pub(super) unsafe fn m<O: Unary, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if O::STEPS && !steps(c, h) {
            return make_ready(c, h, i, v);
        }
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        let result = O::apply(&mut *c, &mut *h, read::<W>(at));
        write(at, result);
        T::then(c, h, i, v)
    }
}

/// IMUL of two or three operands.
pub(super) struct Product;

/// Whether a product notes flags.
pub(super) trait Multiply {
    /// It does.
    const NOTES: bool;
}

impl Multiply for Product {
    const NOTES: bool = true;
}

impl Multiply for Quiet<Product> {
    const NOTES: bool = false;
}

/// `imul r, r/m`.
pub(super) unsafe fn imul_rr<O: Multiply, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (a, b) = (get_or::<W, HELD, DST>(c, (*i).dst, v), get_or::<W, HELD, SRC>(c, (*i).src, v));
        imul::<O, W, T>(c, h, i, (a, b))
    }
}

/// `imul r, m`.
pub(super) unsafe fn imul_rm<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let (a, b) = (get_or::<W, HELD, DST>(c, (*i).dst, v), read::<W>(at));
        imul::<Product, W, T>(c, h, i, (a, b))
    }
}

/// `imul r, r, imm`.
pub(super) unsafe fn imul_rri<O: Multiply, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (a, b) = (get_or::<W, HELD, SRC>(c, (*i).src, v), immediate::<W>(i));
        imul::<O, W, T>(c, h, i, (a, b))
    }
}

/// `imul r, m, imm`.
pub(super) unsafe fn imul_rmi<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), missed::<false>(c, h, i, v));
        let (a, b) = (read::<W>(at), immediate::<W>(i));
        imul::<Product, W, T>(c, h, i, (a, b))
    }
}

#[inline(always)]
unsafe fn imul<O: Multiply, W: Width, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    (a, b): (W, W),
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let (low, _, flags) = value::imul(a, b);
        let v = put(c, (*i).dst, low);
        if O::NOTES {
            let cpu = &mut *c;
            (*h).fast.lazy.set_product(&mut cpu.flags, low, flags);
        }
        T::then(c, h, i, v)
    }
}
