//! Moves, extensions, LEA, XCHG, SETcc, CMOVcc.

use super::dispatch::{Then, bail, next};
use super::operand::{SRC, found, get, get_or, immediate, missed, offset, put, read, readable, writable, write};
use super::window::{load, store};
use crate::exec::Hot;
use crate::flags::{AF, CF, OF, PF, SF, ZF};
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// Register numbers of AL, AX, EAX and of DX, EDX.
const ACCUMULATOR: u8 = 0;
const DATA: u8 = 2;

/// NOP.
pub(super) unsafe fn nop(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { next(c, h, i, v) }
}

/// `mov r, r`.
pub(super) unsafe fn mov_rr<W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let v = put(c, (*i).dst, get_or::<W, HELD, SRC>(c, (*i).src, v));
        T::then(c, h, i, v)
    }
}

/// `mov r, imm`.
pub(super) unsafe fn mov_ri<W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let v = put(c, (*i).dst, immediate::<W>(i));
        T::then(c, h, i, v)
    }
}

/// `mov r64, imm64`.
pub(super) unsafe fn mov_ri_64(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let v = put(c, (*i).dst, (*i).immediate_64());
        next(c, h, i, v)
    }
}

/// `mov r, m`.
pub(super) unsafe fn mov_rm<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, HELD>(c, h, i, v), load::<Zero, W, W>(c, h, i, v));
        let v = put(c, (*i).dst, read::<W>(at));
        T::then(c, h, i, v)
    }
}

/// `mov m, r`.
pub(super) unsafe fn mov_mr<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), store::<W>(c, h, i, v));
        write(at, get_or::<W, HELD, SRC>(c, (*i).src, v));
        T::then(c, h, i, v)
    }
}

/// `mov m, imm`.
pub(super) unsafe fn mov_mi<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), store::<W>(c, h, i, v));
        write(at, immediate::<W>(i));
        T::then(c, h, i, v)
    }
}

/// How a narrow operand becomes a wide one.
pub(super) trait Extend {
    /// The wide value.
    fn apply<N: Width, W: Width>(value: N) -> W;
}
/// MOVZX.
pub(super) struct Zero;
/// MOVSX.
pub(super) struct Sign;

impl Extend for Zero {
    #[inline(always)]
    fn apply<N: Width, W: Width>(value: N) -> W {
        W::truncate(value.as_())
    }
}

impl Extend for Sign {
    #[inline(always)]
    fn apply<N: Width, W: Width>(value: N) -> W {
        W::truncate(value.sign_extend() as u64)
    }
}

/// `movzx r, r` and `movsx r, r`.
pub(super) unsafe fn extend_rr<E: Extend, N: Width, W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let v = put(c, (*i).dst, E::apply::<N, W>(get_or::<N, HELD, SRC>(c, (*i).src, v)));
        T::then(c, h, i, v)
    }
}

/// `movzx r, m` and `movsx r, m`.
pub(super) unsafe fn extend_rm<E: Extend, N: Width, W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<N, FORM, HELD>(c, h, i, v), load::<E, N, W>(c, h, i, v));
        let v = put(c, (*i).dst, E::apply::<N, W>(read(at)));
        T::then(c, h, i, v)
    }
}

/// `lea r, m`.
pub(super) unsafe fn lea<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let v = put(c, (*i).dst, W::truncate(offset::<FORM, HELD>(c, i, v)));
        T::then(c, h, i, v)
    }
}

/// `xchg r, r`.
pub(super) unsafe fn xchg_rr<W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (a, b) = (get::<W>(c, (*i).dst), get::<W>(c, (*i).src));
        put(c, (*i).dst, b);
        let v = put(c, (*i).src, a);
        T::then(c, h, i, v)
    }
}

/// `xchg m, r`.
pub(super) unsafe fn xchg_mr<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        let old = read::<W>(at);
        write(at, get::<W>(c, (*i).src));
        let v = put(c, (*i).src, old);
        T::then(c, h, i, v)
    }
}

/// CBW, CWDE.
pub(super) unsafe fn cbw<W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let unused = W::BITS / 2;
        let v = put(c, ACCUMULATOR, (get::<W>(c, ACCUMULATOR) << unused as usize).signed_shr(unused));
        T::then(c, h, i, v)
    }
}

