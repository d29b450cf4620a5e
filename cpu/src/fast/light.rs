//! Canonical handlers called without ceremony: instructions of the x87 unit and of vectors that have no fast form. They
//! look at nothing that the chain keeps for itself but RIP, the time and where memory is.

use super::calm::{is_vector, is_x87};
use super::dispatch::{canonical, done, next};
use super::faults::{self, After};
use super::links::{ANY_CODE, jump};
use super::pages::note_page;
use crate::exec::Hot;
use crate::insn::{CALM, Insn};
use crate::state::CpuState;

/// True if the canonical handler of the slot can be called by [`light`].
pub(super) fn is_light(i: &Insn) -> bool {
    i.covers & CALM != 0 && (is_x87(i) || is_vector(i))
}

/// Calls the canonical handler. Marked as a way aside: unlike other handlers it calls, as the canonical tier does.
///
/// # Safety
/// As [`super::Fast`].
#[inline(never)]
pub(super) unsafe fn light(c: *mut CpuState, h: *mut Hot, i: *const Insn, v: u64) -> *const Insn {
    // SAFETY: a handler, see `super::Fast`.
    unsafe {
        if (*h).guarded || (*h).watches.any_data() || (*c).fpu.error_pending() {
            return canonical(c, h, i, v);
        }
        if call(c, h, i) {
            let value = (*c).gpr[usize::from((*i.add(1)).holds)];
            return next(c, h, i, value);
        }
        heavy(c, h, i)
    }
}

/// True if the instruction is done and nothing asks to leave. RIP is as before.
#[inline(always)]
unsafe fn call(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> bool {
    // SAFETY: the context is alive; the state and what is hot are reached through it only until this returns.
    unsafe {
        note_page(&mut *c, &mut *h);
        let start = (*c).rip;
        (*c).rip = start.wrapping_add(u64::from((*i).at)) & (*h).fast.rip_mask;
        (*c).position = (*h).fast.end.wrapping_sub((*h).fast.ticks as u64) + u64::from((*i).cycles) - 1;
        let cx = &mut *(*h).fast.exec;
        cx.next_rip = (*c).rip.wrapping_add(u64::from((*i).len)) & (*h).fast.rip_mask;
        let done = (*i).execute(cx);
        (*c).rip = start;
        (*h).fast.raised = done.err();
        (*h).fast.raised.is_none() && !((*h).leave | (*h).bus_touched | ((*h).stale != 0))
    }
}

#[cold]
#[inline(never)]
unsafe fn heavy(c: *mut CpuState, h: *mut Hot, i: *const Insn) -> *const Insn {
    // SAFETY: a handler's; the pointers are made anew from the context.
    unsafe {
        let Some(fault) = (*h).fast.raised.take() else { return done(c, h, i) };
        let exec = (*h).fast.exec;
        {
            let (cpu, fast) = (&mut *c, &mut (*h).fast);
            fast.lazy.settle(&mut cpu.flags);
            cpu.rip = cpu.rip.wrapping_add(u64::from((*i).at)) & fast.rip_mask;
            cpu.retired = cpu.position - fast.skew;
        }
        if faults::deliver(&mut *exec, fault) == After::Leave {
            return std::ptr::null();
        }
        jump::<ANY_CODE>((*exec).cpu, (*exec).hot)
    }
}
