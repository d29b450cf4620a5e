//! Near branches, calls and returns; LOOP and JCXZ. A target beyond CS is the canonical tier's to refuse.

use super::bridge::{cross, is_open};
use super::dispatch::bail_end;
use super::links::{
    ANY_CODE, FLAT_CODE, KNOWN_CODE, LONG_CODE, fall_through, jump, jump_from, linear_code, take_branch,
};
use super::operand::{
    Miss, STACK_ANY, STACK_FLAT, STACK_LONG, found, get, missed_end, put, read, readable, stack_of, write,
};
use super::returns;
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
pub(super) unsafe fn relative<const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    branch: *const Insn,
    e: *const Insn,
) -> Option<u64> {
    // SAFETY: the caller's.
    unsafe {
        if CODE == FLAT_CODE {
            return Some(u64::from(((*c).rip as u32).wrapping_add((*e).way() as u32)));
        }
        if CODE == LONG_CODE {
            return Some((*c).rip.wrapping_add(i64::from((*e).way()) as u64));
        }
        let behind = (*c).rip.wrapping_add(u64::from((*e).at));
        let fast = &(*h).fast;
        let target = behind.wrapping_add(i64::from((*branch).imm) as u64) & fast.rip_mask;
        fast.may_begin(target).then_some(target)
    }
}

/// `jmp rel`.
pub(super) unsafe fn jmp<const CODE: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let Some(target) = relative::<CODE>(c, h, i, i.add(1)) else { return bail_end(c, h, i) };
        take_branch::<CODE>(c, h, i.add(1), target)
    }
}

/// Goes one way or the other behind a branch that `i` decides; `branch` stands in front of the end slot.
///
/// # Safety
/// As [`super::Fast`]; if the target must be looked at, `i` has changed nothing that the branch depends on.
#[inline(always)]
pub(super) unsafe fn decide<const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    branch: *const Insn,
    taken: bool,
) -> *const Insn {
    // SAFETY: the caller's.
    unsafe {
        let e = branch.add(1);
        if !taken {
            return fall_through::<CODE>(c, h, e);
        }
        let Some(target) = relative::<CODE>(c, h, branch, e) else { return bail_end(c, h, branch) };
        take_branch::<CODE>(c, h, e, target)
    }
}

/// `jcc rel`.
pub(super) unsafe fn jcc<const CONDITION: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        match (*h).fast.lazy.common_condition((*c).flags, CONDITION) {
            Some(taken) => decide::<ANY_CODE>(c, h, i, taken),
            None => jcc_seldom::<CONDITION, ANY_CODE>(c, h, i),
        }
    }
}

/// `jcc rel` of flat code.
pub(super) unsafe fn jcc_flat<const CONDITION: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        match (*h).fast.lazy.common_condition((*c).flags, CONDITION) {
            Some(taken) => decide::<FLAT_CODE>(c, h, i, taken),
            None => jcc_seldom::<CONDITION, FLAT_CODE>(c, h, i),
        }
    }
}

/// `jcc rel` of 64-bit code.
pub(super) unsafe fn jcc_long<const CONDITION: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        match (*h).fast.lazy.common_condition((*c).flags, CONDITION) {
            Some(taken) => decide::<LONG_CODE>(c, h, i, taken),
            None => jcc_seldom::<CONDITION, LONG_CODE>(c, h, i),
        }
    }
}

/// Behind what conditions seldom stand behind.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
unsafe fn jcc_seldom<const CONDITION: u8, const CODE: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let taken = (*h).fast.lazy.condition((*c).flags, CONDITION);
        decide::<CODE>(c, h, i, taken)
    }
}

/// `loop rel`, counting in CX or ECX.
pub(super) unsafe fn loop_count<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let count = get::<W>(c, CX).wrapping_sub(&W::one());
        let Some(target) = relative::<ANY_CODE>(c, h, i, i.add(1)) else { return bail_end(c, h, i) };
        put(c, CX, count);
        if count.is_zero() {
            fall_through::<ANY_CODE>(c, h, i.add(1))
        } else {
            take_branch::<ANY_CODE>(c, h, i.add(1), target)
        }
    }
}