/// CWD, CDQ.
pub(super) unsafe fn cwd<W: Width, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let v = put(c, DATA, get::<W>(c, ACCUMULATOR).signed_shr(W::BITS - 1));
        T::then(c, h, i, v)
    }
}

/// `setcc r`.
pub(super) unsafe fn setcc<const CONDITION: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(holds) = (*h).fast.lazy.common_condition((*c).flags, CONDITION) else {
            return setcc_seldom(c, h, i);
        };
        let v = put(c, (*i).dst, u8::from(holds));
        T::then(c, h, i, v)
    }
}

/// Behind what conditions seldom stand behind.
#[inline(never)]
unsafe fn setcc_seldom(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let holds = (*h).fast.lazy.condition((*c).flags, (*i).condition());
        let v = put(c, (*i).dst, u8::from(holds));
        next(c, h, i, v)
    }
}

/// `setcc m8`.
pub(super) unsafe fn setcc_m<W: Width, const FORM: u8, const HELD: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(writable::<W, FORM, HELD>(c, h, i, v), missed::<true>(c, h, i, v));
        write(at, W::truncate(u64::from(condition(c, h, i))));
        T::then(c, h, i, v)
    }
}

/// The condition of a slot: any of the sixteen.
#[inline(never)]
unsafe fn condition(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe { (*h).fast.lazy.condition((*c).flags, (*i).condition()) }
}

/// Register number of AH.
const FLAGS_BYTE: u8 = 4;

/// SAHF. Both ZF and SF are the canonical tier's.
pub(super) unsafe fn sahf(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let byte = u32::from(get::<u8>(c, FLAGS_BYTE));
        if byte & (ZF | SF) == ZF | SF {
            return bail(c, h, i);
        }
        load_flags(c, h, byte);
        next(c, h, i, v)
    }
}

/// OF stays.
#[inline(never)]
unsafe fn load_flags(c: *mut CpuState, h: *mut Hot, byte: u32) {
    const LOADED: u32 = SF | ZF | AF | PF | CF;
    // SAFETY: a handler's.
    unsafe {
        let (cpu, lazy) = (&mut *c, &mut (*h).fast.lazy);
        let overflow = lazy.overflow(cpu.flags);
        cpu.flags.replace(LOADED | OF, byte & LOADED | if overflow { OF } else { 0 });
        lazy.set_full(byte & ZF != 0, byte & SF != 0);
    }
}

/// `cmovcc r32, r32`.
pub(super) unsafe fn cmov<const CONDITION: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { cmov_of::<u32, CONDITION, T>(c, h, i) }
}

/// `cmovcc r64, r64`.
pub(super) unsafe fn cmov_64<const CONDITION: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe { cmov_of::<u64, CONDITION, T>(c, h, i) }
}

/// `cmovcc r, m`: it is read whatever the condition.
pub(super) unsafe fn cmov_rm<const CONDITION: u8, W: Width, const FORM: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    v: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let at = found!(readable::<W, FORM, 0>(c, h, i, v), missed::<false>(c, h, i, v));
        let (old, new) = (get::<W>(c, (*i).dst), read::<W>(at));
        let Some(holds) = (*h).fast.lazy.common_condition((*c).flags, CONDITION) else {
            return cmov_seldom(c, h, i, new);
        };
        let v = put(c, (*i).dst, if holds { new } else { old });
        T::then(c, h, i, v)
    }
}

#[inline(always)]
unsafe fn cmov_of<W: Width, const CONDITION: u8, T: Then>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        let (old, new) = (get::<W>(c, (*i).dst), get::<W>(c, (*i).src));
        let Some(holds) = (*h).fast.lazy.common_condition((*c).flags, CONDITION) else {
            return cmov_seldom(c, h, i, new);
        };
        let v = put(c, (*i).dst, if holds { new } else { old });
        T::then(c, h, i, v)
    }
}

/// As [`setcc_seldom`]; `new` is the source.
#[inline(never)]
unsafe fn cmov_seldom<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, new: W) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let holds = (*h).fast.lazy.condition((*c).flags, (*i).condition());
        let v = put(c, (*i).dst, if holds { new } else { get::<W>(c, (*i).dst) });
        next(c, h, i, v)
    }
}
