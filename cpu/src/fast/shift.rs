//! Shifts and rotates by an immediate or CL; SHLD and SHRD of registers.

use super::alu::Quiet;
use super::dispatch::{Then, go_on, next};
use super::flags::Kind;
use super::operand::{DST, found, get, get_or, missed, put, read, writable, write};
use crate::exec::Hot;
use crate::flags::{AF, CF, OF};
use crate::insn::Insn;
use crate::state::CpuState;
use crate::value;
use crate::width::Width;

/// Register number of CL.
const CL: u8 = 1;

/// A shift or rotate. A masked count of zero changes nothing.
pub(super) trait Shift {
    /// It changes CF and OF and keeps the rest, which must be in EFLAGS or the result: see [`ready`].
    const KEEPS: bool = false;
    /// The result, without flags.
    fn value<W: Width>(c: &CpuState, h: &Hot, a: W, count: u8) -> W;
    /// The result, with the flags noted.
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, count: u8) -> W;
}

impl<O: Shift> Shift for Quiet<O> {
    // Nobody sees what it would keep.
    #[inline(always)]
    fn value<W: Width>(c: &CpuState, h: &Hot, a: W, count: u8) -> W {
        O::value(c, h, a, count)
    }
    #[inline(always)]
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, count: u8) -> W {
        O::value(c, h, a, count)
    }
}

/// `shift!(Shl, shl, a, n => a << n)`: sets all flags; of 8 and 16 bits CF and OF go to EFLAGS. `n` is below the width, as
/// hosts mask it themselves.
macro_rules! shift {
    ($name:ident, $value:ident, $a:ident, $n:ident => $wide:expr) => {
        #[doc = concat!(stringify!($name), ".")]
        pub(super) struct $name;
        impl Shift for $name {
            #[inline(always)]
            fn value<W: Width>(_: &CpuState, _: &Hot, $a: W, count: u8) -> W {
                if W::BITS < 32 {
                    return value::$value($a, count, 0).0;
                }
                let $n = usize::from(count) & (W::BITS as usize - 1);
                $wide
            }
            #[inline(always)]
            fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, count: u8) -> W {
                if W::BITS < 64 && count & 31 == 0 || count & 63 == 0 {
                    return a;
                }
                if W::BITS < 32 {
                    let (result, flags) = value::$value(a, count, 0);
                    h.fast.lazy.set_explicit(&mut c.flags, result, flags & !AF);
                    return result;
                }
                let result = Self::value(c, h, a, count);
                h.fast.lazy.set_shift(Kind::$name, a, result, count & (W::BITS - 1) as u8);
                result
            }
        }
    };
}
shift!(Shl, shl, a, n => a << n);
shift!(Shr, shr, a, n => a >> n);
shift!(Sar, sar, a, n => W::truncate((a.sign_extend() >> n) as u64));

/// `rotate!(Rol, rol)`: sets CF and OF, keeps the rest.
macro_rules! rotate {
    ($name:ident, $value:ident) => {
        #[doc = concat!(stringify!($name), ".")]
        pub(super) struct $name;
        impl Shift for $name {
            const KEEPS: bool = true;
            #[inline(always)]
            fn value<W: Width>(c: &CpuState, h: &Hot, a: W, count: u8) -> W {
                value::$value(a, count, if h.fast.lazy.carry(c.flags) { CF } else { 0 }).0
            }
            #[inline(always)]
            fn apply<W: Width>(c: &mut CpuState, _: &mut Hot, a: W, count: u8) -> W {
                if W::BITS < 64 && count & 31 == 0 || count & 63 == 0 {
                    return a;
                }
                let (result, flags) = value::$value(a, count, c.flags.bits());
                c.flags.replace(CF | OF, flags);
                result
            }
        }
    };
}
rotate!(Rol, rol);
rotate!(Ror, ror);
rotate!(Rcl, rcl);
rotate!(Rcr, rcr);

