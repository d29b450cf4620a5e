//! Near branches, calls and returns; LOOP and JCXZ. A target beyond CS is the canonical tier's to refuse.

use super::dispatch::{bail_end, fall_through, jump, take_branch};
use super::operand::{FLAT_BASE, FLAT_INDEX, get, put, read, readable};
use super::stack::{below, move_pointer, top};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;
use crate::width::Width;

/// Register number of (E)CX.
const CX: u8 = 1;

/// The target of the relative branch in front of an end slot; `None` if it must be looked at.
///
/// # Safety
/// `branch` is the slot in front of the end slot `e`.
#[inline(always)]
pub(super) unsafe fn relative(c: *mut CpuState, h: *mut Hot, branch: *const Insn, e: *const Insn) -> Option<u32> {
    // SAFETY: the caller's.
    unsafe {
        let behind = ((*c).rip as u32).wrapping_add(u32::from((*e).at));
        let target = behind.wrapping_add((*branch).imm as u32);
        (u64::from(target) < (*h).fast.code_end).then_some(target)
    }
}

/// `jmp rel`.
pub(super) unsafe fn jmp(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(target) = relative(c, h, i, i.add(1)) else { return bail_end(c, h, i) };
        take_branch(c, h, i.add(1), target)
    }
}

/// Goes one way or the other behind a branch that `i` decides; `branch` stands in front of the end slot.
///
/// # Safety
/// As [`super::Fast`]; if the target must be looked at, `i` has changed nothing that the branch depends on.
#[inline(always)]
pub(super) unsafe fn decide(c: *mut CpuState, h: *mut Hot, branch: *const Insn, taken: bool) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let e = branch.add(1);
        if !taken {
            return fall_through(c, h, e);
        }
        let Some(target) = relative(c, h, branch, e) else { return bail_end(c, h, branch) };
        take_branch(c, h, e, target)
    }
}

/// `jcc rel`.
pub(super) unsafe fn jcc<const CONDITION: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let taken = (*h).fast.lazy.condition((*c).flags, CONDITION);
        decide(c, h, i, taken)
    }
}

/// `loop rel`, counting in CX or ECX.
pub(super) unsafe fn loop_count<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let count = get::<W>(c, CX).wrapping_sub(&W::one());
        let Some(target) = relative(c, h, i, i.add(1)) else { return bail_end(c, h, i) };
        put(c, CX, count);
        if count.is_zero() { fall_through(c, h, i.add(1)) } else { take_branch(c, h, i.add(1), target) }
    }
}

/// `jcxz rel`, `jecxz rel`.
pub(super) unsafe fn jcxz<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let taken = get::<W>(c, CX).is_zero();
        decide(c, h, i, taken)
    }
}

/// `call rel`.
pub(super) unsafe fn call<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let e = i.add(1);
        let Some(target) = relative(c, h, i, e) else { return bail_end(c, h, i) };
        if !push_return::<W, FLAT>(c, h, e) {
            return bail_end(c, h, i);
        }
        take_branch(c, h, e, target)
    }
}

/// Pushes EIP behind the trace; false if the stack must be looked at.
#[inline(always)]
unsafe fn push_return<W: Width, const FLAT: bool>(c: *mut CpuState, h: *mut Hot, e: *const Insn) -> bool {
    // SAFETY: a handler's.
    unsafe {
        let back = ((*c).rip as u32).wrapping_add(u32::from((*e).at));
        let Some((pointer, at)) = below::<W, FLAT>(c, h) else { return false };
        super::operand::write(h, at, W::truncate(u64::from(back)));
        move_pointer::<FLAT>(c, h, pointer);
        true
    }
}

/// Leaves a trace for a target that was computed; it was checked against `code_end`.
#[inline(always)]
unsafe fn go_to(c: *mut CpuState, h: *mut Hot, e: *const Insn, target: u32) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        (*c).rip = u64::from(target);
        (*h).fast.ticks -= i64::from((*e).cycles);
        jump(c, h)
    }
}

/// `ret` and `ret imm16`.
pub(super) unsafe fn ret<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some((at, pointer)) = top::<W, FLAT>(c, h) else { return bail_end(c, h, i) };
        let target = read::<W>(h, at).as_() as u32;
        if u64::from(target) >= (*h).fast.code_end {
            return bail_end(c, h, i);
        }
        move_pointer::<FLAT>(c, h, pointer.wrapping_add((*i).imm as u32 & 0xFFFF));
        go_to(c, h, i.add(1), target)
    }
}

/// `jmp r`.
pub(super) unsafe fn jmp_r<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let target = get::<W>(c, (*i).dst).as_() as u32;
        if u64::from(target) >= (*h).fast.code_end {
            return bail_end(c, h, i);
        }
        go_to(c, h, i.add(1), target)
    }
}

/// `jmp m`.
pub(super) unsafe fn jmp_m<W: Width, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable::<W, FORM, 0>(c, h, i, 0) else { return bail_end(c, h, i) };
        let target = read::<W>(h, at).as_() as u32;
        if u64::from(target) >= (*h).fast.code_end {
            return bail_end(c, h, i);
        }
        go_to(c, h, i.add(1), target)
    }
}

/// `call r`.
pub(super) unsafe fn call_r<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let target = get::<W>(c, (*i).dst).as_() as u32;
        call_to::<W, FLAT>(c, h, i, target)
    }
}

/// `call m`.
pub(super) unsafe fn call_m<W: Width, const FORM: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(at) = readable::<W, FORM, 0>(c, h, i, 0) else { return bail_end(c, h, i) };
        let target = read::<W>(h, at).as_() as u32;
        match FORM {
            FLAT_BASE | FLAT_INDEX => call_to::<W, true>(c, h, i, target),
            _ => call_to::<W, false>(c, h, i, target),
        }
    }
}

#[inline(always)]
unsafe fn call_to<W: Width, const FLAT: bool>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    target: u32,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        if u64::from(target) >= (*h).fast.code_end || !push_return::<W, FLAT>(c, h, i.add(1)) {
            return bail_end(c, h, i);
        }
        go_to(c, h, i.add(1), target)
    }
}