/// `jcxz rel`, `jecxz rel`.
pub(super) unsafe fn jcxz<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let taken = get::<W>(c, CX).is_zero();
        decide::<ANY_CODE>(c, h, i, taken)
    }
}

/// `call rel`.
pub(super) unsafe fn call<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let e = i.add(1);
        let target = match STACK {
            STACK_LONG => relative::<LONG_CODE>(c, h, i, e),
            STACK_FLAT => relative::<FLAT_CODE>(c, h, i, e),
            _ => None,
        };
        let bridge = e.byte_offset((*e).disp as isize);
        let Some(target) = target.filter(|target| is_open(h, bridge, linear_of::<STACK>(h, *target))) else {
            return call_anyhow::<W, STACK>(c, h, i);
        };
        let back = W::truncate((*c).rip.wrapping_add(u64::from((*e).at)));
        // In front of the push, so that fewer host registers are wanted at a time.
        (*c).rip = target;
        let (pointer, at) = found!(below::<W, STACK>(c, h), call_missed::<STACK>(c, h, i));
        write(at, back);
        move_pointer::<STACK>(c, h, pointer);
        returns::expect::<STACK>(h, back.as_(), e);
        leave_by(c, h, bridge, (*e).cycles)
    }
}

/// The push of a call that has branched already must be looked at: it begins anew.
///
/// # Safety
/// As [`super::Fast`].
#[cold]
#[inline(never)]
unsafe fn call_missed<const STACK: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn, miss: Miss) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let rip = (*c).rip.wrapping_sub(i64::from((*i.add(1)).way()) as u64);
        (*c).rip = if STACK == STACK_FLAT { u64::from(rip as u32) } else { rip };
        missed_end::<true>(c, h, i, miss)
    }
}

/// As [`call`], whatever it leads to.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
unsafe fn call_anyhow<W: Width, const STACK: u8>(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let e = i.add(1);
        let Some(target) = relative::<ANY_CODE>(c, h, i, e) else { return bail_end(c, h, i) };
        let back = found!(push_return::<W, STACK>(c, h, e), missed_end::<true>(c, h, i));
        returns::expect::<STACK>(h, back, e);
        take_branch::<ANY_CODE>(c, h, e, target)
    }
}

/// The linear address of an offset in the code of a flat stack or of 64 bits.
#[inline(always)]
unsafe fn linear_of<const STACK: u8>(h: *mut Hot, target: u64) -> u64 {
    // SAFETY: a handler's.
    unsafe {
        match STACK {
            STACK_LONG => linear_code::<LONG_CODE>(&(*h).fast, target),
            _ => linear_code::<FLAT_CODE>(&(*h).fast, target),
        }
    }
}

/// Leaves a trace by an open bridge, if the budget allows; EIP is where that leads.
#[inline(always)]
unsafe fn leave_by(c: *mut CpuState, h: *mut Hot, bridge: *const Insn, cycles: u16) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        (*h).fast.ticks -= i64::from(cycles);
        if (*h).fast.ticks < 0 {
            return std::ptr::null();
        }
        cross(c, h, bridge)
    }
}

/// Pushes EIP behind the trace, and gives it.
#[inline(always)]
unsafe fn push_return<W: Width, const STACK: u8>(c: *mut CpuState, h: *mut Hot, e: *const Insn) -> Result<u64, Miss> {
    // SAFETY: a handler's.
    unsafe {
        let back = W::truncate((*c).rip.wrapping_add(u64::from((*e).at)));
        let (pointer, at) = below::<W, STACK>(c, h)?;
        write(at, back);
        move_pointer::<STACK>(c, h, pointer);
        Ok(back.as_())
    }
}

/// Returns to a target that no call is known for; a trace may begin there.
#[inline(always)]
unsafe fn return_to<const CODE: u8>(c: *mut CpuState, h: *mut Hot, e: *const Insn, target: u64) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        (*c).rip = target;
        (*h).fast.ticks -= i64::from((*e).cycles);
        jump::<CODE>(c, h)
    }
}

