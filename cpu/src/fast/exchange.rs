//! CMPXCHG and XADD on memory.

use super::dispatch::Then;
use super::flags::Kind;
use super::operand::{found, get, missed, put, read, register, writable, write};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// Register number of AL, AX, EAX and RAX.
pub(super) const ACCUMULATOR: u8 = 0;

/// `cmpxchg m, r`. An unequal destination is written back: as it is, by a way that may write.
pub(super) unsafe fn compare<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        let (found, expected) = (read::<W>(at), get::<W>(c, ACCUMULATOR));
        (*h).fast.lazy.set(Kind::Sub, expected, expected.wrapping_sub(&found));
        if found == expected {
            write(at, get::<W>(c, (*i).src));
        } else {
            put(c, ACCUMULATOR, found);
        }
        let v = *register(c, ACCUMULATOR);
        T::then(c, h, i, v)
    }
}

/// `xadd m, r`.
pub(super) unsafe fn add<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        let old = read::<W>(at);
        let sum = old.wrapping_add(&get::<W>(c, (*i).src));
        (*h).fast.lazy.set(Kind::Add, old, sum);
        write(at, sum);
        let v = put(c, (*i).src, old);
        T::then(c, h, i, v)
    }
}