/// True if an operation that keeps flags finds them where it can.
///
/// # Safety
/// `h` is valid.
#[inline(always)]
unsafe fn ready<O: Shift>(h: *mut Hot) -> bool {
    // SAFETY: the caller's.
    unsafe { !O::KEEPS || matches!((*h).fast.lazy.kind, Kind::Full | Kind::Explicit) }
}

/// Moves flags to where [`ready`] wants them, and begins the instruction anew.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
pub(super) unsafe fn make_ready(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let cpu = &mut *c;
        (*h).fast.lazy.make_explicit(&mut cpu.flags);
        go_on(c, h, i, v)
    }
}

/// `op r, imm`, also by one.
pub(super) unsafe fn r_imm<O: Shift, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !ready::<O>(h) {
            return make_ready(c, h, i, v);
        }
        let dst = (*i).dst;
        let result = O::apply(&mut *c, &mut *h, get_or::<W, HELD, DST>(c, dst, v), (*i).imm as u8);
        let v = put(c, dst, result);
        T::then(c, h, i, v)
    }
}

/// `op r, cl`.
pub(super) unsafe fn r_cl<O: Shift, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !ready::<O>(h) {
            return make_ready(c, h, i, v);
        }
        let count = get::<u8>(c, CL);
        let dst = (*i).dst;
        let result = O::apply(&mut *c, &mut *h, get_or::<W, HELD, DST>(c, dst, v), count);
        let v = put(c, dst, result);
        T::then(c, h, i, v)
    }
}

/// `op m, imm`, also by one.
pub(super) unsafe fn m_imm<O: Shift, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !ready::<O>(h) {
            return make_ready(c, h, i, v);
        }
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        let result = O::apply(&mut *c, &mut *h, read::<W>(at), (*i).imm as u8);
        write(at, result);
        T::then(c, h, i, v)
    }
}

/// `op m, cl`.
pub(super) unsafe fn m_cl<O: Shift, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if !ready::<O>(h) {
            return make_ready(c, h, i, v);
        }
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        let result = O::apply(&mut *c, &mut *h, read::<W>(at), get::<u8>(c, CL));
        write(at, result);
        T::then(c, h, i, v)
    }
}

/// A shift that is filled from another register.
pub(super) trait DoubleShift {
    /// The result, with the flags noted.
    fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, source: W, count: u8) -> W;
}

/// `double!(Shld, shld)`: sets all flags; CF and OF go to EFLAGS.
macro_rules! double {
    ($name:ident, $value:ident) => {
        #[doc = concat!(stringify!($name), ".")]
        pub(super) struct $name;
        impl DoubleShift for $name {
            #[inline(always)]
            fn apply<W: Width>(c: &mut CpuState, h: &mut Hot, a: W, source: W, count: u8) -> W {
                if W::BITS < 64 && count & 31 == 0 || count & 63 == 0 {
                    return a;
                }
                let (result, flags) = value::$value(a, source, count, 0);
                h.fast.lazy.set_explicit(&mut c.flags, result, flags);
                result
            }
        }
    };
}
double!(Shld, shld);
double!(Shrd, shrd);

/// `op r, r, imm`.
pub(super) unsafe fn rr_imm<O: DoubleShift, W: Width>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (a, source) = (get::<W>(c, (*i).dst), get::<W>(c, (*i).src));
        let result = O::apply(&mut *c, &mut *h, a, source, (*i).imm as u8);
        let v = put(c, (*i).dst, result);
        next(c, h, i, v)
    }
}

/// `op r, r, cl`.
pub(super) unsafe fn rr_cl<O: DoubleShift, W: Width>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let count = get::<u8>(c, CL);
        let (a, source) = (get::<W>(c, (*i).dst), get::<W>(c, (*i).src));
        let result = O::apply(&mut *c, &mut *h, a, source, count);
        let v = put(c, (*i).dst, result);
        next(c, h, i, v)
    }
}