/// Leaves a trace for a target that a register or memory holds; a trace may begin there.
#[inline(always)]
unsafe fn go_to<const CODE: u8>(c: *mut CpuState, h: *mut Hot, e: *const Insn, target: u64) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        (*c).rip = target;
        (*h).fast.ticks -= i64::from((*e).cycles);
        jump_from::<CODE>(c, h, e, target)
    }
}

/// `ret` and `ret imm16`.
pub(super) unsafe fn ret<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let (at, pointer) = found!(top::<W, STACK>(c, h), missed_end::<false>(c, h, i));
        let target = read::<W>(at).as_();
        let Some(call) = returns::expected::<STACK>(h, target) else {
            return ret_anyhow::<W, STACK>(c, h, i, std::ptr::null());
        };
        let bridge = call.byte_offset((*call).imm as isize);
        let linear = linear_of::<STACK>(h, target);
        if !is_open(h, bridge, linear) {
            return ret_anyhow::<W, STACK>(c, h, i, call);
        }
        move_pointer::<STACK>(c, h, pointer.wrapping_add(u64::from((*i).imm as u16)));
        (*c).rip = target;
        leave_by(c, h, bridge, (*i.add(1)).cycles)
    }
}

/// As [`ret`], whatever it leads to: behind a call whose trace ends in the slot `call`, or, if that is null, behind none that
/// is known.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
unsafe fn ret_anyhow<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    call: *const Insn,
) -> *const Insn {
    // SAFETY: the end of a handler.
    unsafe {
        let (at, pointer) = found!(top::<W, STACK>(c, h), missed_end::<false>(c, h, i));
        let target = read::<W>(at).as_();
        if STACK != STACK_FLAT && !(*h).fast.may_begin(target) {
            return bail_end(c, h, i);
        }
        move_pointer::<STACK>(c, h, pointer.wrapping_add(u64::from((*i).imm as u16)));
        if !call.is_null() {
            return returns::follow_return(c, h, call, target, (*i.add(1)).cycles);
        }
        match STACK {
            STACK_LONG => return_to::<LONG_CODE>(c, h, i.add(1), target),
            _ => return_to::<KNOWN_CODE>(c, h, i.add(1), target),
        }
    }
}

/// `jmp r`.
pub(super) unsafe fn jmp_r<W: Width>(c: *mut CpuState, h: *mut Hot, i: *const Insn, _: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let target = get::<W>(c, (*i).dst).as_();
        if !(*h).fast.may_begin(target) {
            return bail_end(c, h, i);
        }
        go_to::<KNOWN_CODE>(c, h, i.add(1), target)
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
        let at = found!(readable::<W, FORM, 0>(c, h, i, 0), missed_end::<false>(c, h, i));
        let target = read::<W>(at).as_();
        if !(*h).fast.may_begin(target) {
            return bail_end(c, h, i);
        }
        go_to::<KNOWN_CODE>(c, h, i.add(1), target)
    }
}

/// `call r`.
pub(super) unsafe fn call_r<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    _: u64,
) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        let target = get::<W>(c, (*i).dst).as_();
        call_to::<W, STACK>(c, h, i, target)
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
        let at = found!(readable::<W, FORM, 0>(c, h, i, 0), missed_end::<false>(c, h, i));
        let target = read::<W>(at).as_();
        match stack_of(FORM) {
            STACK_LONG => call_to::<W, STACK_LONG>(c, h, i, target),
            STACK_FLAT => call_to::<W, STACK_FLAT>(c, h, i, target),
            _ => call_to::<W, STACK_ANY>(c, h, i, target),
        }
    }
}

#[inline(always)]
unsafe fn call_to<W: Width, const STACK: u8>(
    c: *mut CpuState,
    h: *mut Hot,
    i: *const Insn,
    target: u64,
) -> *const Insn {
    // SAFETY: a handler's.
    unsafe {
        if !(*h).fast.may_begin(target) {
            return bail_end(c, h, i);
        }
        let back = found!(push_return::<W, STACK>(c, h, i.add(1)), missed_end::<true>(c, h, i));
        returns::expect::<STACK>(h, back, i.add(1));
        if STACK == STACK_LONG {
            go_to::<LONG_CODE>(c, h, i.add(1), target)
        } else {
            go_to::<KNOWN_CODE>(c, h, i.add(1), target)
        }
    }
}
